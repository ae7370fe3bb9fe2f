package dev.tarn.cli;

import dev.tarn.run.RunSettings;
import picocli.CommandLine.Mixin;

/**
 * A command that follows a configuration: {@link ConfigFlags} adds a flag for every key of it, and {@code --print-config}
 * prints it and does nothing else.
 *
 * @param <C> the configuration
 */
abstract class Configured<C extends RunSettings> extends TarnCommand {

    @Mixin
    final ConfigFlags flags = new ConfigFlags();

    Configured(Console console) {
        super(console);
    }

    /** The configuration that the flags ask for. */
    abstract C settings();

    /** Does what the command is for. */
    abstract void execute(C settings);

    @Override
    final void execute() {
        C settings = settings();
        if (flags.print) {
            console.out().print(settings.toYaml());
            return;
        }
        execute(settings);
    }
}
