package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.checkpoint.FastaiExport;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.run.JsonEvent;
import dev.tarn.text.Vocab;
import dev.tarn.train.PretrainedStart;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn model export}. */
@Command(
        name = "export",
        description = "Write the weights of a run or a pretrained folder as safetensors that fastai v1 can load.")
final class ModelExportCommand extends TarnCommand {

    private static final String ENDING = ".safetensors";

    @Parameters(paramLabel = "RUN|DIR", description = "a run, whose best checkpoint is taken, or a pretrained folder")
    private Path from = Path.of("");

    @Option(
            names = "--out",
            paramLabel = "FILE" + ENDING,
            required = true,
            description = "the file to write; the vocabulary goes beside it, as FILE.vocab.json")
    private Path out = Path.of("");

    @Option(names = "--part", description = "model for all of it, or encoder (${DEFAULT-VALUE})")
    private String part = "model";

    ModelExportCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        if (!List.of("encoder", "model").contains(part)) {
            throw new ConfigException("--part " + part + " is neither encoder nor model.");
        }
        String name = String.valueOf(out.getFileName());
        if (!name.endsWith(ENDING)) {
            throw new ConfigException("--out " + out + " does not end in " + ENDING + "; name a file that does.");
        }
        Path tokens = out.resolveSibling(name.substring(0, name.length() - ENDING.length()) + ".vocab.json");
        for (Path target : List.of(out, tokens)) {
            if (Files.exists(target)) {
                throw new ConfigException(target + " exists already; give another --out.");
            }
        }
        try (Pretrained source = PretrainedStart.open(from)) {
            FastaiExport.write(source, part.equals("encoder"), out);
            Vocab vocab = source.vocab().orElse(null);
            if (vocab != null) {
                vocab.save(tokens);
            }
            console.result(
                    out + (vocab == null ? " (no vocabulary is known)" : " and " + tokens),
                    JsonEvent.of("exported")
                            .with("out", out.toString())
                            .with("vocabulary", vocab == null ? "" : tokens.toString()));
        }
    }
}
