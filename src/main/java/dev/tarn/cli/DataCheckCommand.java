package dev.tarn.cli;

import dev.tarn.data.PreparedText;
import dev.tarn.data.TextCheck;
import dev.tarn.run.JsonEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tarn data check}. */
@Command(
        name = "check",
        description = "Count a prepared text: labels, unknown words, duplicates, lengths, and say what looks wrong.")
final class DataCheckCommand extends TarnCommand {

    private static final int BAR = 40;

    @Parameters(paramLabel = "DIR", description = "a folder made by `tarn data prepare`, or the data folder of a run")
    private Path folder = Path.of("");

    DataCheckCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        PreparedText text = PreparedText.open(folder);
        TextCheck.Report report = TextCheck.of(text);
        if (console.isJson()) {
            console.result("", event(report, text.classes()));
            return;
        }
        for (TextCheck.Split split : report.splits()) {
            print(split, text.classes());
        }
        if (report.splits().size() > 1) {
            console.line(String.format(
                    Locale.ROOT, "both: %,d documents of valid stand in train too", report.acrossSplits()));
        }
        for (TextCheck.Twins twins : report.examples()) {
            console.line("  " + twins.document() + " is the same as " + twins.earlier()
                    + (twins.isConflicting() ? ", with another label" : ""));
        }
        report.warnings().forEach(warning -> console.line("warning: " + warning));
        if (report.warnings().isEmpty()) {
            console.line("no warnings");
        }
    }

    private void print(TextCheck.Split split, List<String> classes) {
        console.line(DataCommand.describe(split.name(), split.summary()));
        for (int i = 0; i < classes.size(); i++) {
            console.line(String.format(
                    Locale.ROOT,
                    "  label %s: %,d documents, %.1f %%",
                    classes.get(i),
                    split.perClass()[i],
                    100.0 * split.perClass()[i] / split.summary().documents()));
        }
        console.line(String.format(
                Locale.ROOT,
                "  %,d empty, %,d of unknown words alone, %,d repeat an earlier one",
                split.empty(),
                split.allUnknown(),
                split.duplicates()));
        int most = Arrays.stream(split.lengths()).max().orElse(1);
        for (int k = 0; k < split.lengths().length; k++) {
            int count = split.lengths()[k];
            if (count > 0) {
                console.line(String.format(
                        Locale.ROOT, "  %,9d to %,9d tokens %,9d %s", shortest(k), longest(k), count, "#".repeat((int)
                                        Math.max(1, (long) BAR * count / most))));
            }
        }
    }

    private static long shortest(int bucket) {
        return bucket == 0 ? 0 : 1L << (bucket - 1);
    }

    private static long longest(int bucket) {
        return (1L << bucket) - 1;
    }

    private static JsonEvent event(TextCheck.Report report, List<String> classes) {
        List<JsonEvent> splits = new ArrayList<>();
        for (TextCheck.Split split : report.splits()) {
            List<JsonEvent> labels = new ArrayList<>();
            for (int i = 0; i < classes.size(); i++) {
                labels.add(JsonEvent.object().with("label", classes.get(i)).with("documents", split.perClass()[i]));
            }
            List<JsonEvent> lengths = new ArrayList<>();
            for (int k = 0; k < split.lengths().length; k++) {
                lengths.add(JsonEvent.object()
                        .with("from", shortest(k))
                        .with("to", longest(k))
                        .with("documents", split.lengths()[k]));
            }
            splits.add(DataCommand.addTo(JsonEvent.object().with("name", split.name()), split.summary())
                    .with("unknown_share", split.summary().unknownShare())
                    .with("empty", split.empty())
                    .with("all_unknown", split.allUnknown())
                    .with("duplicates", split.duplicates())
                    .with("labels", labels)
                    .with("lengths", lengths));
        }
        List<JsonEvent> examples = new ArrayList<>();
        for (TextCheck.Twins twins : report.examples()) {
            examples.add(JsonEvent.object()
                    .with("document", twins.document())
                    .with("same_as", twins.earlier())
                    .with("other_label", twins.isConflicting()));
        }
        return JsonEvent.of("check")
                .with("splits", splits)
                .with("valid_in_train", report.acrossSplits())
                .with("conflicting_labels", report.conflicting())
                .with("duplicates", examples)
                .with("warnings", report.warnings());
    }
}
