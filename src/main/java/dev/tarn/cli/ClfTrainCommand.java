package dev.tarn.cli;

import dev.tarn.run.ClassifierConfig;
import dev.tarn.train.Callback;
import dev.tarn.train.ClassifierRun;
import dev.tarn.train.TrainingRun;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code tarn clf train}. */
@Command(
        name = "train",
        description =
                "Train a text classifier on labelled documents, unfreezing the encoder of a language model stage by"
                        + " stage. A stage is FREEZE_TO:EPOCHS:LR: the first layer group that trains (-1 the head alone, 0"
                        + " everything), epochs, and the highest learning rate as 0.02, slice(0.02) or slice(1e-2/2.6^4,1e-2).",
        sortOptions = false)
final class ClfTrainCommand extends Training<ClassifierConfig> {

    ClfTrainCommand(Console console) {
        super(console);
    }

    @Override
    ClassifierConfig settings() {
        return flags.readClassifier(parsed());
    }

    @Override
    TrainingRun create(
            ClassifierConfig settings, Path folder, List<String> command, List<? extends Callback> watchers) {
        return ClassifierRun.create(settings, folder, command, watchers);
    }
}
