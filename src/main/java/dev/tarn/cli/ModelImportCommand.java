package dev.tarn.cli;

import dev.tarn.checkpoint.EncoderSizes;
import dev.tarn.checkpoint.FastaiImport;
import dev.tarn.checkpoint.ItosPickle;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.PthFile;
import dev.tarn.checkpoint.SafeTensors;
import dev.tarn.checkpoint.TensorSource;
import dev.tarn.run.JsonEvent;
import dev.tarn.text.Vocab;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn model import}. */
@Command(
        name = "import",
        description =
                "Make a folder to start from out of a file that fastai v1 saved; pickles are read, never executed.")
final class ModelImportCommand extends TarnCommand {

    @Parameters(
            paramLabel = "FILE",
            description = "a .pth of learn.save or learn.save_encoder, or a .safetensors with the same names")
    private Path file = Path.of("");

    @Option(
            names = "--itos",
            paramLabel = "FILE",
            description = "its vocabulary: a .pkl of fastai, or a .json of `tarn model export`; training needs it")
    private @Nullable Path itos;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "the folder to make")
    private Path out = Path.of("");

    @Option(names = "--backwards", description = "the model reads its text from the end")
    private boolean backwards;

    ModelImportCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        boolean isSafeTensors = isNamed(file, ".safetensors");
        try (TensorSource source = isSafeTensors ? SafeTensors.read(file) : PthFile.open(file)) {
            FastaiImport imported = FastaiImport.of(source);
            Vocab vocab = itos == null ? null : isNamed(itos, ".json") ? Vocab.load(itos) : ItosPickle.read(itos);
            Pretrained.write(
                    out,
                    new Pretrained.Contents(imported.weights(), vocab, backwards, String.valueOf(file.getFileName())));
            if (imported.hasOptimizer()) {
                console.note("The optimizer's state in " + file + " is left out; fine-tuning begins with a new one.");
            }
            if (vocab == null) {
                console.note("Without --itos the folder has no vocabulary; it can be exported, not trained from.");
            }
        }
        try (Pretrained made = Pretrained.open(out)) {
            EncoderSizes sizes = made.sizes();
            console.result(
                    String.format(
                            Locale.ROOT,
                            "%s: %s, AWD-LSTM %d-%d-%d x %d layers, vocabulary %,d, %s",
                            out,
                            made.part().word(),
                            sizes.embSz(),
                            sizes.nHid(),
                            sizes.embSz(),
                            sizes.nLayers(),
                            sizes.vocab(),
                            backwards ? "backwards" : "forwards"),
                    JsonEvent.of("imported")
                            .with("out", out.toString())
                            .with("part", made.part().word())
                            .with("emb_sz", sizes.embSz())
                            .with("n_hid", sizes.nHid())
                            .with("n_layers", sizes.nLayers())
                            .with("vocabulary", sizes.vocab())
                            .with("backwards", backwards));
        }
    }

    private static boolean isNamed(Path path, String ending) {
        return path.toString().toLowerCase(Locale.ROOT).endsWith(ending);
    }
}
