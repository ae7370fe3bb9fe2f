package dev.tarn.cli;

import dev.tarn.run.RunFolder;
import dev.tarn.train.Events;
import dev.tarn.train.Horizon;
import dev.tarn.train.TrainedLanguageModel;
import dev.tarn.train.Validation;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tarn lm eval}. */
@Command(name = "eval", description = "Measure the best checkpoint of a run on a text.")
final class LmEvalCommand extends TarnCommand {

    @Option(names = "--run", paramLabel = "DIR", required = true, description = "the folder of the run")
    private Path run = Path.of("");

    @Option(names = "--valid", paramLabel = "FILE", description = "a UTF-8 text; the run's validation text if left out")
    private @Nullable Path valid;

    @Option(names = "--device", description = "auto, cpu, cuda:N or reference; the run's if left out")
    private @Nullable String device;

    @Option(
            names = "--horizon",
            paramLabel = "N",
            description =
                    "run sequences of N steps from a zero state: loss and norms of h step by step, kept in the run")
    private @Nullable Integer horizon;

    LmEvalCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        if (horizon == null) {
            evaluate();
        } else {
            evaluate(horizon);
        }
    }

    private void evaluate() {
        try (TrainedLanguageModel model = TrainedLanguageModel.open(run, device)) {
            Validation validation = model.evaluate(valid);
            console.result(
                    String.format(
                            Locale.ROOT,
                            "loss %.6f  perplexity %.4f  accuracy %.4f  over %,d predictions",
                            validation.loss(),
                            validation.perplexity(),
                            validation.accuracy(),
                            validation.predictions()),
                    Events.evaluation(validation));
        }
    }

    private void evaluate(int steps) {
        // Opened first, so that a run that is being trained is refused before anything is measured.
        try (RunFolder folder = RunFolder.open(run);
                TrainedLanguageModel model = TrainedLanguageModel.open(run, device)) {
            Horizon measured = model.horizon(valid, steps);
            console.result(table(measured), Events.horizon(measured));
            measured.keep(folder).forEach(plot -> console.note("plot " + plot));
        }
    }

    private static String table(Horizon horizon) {
        StringBuilder table =
                new StringBuilder(String.format(Locale.ROOT, "%15s %9s %11s", "steps", "loss", "perplexity"));
        for (int layer = 0; layer < horizon.buckets().get(0).norms().size(); layer++) {
            table.append(String.format(Locale.ROOT, " %17s", "norm of h, layer " + layer));
        }
        for (Horizon.Bucket bucket : horizon.buckets()) {
            String steps = bucket.from() == bucket.to() ? "" + bucket.to() : bucket.from() + "-" + bucket.to();
            table.append(String.format(Locale.ROOT, "%n%15s %9.4f %11.2f", steps, bucket.loss(), bucket.perplexity()));
            for (int layer = 0; layer < bucket.norms().size(); layer++) {
                table.append(String.format(
                        Locale.ROOT,
                        " %9.3f ± %6.3f",
                        bucket.norms().get(layer),
                        bucket.deviations().get(layer)));
            }
        }
        return table.append(String.format(
                        Locale.ROOT,
                        "%n%d streams from a zero state, trained on windows of %d steps",
                        horizon.streams(),
                        horizon.bptt()))
                .toString();
    }
}
