package dev.tarn.cli;

import dev.tarn.run.JsonEvent;
import dev.tarn.train.ClassifierReport;
import dev.tarn.train.ConfusionMatrix;
import dev.tarn.train.TrainedClassifier;
import dev.tarn.train.Validation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn clf eval}. */
@Command(
        name = "eval",
        description = "Measure the best checkpoint of a classifier's run on labelled documents.",
        sortOptions = false)
final class ClfEvalCommand extends TarnCommand {

    @Parameters(paramLabel = "RUN", description = "the folder of the run")
    private Path run = Path.of("");

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "a prepared folder in the run's vocabulary (`data prepare --vocab`): its documents to validate on,"
                            + " or all where it has no others; the run's validation documents if left out")
    private @Nullable Path data;

    @Option(
            names = "--with",
            paramLabel = "RUN2",
            description = "average the probabilities with those of another run, such as one that reads backwards")
    private @Nullable Path with;

    @Option(
            names = "--top-losses",
            paramLabel = "N",
            description = "how many of the largest losses to show (${DEFAULT-VALUE})")
    private int topLosses = 10;

    @Option(names = "--device", description = "auto, cpu, cuda:N or reference; the run's if left out")
    private @Nullable String device;

    ClfEvalCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        try (TrainedClassifier classifier = TrainedClassifier.open(run, device)) {
            ClassifierReport report;
            if (with == null) {
                report = classifier.evaluate(data, List.of(), topLosses);
            } else {
                try (TrainedClassifier other = TrainedClassifier.open(with, device)) {
                    report = classifier.evaluate(data, List.of(other), topLosses);
                }
            }
            console.result(text(report), event(report));
        }
    }

    private static String text(ClassifierReport report) {
        Validation all = report.validation();
        ConfusionMatrix confusion = report.confusion();
        List<String> classes = report.classes();
        int width = Math.max(9, classes.stream().mapToInt(String::length).max().orElse(0));
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "loss %.6f  accuracy %.4f  f1 %.4f  over %,d documents%n%n%-" + width
                        + "s  precision  recall      f1  documents",
                all.loss(),
                all.accuracy(),
                all.f1(),
                all.predictions(),
                "class"));
        for (int c = 0; c < classes.size(); c++) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n%-" + width + "s  %9.4f  %6.4f  %6.4f  %,9d",
                    classes.get(c),
                    confusion.precision(c),
                    confusion.recall(c),
                    confusion.f1(c),
                    confusion.support(c)));
        }
        text.append(String.format(Locale.ROOT, "%n%n%-" + width + "s", "actual"));
        for (String name : classes) {
            text.append(String.format(Locale.ROOT, "  %" + width + "s", name));
        }
        for (int actual = 0; actual < classes.size(); actual++) {
            text.append(String.format(Locale.ROOT, "%n%-" + width + "s", classes.get(actual)));
            for (int predicted = 0; predicted < classes.size(); predicted++) {
                text.append(String.format(Locale.ROOT, "  %," + width + "d", confusion.count(actual, predicted)));
            }
        }
        if (!report.topLosses().isEmpty()) {
            text.append(String.format(
                    Locale.ROOT, "%n%n  loss  %-" + width + "s  %-" + width + "s  document", "actual", "predicted"));
        }
        for (ClassifierReport.TopLoss loss : report.topLosses()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n%6.3f  %-" + width + "s  %-" + width + "s  %s",
                    loss.loss(),
                    classes.get(loss.actual()),
                    classes.get(loss.predicted()),
                    loss.origin()));
        }
        return text.toString();
    }

    private static JsonEvent event(ClassifierReport report) {
        ConfusionMatrix confusion = report.confusion();
        List<String> classes = report.classes();
        List<JsonEvent> perClass = new ArrayList<>();
        for (int c = 0; c < classes.size(); c++) {
            double[] predicted = new double[classes.size()];
            for (int other = 0; other < predicted.length; other++) {
                predicted[other] = confusion.count(c, other);
            }
            perClass.add(JsonEvent.object()
                    .with("class", classes.get(c))
                    .with("precision", confusion.precision(c))
                    .with("recall", confusion.recall(c))
                    .with("f1", confusion.f1(c))
                    .with("documents", confusion.support(c))
                    .with("predicted", predicted));
        }
        List<JsonEvent> losses = report.topLosses().stream()
                .map(loss -> JsonEvent.object()
                        .with("document", loss.origin())
                        .with("actual", classes.get(loss.actual()))
                        .with("predicted", classes.get(loss.predicted()))
                        .with("probability", loss.probability())
                        .with("loss", loss.loss()))
                .toList();
        return JsonEvent.of("evaluation")
                .with("loss", report.validation().loss())
                .with("accuracy", report.validation().accuracy())
                .with("f1", report.validation().f1())
                .with("documents", report.validation().predictions())
                .with("classes", perClass)
                .with("top_losses", losses);
    }
}
