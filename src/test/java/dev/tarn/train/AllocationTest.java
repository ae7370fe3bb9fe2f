package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.tarn.backend.Backend;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.data.StreamOptions;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllocationTest {

    /** Bytes of small objects: masks and their keys, the numbers of a step, growth of the recorder's lists. */
    private static final long SMALL = 4096;

    @ParameterizedTest
    @ValueSource(strings = {"cpu"})
    void aStepAllocatesNothingOnTheHeapButASmallConstant(String device) {
        Assumptions.assumeTrue(
                Backends.names().stream().anyMatch(name -> name.startsWith(device)), device + " cannot be opened here");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long[] bytes = new long[2];
        int first = 400;
        int last = 600;
        Callback measuring = new Callback() {
            @Override
            public void onBatchEnd(Step step) {
                if (step.step() == first) {
                    bytes[0] = threads.getThreadAllocatedBytes(thread);
                } else if (step.step() == last) {
                    bytes[1] = threads.getThreadAllocatedBytes(thread);
                }
            }
        };
        // Wide enough for any buffer of a window to be above the constant; long enough for most lengths to have been
        // seen;
        // one epoch, since the next draws its lengths anew.
        AwdLstmConfig sizes = TinyTask.MODEL.withSizes(64, 96, 3);
        LanguageModelStream text =
                LanguageModelStream.open(TinyTask.text(100_000, 5), StreamOptions.variable(8, 16, 5));
        assertThat(text.windows(0)).isGreaterThan(last);
        try (Backend backend = Backends.open(device);
                LanguageModel model = new LanguageModel(backend, sizes, 5);
                Learner learner = new Learner(
                        model,
                        text,
                        null,
                        TinyTask.options(),
                        List.of(RnnTrainer.of(16, 2, 1, 5), new HiddenNorms(), measuring))) {
            learner.fitOneCycle(1, Rates.of(1e-3), OneCycle.Shape.DEFAULT);
        }
        assertThat((bytes[1] - bytes[0]) / (last - first)).isBetween(0L, SMALL);
    }
}
