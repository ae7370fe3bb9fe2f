package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.run.RunSettings;
import dev.tarn.train.Callback;
import dev.tarn.train.TrainingRun;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The training of any model: {@link ConfigFlags} adds a flag for every key of its configuration.
 *
 * @param <C> the configuration
 */
abstract class Training<C extends RunSettings> extends TarnCommand {

    @Mixin
    final ConfigFlags flags = new ConfigFlags();

    @Option(names = "--run", paramLabel = "DIR", description = "the folder to make for the run")
    private @Nullable Path run;

    Training(Console console) {
        super(console);
    }

    /** The configuration that the flags ask for. */
    abstract C settings();

    /** Makes the run of that configuration. */
    abstract TrainingRun create(C settings, Path folder, List<String> command, List<? extends Callback> watchers);

    @Override
    final void execute() {
        C settings = settings();
        if (flags.print) {
            console.out().print(settings.toYaml());
            return;
        }
        if (run == null) {
            throw new ConfigException("There is no --run; name the folder to make for the run.");
        }
        List<String> command = List.copyOf(parsed().originalArgs());
        try (TrainingRun training = create(settings, run, command, TrainingView.of(console))) {
            TrainingView.train(console, training);
        }
    }
}
