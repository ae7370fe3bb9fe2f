package dev.tarn.experiment;

import dev.tarn.run.JsonEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What an experiment says, as a page of Markdown and as JSON lines. */
final class ResultsPage {

    /** What tells the scale, of all settings. */
    private static final List<String> SCALE = List.of(
            "max-tokens",
            "max-documents",
            "horizon",
            "lm.model.emb-sz",
            "lm.model.n-hid",
            "lm.model.n-layers",
            "lm.data.max-vocab",
            "lm.data.bs",
            "lm.data.bptt",
            "lm.dropout.drop-mult",
            "lm.train.epochs",
            "lm.run.device",
            "lm.run.precision",
            "clf.train.stages",
            "clf.data.bs");

    private final Results results;
    private final List<Metric> metrics;
    private final List<Arm> others;

    ResultsPage(Results results) {
        this.results = results;
        this.metrics = results.metrics();
        this.others = results.of(Arm.BASELINE).isEmpty()
                ? List.of()
                : results.arms().stream()
                        .filter(arm -> !arm.equals(Arm.BASELINE))
                        .toList();
    }

    /**
     * The page.
     *
     * @param settings of the experiment, by their names
     */
    String markdown(Map<String, String> settings) {
        StringBuilder page = new StringBuilder("# Norm-stabilizer\n\n");
        page.append(scale(settings)).append("\n\n");
        if (results.cells().isEmpty()) {
            return page.append("No cell is finished yet.\n").toString();
        }
        page.append("Mean ± standard deviation over the seeds.")
                .append(beyond())
                .append("\n\n");
        table(page, "arm", results.arms(), Arm::name, this::summary);
        if (!others.isEmpty()) {
            page.append("\nDifference to ")
                    .append(Arm.BASELINE.name())
                    .append(
                            ", seed by seed: mean ± standard deviation of the differences, [95 % interval of their mean by")
                    .append(" Student's t], and of how many seeds.\n\n");
            table(page, "arm", others, Arm::name, this::difference);
        }
        page.append("\nEvery cell:\n\n");
        table(
                page,
                "arm, seed",
                results.cells(),
                cell -> cell.arm().name() + ", " + cell.seed(),
                (cell, metric) -> metric.text(metric.of(cell)));
        for (Results.Found cell : results.cells()) {
            failures(cell)
                    .forEach(sentence -> page.append("\n")
                            .append(cell.arm().name())
                            .append(", seed ")
                            .append(cell.seed())
                            .append(": ")
                            .append(sentence)
                            .append('\n'));
        }
        return page.toString();
    }

    private static String scale(Map<String, String> settings) {
        // Prepared texts have brought their vocabulary.
        boolean isPrepared = settings.containsKey("lm-texts");
        return SCALE.stream()
                .filter(key -> settings.containsKey(key) && !(isPrepared && key.equals("lm.data.max-vocab")))
                .map(key -> key + " " + settings.get(key))
                .collect(Collectors.joining("; ", "Scale: ", "."));
    }

    private String beyond() {
        int[] steps = results.beyond();
        return steps == null
                ? ""
                : String.format(
                        Locale.ROOT,
                        " \"Beyond\" is steps %,d to %,d from a zero state; drift is by how much ‖h‖ there is above ‖h‖ at the"
                                + " training length.",
                        steps[0],
                        steps[1]);
    }

    private <T> void table(
            StringBuilder page,
            String corner,
            List<T> rows,
            Function<T, String> head,
            BiFunction<T, Metric, String> text) {
        page.append("| ").append(corner).append(" |");
        metrics.forEach(metric -> page.append(' ').append(metric.title()).append(" |"));
        page.append("\n| --- |").append(" ---: |".repeat(metrics.size())).append('\n');
        for (T row : rows) {
            page.append("| ").append(head.apply(row)).append(" |");
            metrics.forEach(
                    metric -> page.append(' ').append(text.apply(row, metric)).append(" |"));
            page.append('\n');
        }
    }

    private String summary(Arm arm, Metric metric) {
        Summary summary = results.summary(arm, metric);
        int cells = results.of(arm).size();
        return metric.text(summary.mean()) + " ± " + metric.text(summary.sd())
                + (summary.n() == cells ? "" : " (" + summary.n() + " of " + cells + ")");
    }

    private String difference(Arm arm, Metric metric) {
        Summary summary = results.difference(arm, metric);
        return metric.text(summary.mean()) + " ± " + metric.text(summary.sd()) + " [" + metric.text(summary.low())
                + ", " + metric.text(summary.high()) + "], " + summary.n();
    }

    private static List<String> failures(Results.Found cell) {
        List<String> sentences = new ArrayList<>();
        sentences.add(cell.lm().failure());
        ClfResult clf = cell.clf();
        if (clf != null) {
            sentences.add(clf.failure());
        }
        return sentences.stream().filter(sentence -> !sentence.isEmpty()).toList();
    }

    /** A line for every arm, one for every difference of an arm to the baseline, one for every cell. Shares are from 0 to 1. */
    List<JsonEvent> events() {
        List<JsonEvent> events = new ArrayList<>();
        for (Arm arm : results.arms()) {
            JsonEvent event = JsonEvent.of("arm")
                    .with("arm", arm.name())
                    .with("cells", results.of(arm).size());
            metrics.forEach(metric -> event.with(metric.key(), json(results.summary(arm, metric))));
            events.add(event);
        }
        for (Arm arm : others) {
            JsonEvent event = JsonEvent.of("difference").with("arm", arm.name()).with("to", Arm.BASELINE.name());
            metrics.forEach(metric -> event.with(metric.key(), json(results.difference(arm, metric))));
            events.add(event);
        }
        for (Results.Found cell : results.cells()) {
            JsonEvent event =
                    JsonEvent.of("result").with("arm", cell.arm().name()).with("seed", cell.seed());
            metrics.forEach(metric -> event.with(metric.key(), metric.of(cell)));
            events.add(event.with("failures", failures(cell)));
        }
        return events;
    }

    private static JsonEvent json(Summary summary) {
        return JsonEvent.object()
                .with("n", summary.n())
                .with("mean", summary.mean())
                .with("sd", summary.sd())
                .with("low", summary.low())
                .with("high", summary.high());
    }
}
