package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the classifier's head costs forward and backward: counted on a software device that does none of the work, and in
 * bytes by what the heads of the kernels say. {@code docs/cuda.md} has the table that comes out.
 */
class HeadBudgetTest {

    private static final double BATCH = CountedHead.BATCH;
    private static final double ELEMENTS = BATCH * CountedHead.STEPS * CountedHead.HIDDEN;
    private static final double IDS = BATCH * CountedHead.STEPS;
    private static final double POOLED = 3 * BATCH * CountedHead.HIDDEN;
    private static final double NORMALIZED = POOLED + BATCH * CountedHead.LINEAR;
    private static final double OUTPUTS = BATCH * (CountedHead.LINEAR + CountedHead.CLASSES);

    /** A kernel, how often it is launched, and the bytes that all these launches read and write. */
    private record Traffic(String kernel, int launches, double bytes) {}

    private static final List<Traffic> KERNELS = List.of(
            new Traffic("concat_pool", 1, 4 * ELEMENTS + 4 * IDS),
            new Traffic("batch_norm", 2, 8 * NORMALIZED),
            new Traffic("add_bias", 2, 8 * OUTPUTS),
            new Traffic("column_sums", 2, 4 * OUTPUTS),
            new Traffic("batch_norm_backward", 2, 12 * NORMALIZED),
            new Traffic("concat_pool_backward", 1, 4 * ELEMENTS + 16 * POOLED / 3 + 4 * IDS));

    @TempDir
    private Path temp;

    @Test
    void theHeadStaysWithinItsBudget() throws IOException {
        NativeTests.assumeBuilt();
        Path log = temp.resolve("device.log");
        NativeTests.Outcome outcome = NativeTests.run(
                NativeTests.java(CountedHead.class),
                Map.of("TARN_DEVICE_DRY", "on", "TARN_DEVICE_MODE", "eager", "TARN_DEVICE_LOG", log.toString()));
        assertThat(outcome.status()).as(outcome.output()).isZero();
        assertThat(Files.readAllLines(log))
                .containsExactlyInAnyOrderElementsOf(KERNELS.stream()
                        .map(kernel -> "tarn device: launches of " + kernel.kernel() + ": " + kernel.launches())
                        .toList());
        Map<String, Long> counts = outcome.output()
                .lines()
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(part -> part[0], part -> Long.valueOf(part[1])));
        assertThat(counts).containsEntry("LAUNCHES", 10L).containsEntry("CUBLAS_CALLS", 6L);
        for (String none :
                List.of("TO_DEVICE", "FROM_DEVICE", "MEMSETS", "ALLOCATIONS", "SYNCHRONISATIONS", "ERRORS")) {
            assertThat(counts).containsEntry(none, 0L);
        }

        double bound = 8 * ELEMENTS;
        double bytes = KERNELS.stream().mapToDouble(Traffic::bytes).sum();
        assertThat(bytes / bound).isLessThan(1.02);
        String table = table(bound, bytes);
        System.out.print(table);
        assertThat(Files.readString(Path.of("docs/cuda.md"))).contains(table);
    }

    private static String table(double bound, double bytes) {
        StringBuilder table = new StringBuilder("| kernel | launches | MB |\n|---|---:|---:|\n");
        for (Traffic kernel : KERNELS) {
            table.append(
                    "| `%s` | %d | %s |\n".formatted(kernel.kernel(), kernel.launches(), megabytes(kernel.bytes())));
        }
        return table.append("| all, of at least %s | | %s |\n".formatted(megabytes(bound), megabytes(bytes)))
                .toString();
    }

    private static String megabytes(double bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / 1e6);
    }
}
