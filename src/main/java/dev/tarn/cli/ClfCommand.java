package dev.tarn.cli;

import picocli.CommandLine.Command;

/** {@code tarn clf}. */
@Command(
        name = "clf",
        description = "Train, evaluate and use text classifiers.",
        subcommands = {ClfTrainCommand.class, ClfLrFindCommand.class, ClfEvalCommand.class, ClfPredictCommand.class})
final class ClfCommand extends TarnCommand.Group {

    ClfCommand(Console console) {
        super(console);
    }
}
