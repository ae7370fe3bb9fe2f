package dev.tarn.cli;

import picocli.CommandLine.Command;

/** {@code tarn model}. */
@Command(
        name = "model",
        description = "Take models over from fastai v1 and hand them on.",
        subcommands = {ModelImportCommand.class, ModelExportCommand.class})
final class ModelCommand extends TarnCommand.Group {

    ModelCommand(Console console) {
        super(console);
    }
}
