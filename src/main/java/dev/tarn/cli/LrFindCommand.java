package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.run.Folders;
import dev.tarn.run.RunConfig;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.LrFindResult;
import dev.tarn.train.LrFinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;

/** {@code tarn lr-find}. */
@Command(
        name = "lr-find",
        description = "Train with ever higher learning rates on a model that is thrown away, and suggest one.",
        sortOptions = false)
final class LrFindCommand extends RateSearch<RunConfig> {

    LrFindCommand(Console console) {
        super(console);
    }

    @Override
    RunConfig settings() {
        return flags.read(parsed());
    }

    @Override
    LrFindResult find(RunConfig settings, LrFinder finder) {
        try {
            Path scratch = Files.createTempDirectory("tarn-lr-find");
            try {
                return LanguageModelRun.lrFind(settings, scratch, finder);
            } finally {
                Folders.delete(scratch);
            }
        } catch (IOException e) {
            throw new ConfigException(
                    "No temporary folder can be made (" + e.getMessage() + "); set java.io.tmpdir in TARN_JAVA_OPTS.",
                    e);
        }
    }
}
