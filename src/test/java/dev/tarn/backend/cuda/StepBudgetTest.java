package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a training step of the full size costs: counted on a software device that does none of the work, and in bytes by
 * what the heads of the kernels say. {@code docs/cuda.md} has the table that comes out.
 */
class StepBudgetTest {

    private static final Pattern LAUNCHES = Pattern.compile("tarn device: launches of (\\w+): (\\d+)");

    private static final AwdLstmConfig MODEL = CountedSteps.MODEL;
    private static final double ROWS = CountedSteps.BATCH * CountedSteps.STEPS;
    private static final double EMBEDDED = ROWS * MODEL.embSz();
    private static final double HIDDEN = ROWS * MODEL.nHid();
    private static final double LOGITS = ROWS * MODEL.vocab();
    private static final double PARAMETERS = LanguageModel.parameterCount(MODEL);
    private static final double RECURRENT =
            4.0 * (2.0 * MODEL.nHid() * MODEL.nHid() + (double) MODEL.embSz() * MODEL.embSz());
    private static final double LSTM_WEIGHTS = PARAMETERS - (double) MODEL.vocab() * MODEL.embSz() - MODEL.vocab();

    /** Groups of rows whose gradients by the bias are added up apart. */
    private static final double GROUPS = Math.ceil(ROWS / 64);

    /** A kernel, how often a step launches it, and the bytes that all these launches read and write. */
    private record Traffic(String kernel, int launches, double bytes) {}

    /** Bytes by "traffic" in the heads of the kernels; no mask is given, all are drawn. */
    private static final List<Traffic> ELEMENTWISE = List.of(
            new Traffic("lstm_weights_load", 3, 8 * LSTM_WEIGHTS),
            new Traffic("embedding_forward", 1, 8 * EMBEDDED + 4 * ROWS),
            new Traffic("locked_dropout", 5, 8 * (2 * HIDDEN + EMBEDDED) + 8 * 2 * HIDDEN),
            new Traffic("activation_reg", 1, 12 * EMBEDDED),
            new Traffic("activation_reg_values", 1, 12 * ROWS),
            new Traffic("lstm_weights_gradient", 3, 8 * LSTM_WEIGHTS),
            // As if no token came twice.
            new Traffic("embedding_backward", 1, 4 * EMBEDDED + 8 * EMBEDDED),
            new Traffic("gradient_squares", 1, 4 * PARAMETERS),
            new Traffic("gradient_clip", 1, 8 * PARAMETERS / 4096),
            new Traffic("adam_step", 1, 28 * PARAMETERS));

    private static final List<Traffic> LOSS = List.of(
            new Traffic("xent_rows", 1, 4 * LOGITS),
            new Traffic("xent_stats", 1, 8 * ROWS),
            new Traffic("xent_gradient", 1, 8 * LOGITS + 4 * GROUPS * MODEL.vocab()),
            new Traffic("xent_bias", 1, (4 * GROUPS + 4) * MODEL.vocab()));

    /** Setting to zero what cuDNN adds the gradients of a layer to. */
    private static final Traffic ZEROES = new Traffic("cuMemsetD32Async", 3, 4 * LSTM_WEIGHTS);

    /**
     * What a step must move outside of matrix products, recurrence and loss: Adam with its clip and zeroed gradients (a share
     * that overwriting them at their first use saves), the
     * masked copies of recurrent weights and of their gradients, locked dropouts forward and backward, and the
     * regularizers, for which reading h and the gradient by it is enough.
     */
    private static final double ELEMENTWISE_BOUND =
            (28 + 4 + 4) * PARAMETERS + 2 * 9 * RECURRENT + 2 * 8 * (2 * HIDDEN + 2 * EMBEDDED) + 8 * EMBEDDED;

    @TempDir
    private Path temp;

