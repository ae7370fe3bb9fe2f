package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.data.LineReader;
import dev.tarn.data.TextFiles;
import dev.tarn.infer.AveragedPredictor;
import dev.tarn.infer.Predictor;
import dev.tarn.infer.TextBatches;
import dev.tarn.train.TrainedClassifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn clf predict}. */
@Command(
        name = "predict",
        description =
                "Say which class each line of standard input, or each file, belongs to, in their order: a table, or"
                        + " with --json a line of JSON each.",
        sortOptions = false)
final class ClfPredictCommand extends TarnCommand {

    @Parameters(paramLabel = "RUN", index = "0", description = "the folder of the run")
    private Path run = Path.of("");

    @Parameters(
            paramLabel = "FILE",
            index = "1..*",
            arity = "0..*",
            description = "files of one document each; lines of standard input if left out")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--explain",
            description =
                    "also tell how much each token speaks for the class: the drop of its probability when the token is"
                            + " replaced by xxunk (occlusion); takes a prediction for every token")
    private boolean explain;

    @Option(
            names = "--with",
            paramLabel = "RUN2",
            description = "average the probabilities with those of another run, such as one that reads backwards")
    private @Nullable Path with;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "texts that are read and answered together (${DEFAULT-VALUE})")
    private int batch = 256;

    @Option(names = "--device", description = "auto, cpu, cuda:N or reference; the run's if left out")
    private @Nullable String device;

    ClfPredictCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        if (batch < 1) {
            throw new ConfigException("--batch is " + batch + " and must be at least 1.");
        }
        if (explain && with != null) {
            throw new ConfigException("--explain tells of one model; leave out --with.");
        }
        try (TrainedClassifier classifier = TrainedClassifier.open(run, device)) {
            if (with == null) {
                print(classifier, classifier);
                return;
            }
            try (TrainedClassifier other = TrainedClassifier.open(with, device)) {
                print(classifier, new AveragedPredictor(classifier, other));
            }
        }
    }

    private void print(TrainedClassifier classifier, Predictor predictor) {
        PredictionView view = new PredictionView(console, predictor, explain ? classifier::influences : null);
        if (!files.isEmpty()) {
            Iterator<Path> names = files.iterator();
            view.print(new TextBatches(() -> names.hasNext() ? TextFiles.read(names.next()) : null, batch));
            return;
        }
        try (LineReader lines = TextFiles.read("standard input", console.in())) {
            Supplier<@Nullable String> next = lines::next;
            view.print(new TextBatches(next, batch));
        }
    }
}
