package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.run.RunConfig;
import dev.tarn.train.LanguageModelRun;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tarn lm train}; {@link ConfigFlags} adds a flag for every key of the configuration. */
@Command(name = "train", description = "Train a language model on text files.", sortOptions = false)
final class LmTrainCommand extends TarnCommand {

    @Mixin
    private final ConfigFlags flags = new ConfigFlags();

    @Option(names = "--run", paramLabel = "DIR", description = "the folder to make for the run")
    private @Nullable Path run;

    LmTrainCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        RunConfig config = flags.read(parsed());
        if (flags.print) {
            console.out().print(config.toYaml());
            return;
        }
        if (run == null) {
            throw new ConfigException("There is no --run; name the folder to make for the run.");
        }
        List<String> command = List.copyOf(parsed().originalArgs());
        try (LanguageModelRun training = LanguageModelRun.create(config, run, command, TrainingView.of(console))) {
            TrainingView.begin(console, training);
            training.train();
            TrainingView.end(console, training);
        }
    }
}