    @Test
    void aFullStepStaysWithinItsBudget() throws IOException {
        NativeTests.assumeBuilt();
        Map<String, Long> counts = new TreeMap<>();
        Map<String, Long> launches = launches(2, counts);
        launches(1, new TreeMap<>()).forEach((kernel, count) -> launches.merge(kernel, -count, Long::sum));
        launches.values().removeIf(count -> count == 0);

        List<Traffic> kernels = new ArrayList<>(ELEMENTWISE);
        kernels.addAll(LOSS);
        assertThat(launches).isEqualTo(kernels.stream().collect(Collectors.toMap(Traffic::kernel, kernel ->
                (long) kernel.launches())));
        assertThat(launches.values().stream().mapToLong(Long::longValue).sum())
                .isEqualTo(counts.get("LAUNCHES"))
                .isLessThanOrEqualTo(30);
        assertThat(launches.getOrDefault("activation_reg", 0L) + launches.getOrDefault("activation_reg_values", 0L))
                .isLessThanOrEqualTo(2);
        assertThat(counts)
                .containsEntry("CUDNN_CALLS", 9L)
                .containsEntry("CUBLAS_CALLS", 3L)
                .containsEntry("TO_DEVICE", 1L)
                .containsEntry("TO_DEVICE_BYTES", (long) (2 * ROWS * Integer.BYTES))
                .containsEntry("FROM_DEVICE", 0L)
                .containsEntry("ON_DEVICE", 0L)
                .containsEntry("MEMSETS", (long) ZEROES.launches())
                .containsEntry("ALLOCATIONS", 0L)
                .containsEntry("PINNED_ALLOCATIONS", 0L)
                .containsEntry("SYNCHRONISATIONS", 0L)
                .containsEntry("ERRORS", 0L);

        kernels.add(ZEROES);
        double elementwise = bytes(ELEMENTWISE) + ZEROES.bytes();
        assertThat((elementwise + bytes(LOSS)) / (ELEMENTWISE_BOUND + 8 * LOGITS))
                .isLessThanOrEqualTo(1.28);
        assertThat(elementwise / ELEMENTWISE_BOUND).isLessThan(1.02);
        // In place of reading them twice, the rows of logits would have to stay on the processor between two kernels.
        assertThat(bytes(LOSS) / (12 * LOGITS)).isLessThan(1.02);
        String table = table(kernels, elementwise);
        System.out.print(table);
        assertThat(Files.readString(Path.of("docs/cuda.md"))).contains(table);
    }

    private static double bytes(List<Traffic> kernels) {
        return kernels.stream().mapToDouble(Traffic::bytes).sum();
    }

    private static String table(List<Traffic> kernels, double elementwise) {
        StringBuilder table = new StringBuilder("| kernel | launches | MB |\n|---|---:|---:|\n");
        for (Traffic kernel : kernels) {
            table.append(
                    "| `%s` | %d | %s |\n".formatted(kernel.kernel(), kernel.launches(), megabytes(kernel.bytes())));
        }
        return table.append("| elementwise, of at least %s | | %s |\n"
                        .formatted(megabytes(ELEMENTWISE_BOUND), megabytes(elementwise)))
                .append("| loss, of at least %s | | %s |\n".formatted(megabytes(8 * LOGITS), megabytes(bytes(LOSS))))
                .toString();
    }

    private static String megabytes(double bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / 1e6);
    }

    /** Launches of every kernel in a process of so many steps, and in {@code counts} what its last step did. */
    private Map<String, Long> launches(int steps, Map<String, Long> counts) throws IOException {
        Path log = temp.resolve(steps + ".log");
        NativeTests.Outcome outcome = NativeTests.run(
                NativeTests.java(CountedSteps.class, String.valueOf(steps)),
                Map.of("TARN_DEVICE_DRY", "on", "TARN_DEVICE_MODE", "eager", "TARN_DEVICE_LOG", log.toString()));
        assertThat(outcome.status()).as(outcome.output()).isZero();
        outcome.output()
                .lines()
                .map(line -> line.split(" "))
                .forEach(part -> counts.put(part[0], Long.valueOf(part[1])));
        Map<String, Long> launches = new TreeMap<>();
        for (String line : Files.readAllLines(log)) {
            Matcher entry = LAUNCHES.matcher(line);
            assertThat(entry.matches()).as(line).isTrue();
            launches.put(entry.group(1), Long.valueOf(entry.group(2)));
        }
        return launches;
    }
}
