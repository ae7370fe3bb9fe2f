package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.tarn.backend.Backend;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.data.StreamOptions;
import dev.tarn.model.LanguageModel;
import dev.tarn.testkit.TestDevice;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The same training on both devices: all dropouts, windows of many lengths, clip, regularizers, Adam. */
class CudaAgreesWithCpuTest {

    private static final int STEPS = 60;

    /** A hundred-thousandth. */
    private static final double PERCENT = 1e-3;

    private static final double RATE = 1e-3;

    @TestFactory
    Stream<DynamicTest> lossesAgreeAtEveryStep() {
        List<TestDevice> devices = TestDevice.exact().stream()
                .filter(device -> device.provider().name().equals("cuda"))
                .toList();
        if (devices.isEmpty()) {
            // Inside a test, so that it counts as skipped.
            return Stream.of(
                    DynamicTest.dynamicTest("cuda", () -> Assumptions.abort("no CUDA device can be opened here")));
        }
        List<StepLoss> expected = losses(Backends.open("cpu"));
        assertThat(expected).hasSize(STEPS);
        return devices.stream()
                .map(device -> DynamicTest.dynamicTest(device.toString(), () -> {
                    List<StepLoss> got = losses(device.open());
                    assertThat(got).hasSize(STEPS);
                    for (int i = 0; i < STEPS; i++) {
                        StepLoss want = expected.get(i);
                        StepLoss is = got.get(i);
                        assertThat(is.steps()).isEqualTo(want.steps());
                        assertThat(is.loss())
                                .as("loss of step %d", i)
                                .isCloseTo(want.loss(), withinPercentage(PERCENT));
                        assertThat(is.total())
                                .as("total of step %d", i)
                                .isCloseTo(want.total(), withinPercentage(PERCENT));
                    }
                }));
    }

    private static List<StepLoss> losses(Backend opened) {
        Recording recording = new Recording();
        LanguageModelStream text = LanguageModelStream.open(
                TinyTask.text(1800, 3), StreamOptions.variable(TinyTask.BATCH, TinyTask.BPTT, TinyTask.SEED));
        try (Backend backend = opened;
                LanguageModel model = TinyTask.model(backend);
                Learner learner = new Learner(
                        model,
                        text,
                        null,
                        TinyTask.options(),
                        List.of(RnnTrainer.of(TinyTask.BPTT, 2, 1, 5), recording, new StopAfter(STEPS)))) {
            learner.fit(1, Rates.of(RATE));
        }
        return recording.losses;
    }
}
