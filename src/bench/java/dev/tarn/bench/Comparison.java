package dev.tarn.bench;

import dev.tarn.backend.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** The outcome of a run as Markdown tables and as JSON. */
final class Comparison {

    /** The share of the processors that others may have while something is measured. */
    private static final double QUIET = 0.05;

    private final int threads;
    private final double peakF32;
    private final double peakBf16;
    private final String instructionSet;
    private final List<Cell> cells;

    Comparison(int threads, List<PeakGemm.Peaks> peaks, List<Cell> cells) {
        this.threads = threads;
        this.cells = cells;
        peakF32 = peaks.stream().mapToDouble(PeakGemm.Peaks::f32).max().orElse(Double.NaN);
        peakBf16 = peaks.stream().mapToDouble(PeakGemm.Peaks::bf16).max().orElse(Double.NaN);
        instructionSet = peaks.isEmpty() ? "?" : peaks.get(0).instructionSet();
    }

    /** One size in one precision: what every arm measured, round by round. */
    static final class Cell {

        private final Size size;
        private final Precision precision;
        private final Map<Arm, List<ArmResult>> results;
        private @Nullable PrimitiveLog primitives;

        Cell(Size size, Precision precision, Map<Arm, List<ArmResult>> results) {
            this.size = size;
            this.precision = precision;
            this.results = results;
        }

        Size size() {
            return size;
        }

        Precision precision() {
            return precision;
        }

        String label() {
            return size.name() + " " + precision.name().toLowerCase(Locale.ROOT);
        }

        void add(Arm arm, ArmResult result) {
            results.computeIfAbsent(arm, a -> new ArrayList<>()).add(result);
        }

        void primitives(PrimitiveLog log) {
            primitives = log;
        }

        private List<ArmResult> of(Arm arm) {
            return results.getOrDefault(arm, List.of());
        }

        private double tokensPerSecond(Arm arm) {
            return Median.of(
                    of(arm).stream().map(result -> result.tokensPerSecond(size)).toList());
        }

        private double stepSeconds(Arm arm) {
            return size.tokens() / tokensPerSecond(arm);
        }

        /** The median over rounds of our tokens/s over the peer's in the same round. */
        private double ratio(Arm peer) {
            List<Double> ratios = new ArrayList<>();
            List<ArmResult> ours = of(Arm.TARN);
            List<ArmResult> theirs = of(peer);
            for (int round = 0; round < Math.min(ours.size(), theirs.size()); round++) {
                ratios.add(ours.get(round).tokensPerSecond(size)
                        / theirs.get(round).tokensPerSecond(size));
            }
            return Median.of(ratios);
        }

        private double peakMebibytes(Arm arm) {
            return of(arm).stream()
                    .mapToDouble(result -> result.peakBytes() / (double) (1 << 20))
                    .max()
                    .orElse(Double.NaN);
        }

        private double foreignShare() {
            return results.values().stream()
                    .flatMap(List::stream)
                    .mapToDouble(ArmResult::foreignShare)
                    .max()
                    .orElse(0);
        }
    }

    /** Tables for a reader. */
    String text() {
        StringBuilder text = new StringBuilder();
        line(text, "");
        line(
                text,
                "%s (oneDNN: %s), %d threads. Fastest matrix product measured in this run: f32 %.0f, bf16 %.0f GFLOP/s.",
                Machine.processor(),
                instructionSet,
                threads,
                peakF32 / 1e9,
                peakBf16 / 1e9);
        for (Arm arm : Arm.values()) {
            cells.stream()
                    .flatMap(cell -> cell.of(arm).stream())
                    .findFirst()
                    .ifPresent(result -> line(text, "%s: %s", arm.label(), result.description()));
        }
        speed(text);
        products(text);
        parts(text);
        return text.toString();
    }

    private void speed(StringBuilder text) {
        line(text, "");
        line(text, "Median tokens/s, median over rounds of Tarn's ratio to the peer, peak resident MiB");
        line(text, "");
        line(
                text,
                "| size | libtorch | tuned | Tarn | Tarn / libtorch | Tarn / tuned | MiB | MiB tuned | MiB Tarn | others |");
        line(text, "|---|---|---|---|---|---|---|---|---|---|");
        for (Cell cell : cells) {
            row(
                    text,
                    cell.label(),
                    number("%.0f", cell.tokensPerSecond(Arm.LIBTORCH)),
                    number("%.0f", cell.tokensPerSecond(Arm.LIBTORCH_TUNED)),
                    number("%.0f", cell.tokensPerSecond(Arm.TARN)),
                    number("%.2f", cell.ratio(Arm.LIBTORCH)),
                    number("%.2f", cell.ratio(Arm.LIBTORCH_TUNED)),
                    number("%.0f", cell.peakMebibytes(Arm.LIBTORCH)),
                    number("%.0f", cell.peakMebibytes(Arm.LIBTORCH_TUNED)),
                    number("%.0f", cell.peakMebibytes(Arm.TARN)),
                    number("%.0f %%", 100 * cell.foreignShare()));
        }
        line(text, "");
        line(text, "others: the largest share of the processors that other programs took while an arm was timed.");
        if (cells.stream().anyMatch(cell -> cell.foreignShare() > QUIET)) {
            line(text, "WARNING: the machine was not quiet; rows where others had more than 5 %% are no measurement.");
        }
    }

