package dev.tarn.cli;

import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.RunSettings;
import dev.tarn.train.ClassifierRun;
import dev.tarn.train.LrFindResult;
import dev.tarn.train.LrFinder;
import picocli.CommandLine.Command;

/** {@code tarn clf lr-find}. */
@Command(
        name = "lr-find",
        description = "As `tarn lr-find`, with a classifier of which as much trains as the first of --stages says.",
        sortOptions = false)
final class ClfLrFindCommand extends RateSearch {

    ClfLrFindCommand(Console console) {
        super(console);
    }

    @Override
    RunSettings settings() {
        return flags.readClassifier(parsed());
    }

    @Override
    LrFindResult find(RunSettings settings, LrFinder finder) {
        return ClassifierRun.lrFind((ClassifierConfig) settings, finder);
    }
}
