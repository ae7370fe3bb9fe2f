package dev.tarn.cli;

import picocli.CommandLine.Command;

/** {@code tarn model}. */
@Command(name = "model", description = "Look at models.", subcommands = ModelSummaryCommand.class)
final class ModelCommand extends TarnCommand.Group {

    ModelCommand(Console console) {
        super(console);
    }
}
