package dev.tarn.cli;

import picocli.CommandLine.Command;

/** {@code tarn model}. */
@Command(
        name = "model",
        description = "Look at models, take them over from fastai v1 and hand them on.",
        subcommands = {ModelSummaryCommand.class, ModelImportCommand.class, ModelExportCommand.class})
final class ModelCommand extends TarnCommand.Group {

    ModelCommand(Console console) {
        super(console);
    }
}