    private void products(StringBuilder text) {
        line(text, "");
        line(text, "Matrix products in Tarn's step");
        line(text, "");
        line(
                text,
                "| size | GFLOP a step | step ms | at peak rate they take | in oneDNN's LSTM and products | their rate | of the peak |");
        line(text, "|---|---|---|---|---|---|---|");
        for (Cell cell : cells) {
            double flops = cell.size.flops();
            double peak = cell.precision == Precision.BF16 ? peakBf16 : peakF32;
            double seconds = cell.stepSeconds(Arm.TARN);
            PrimitiveLog log = cell.primitives;
            double inProducts = log == null ? Double.NaN : log.productMillis() / 1e3;
            double logged = log == null ? Double.NaN : log.stepMillis() / 1e3;
            row(
                    text,
                    cell.label(),
                    number("%.0f", flops / 1e9),
                    number("%.0f", seconds * 1e3),
                    number("%.0f %%", 100 * flops / peak / seconds),
                    number("%.0f %%", 100 * inProducts / logged),
                    number("%.0f GFLOP/s", flops / inProducts / 1e9),
                    number("%.0f %%", 100 * flops / inProducts / peak));
        }
        line(text, "");
        line(
                text,
                "At peak rate: GFLOP over the fastest product, over the step. In oneDNN's LSTM and products: time of those");
        line(text, "primitives over the step, in a separate process with oneDNN's log on; the LSTM's gates are in it.");
    }

    private void parts(StringBuilder text) {
        line(text, "");
        line(text, "Parts of a step, median ms (first round)");
        line(text, "");
        for (Cell cell : cells) {
            cell.results.forEach((arm, results) -> {
                List<String> parts = new ArrayList<>();
                results.get(0)
                        .phases()
                        .forEach((part, millis) -> parts.add(String.format(Locale.ROOT, "%s %.0f", part, millis)));
                line(text, "%-6s %-14s %s", cell.label(), arm.label(), String.join(", ", parts));
            });
            PrimitiveLog log = cell.primitives;
            if (log != null) {
                List<String> kinds = new ArrayList<>();
                log.kinds().forEach((kind, millis) -> kinds.add(String.format(Locale.ROOT, "%s %.0f", kind, millis)));
                line(text, "%-6s %-14s %s", cell.label(), "tarn, oneDNN", String.join(", ", kinds));
            }
        }
    }

    /** One row of a Markdown table. */
    private static void row(StringBuilder text, String... columns) {
        line(text, "%s", "| " + String.join(" | ", columns) + " |");
    }

    /** A number as text; a dash where nothing was measured. */
    private static String number(String format, double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append(System.lineSeparator());
    }

    /** Everything that was measured, for other programs. */
    void write(Path file) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Cell cell : cells) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("size", cell.size);
            row.put("precision", cell.precision);
            row.put("flops", cell.size.flops());
            Map<String, Object> arms = new LinkedHashMap<>();
            cell.results.forEach((arm, results) -> {
                Map<String, Object> measured = new LinkedHashMap<>();
                measured.put("tokens_per_second", cell.tokensPerSecond(arm));
                if (arm != Arm.TARN && !cell.of(Arm.TARN).isEmpty()) {
                    measured.put("tarn_ratio", cell.ratio(arm));
                }
                measured.put("rounds", results);
                arms.put(arm.label(), measured);
            });
            row.put("arms", arms);
            if (cell.primitives != null) {
                row.put("onednn_primitives", cell.primitives);
            }
            rows.add(row);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("processor", Machine.processor());
        all.put("instruction_set", instructionSet);
        all.put("threads", threads);
        all.put("peak_f32_flops", peakF32);
        all.put("peak_bf16_flops", peakBf16);
        all.put("cells", rows);
        JsonMapper json =
                JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, json.writeValueAsString(all), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write " + file, e);
        }
        System.out.println("All measurements: " + file);
    }
}
