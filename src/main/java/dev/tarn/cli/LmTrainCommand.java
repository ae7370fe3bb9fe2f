package dev.tarn.cli;

import dev.tarn.run.RunConfig;
import dev.tarn.train.Callback;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.TrainingRun;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code tarn lm train}. */
@Command(name = "train", description = "Train a language model on text files.", sortOptions = false)
final class LmTrainCommand extends Training<RunConfig> {

    LmTrainCommand(Console console) {
        super(console);
    }

    @Override
    RunConfig settings() {
        return flags.read(parsed());
    }

    @Override
    TrainingRun create(RunConfig settings, Path folder, List<String> command, List<? extends Callback> watchers) {
        return LanguageModelRun.create(settings, folder, command, watchers);
    }
}
