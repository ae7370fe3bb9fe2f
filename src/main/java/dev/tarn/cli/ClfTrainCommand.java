package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.train.ClassifierRun;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tarn clf train}; {@link ConfigFlags} adds a flag for every key of the configuration. */
@Command(
        name = "train",
        description =
                "Train a text classifier on labelled documents, unfreezing the encoder of a language model stage by"
                        + " stage. A stage is FREEZE_TO:EPOCHS:LR: the first layer group that trains (-1 the head alone, 0"
                        + " everything), epochs, and the highest learning rate as 0.02, slice(0.02) or slice(1e-2/2.6^4,1e-2).",
        sortOptions = false)
final class ClfTrainCommand extends TarnCommand {

    @Mixin
    private final ConfigFlags flags = new ConfigFlags();

    @Option(names = "--run", paramLabel = "DIR", description = "the folder to make for the run")
    private @Nullable Path run;

    ClfTrainCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        ClassifierConfig config = flags.readClassifier(parsed());
        if (flags.print) {
            console.out().print(config.toYaml());
            return;
        }
        if (run == null) {
            throw new ConfigException("There is no --run; name the folder to make for the run.");
        }
        List<String> command = List.copyOf(parsed().originalArgs());
        try (ClassifierRun training = ClassifierRun.create(config, run, command, TrainingView.of(console))) {
            TrainingView.begin(console, training);
            training.train();
            TrainingView.end(console, training);
        }
    }
}
