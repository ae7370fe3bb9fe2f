package dev.tarn.cli;

import dev.tarn.run.ClassifierConfig;
import dev.tarn.train.ClassifierRun;
import dev.tarn.train.LrFindResult;
import dev.tarn.train.LrFinder;
import picocli.CommandLine.Command;

/** {@code tarn clf lr-find}. */
@Command(
        name = "lr-find",
        description = "As `tarn lr-find`, with a classifier of which as much trains as the first of --stages says.",
        sortOptions = false)
final class ClfLrFindCommand extends RateSearch<ClassifierConfig> {

    ClfLrFindCommand(Console console) {
        super(console);
    }

    @Override
    ClassifierConfig settings() {
        return flags.readClassifier(parsed());
    }

    @Override
    LrFindResult find(ClassifierConfig settings, LrFinder finder) {
        return ClassifierRun.lrFind(settings, finder);
    }
}
