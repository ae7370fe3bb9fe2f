package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.run.RunSettings;
import dev.tarn.train.Callback;
import dev.tarn.train.TrainingRun;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The training of any model.
 *
 * @param <C> the configuration
 */
abstract class Training<C extends RunSettings> extends Configured<C> {

    @Option(names = "--run", paramLabel = "DIR", description = "the folder to make for the run")
    private @Nullable Path run;

    Training(Console console) {
        super(console);
    }

    /** Makes the run of that configuration. */
    abstract TrainingRun create(C settings, Path folder, List<String> command, List<? extends Callback> watchers);

    @Override
    final void execute(C settings) {
        if (run == null) {
            throw new ConfigException("There is no --run; name the folder to make for the run.");
        }
        List<String> command = List.copyOf(parsed().originalArgs());
        try (TrainingRun training = create(settings, run, command, TrainingView.of(console))) {
            TrainingView.train(console, training);
        }
    }
}
