package dev.tarn.cli;

import dev.tarn.train.Events;
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

    LmEvalCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
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
}
