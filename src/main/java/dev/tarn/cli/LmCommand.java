package dev.tarn.cli;

import picocli.CommandLine.Command;

/** {@code tarn lm}. */
@Command(
        name = "lm",
        description = "Train, evaluate and use language models.",
        subcommands = {LmTrainCommand.class, LmEvalCommand.class, LmGenerateCommand.class})
final class LmCommand extends TarnCommand.Group {

    LmCommand(Console console) {
        super(console);
    }
}
