package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.data.CorpusPreview;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.data.PreparedText;
import dev.tarn.data.StreamOptions;
import dev.tarn.data.Tokens;
import dev.tarn.run.JsonEvent;
import dev.tarn.text.SpecialToken;
import dev.tarn.text.TextPipeline;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn data}. */
@Command(
        name = "data",
        description = "Turn text into token stores and look at them.",
        subcommands = {DataCommand.Prepare.class, DataCommand.Show.class})
final class DataCommand extends TarnCommand.Group {

    DataCommand(Console console) {
        super(console);
    }

    /** {@code tarn data prepare}. */
    @Command(name = "prepare", description = "Tokenize texts once; `tarn lm train --train DIR` then reads the result.")
    static final class Prepare extends TarnCommand {

        @Option(names = "--train", paramLabel = "FILE", arity = "1..*", required = true, description = "UTF-8 texts")
        private List<Path> train = new ArrayList<>();

        @Option(names = "--valid", paramLabel = "FILE", description = "a UTF-8 text to validate on")
        private @Nullable Path valid;

        @Option(names = "--out", paramLabel = "DIR", required = true, description = "the folder to make")
        private Path out = Path.of("");

        @Option(names = "--tokenizer", description = "fastai or whitespace (${DEFAULT-VALUE})")
        private String tokenizer = "fastai";

        @Option(names = "--max-vocab", paramLabel = "N", description = "the most tokens to keep (${DEFAULT-VALUE})")
        private int maxVocab = 60_000;

        @Option(names = "--min-freq", paramLabel = "N", description = "rarer tokens are unknown (${DEFAULT-VALUE})")
        private int minFreq = 2;

        Prepare(Console console) {
            super(console);
        }

        @Override
        void execute() {
            if (maxVocab < SpecialToken.texts().size() + 1 || minFreq < 1) {
                throw new ConfigException(
                        "--max-vocab " + maxVocab + " and --min-freq " + minFreq + " cannot be used; give at least "
                                + (SpecialToken.texts().size() + 1) + " and at least 1.");
            }
            TextPipeline pipeline = TextPipeline.named(tokenizer);
            makeFolder();
            try {
                PreparedText text = PreparedText.prepare(
                        out,
                        train,
                        valid,
                        pipeline,
                        maxVocab,
                        minFreq,
                        Runtime.getRuntime().availableProcessors());
                summary("train", text, text.train());
                text.valid().ifPresent(tokens -> summary("valid", text, tokens));
            } catch (RuntimeException e) {
                Folders.delete(out);
                throw e;
            }
        }

        private void makeFolder() {
            try {
                Path parent = out.toAbsolutePath().getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                Files.createDirectory(out);
            } catch (FileAlreadyExistsException e) {
                throw new ConfigException("--out " + out + " exists already; give a folder that does not.", e);
            } catch (IOException e) {
                throw new ConfigException(
                        "--out " + out + " cannot be made (" + e.getMessage() + "); give a folder that can.", e);
            }
        }

        private void summary(String name, PreparedText text, Tokens tokens) {
            console.result(describe(name, text, tokens), event(name, text, tokens));
        }
    }

    /** {@code tarn data show}. */
    @Command(name = "show", description = "Show the first batch of a prepared text, as fastai's show_batch does.")
    static final class Show extends TarnCommand {

        @Parameters(
                paramLabel = "DIR",
                description = "a folder made by `tarn data prepare`, or the data folder of a run")
        private Path folder = Path.of("");

        @Option(names = "--rows", paramLabel = "N", description = "how many streams (${DEFAULT-VALUE})")
        private int rows = 5;

        @Option(names = "--bptt", paramLabel = "N", description = "how many tokens of each (${DEFAULT-VALUE})")
        private int bptt = 70;

        Show(Console console) {
            super(console);
        }

        @Override
        void execute() {
            PreparedText text = PreparedText.open(folder);
            console.result(describe("train", text, text.train()), event("train", text, text.train()));
            text.valid()
                    .ifPresent(tokens -> console.result(describe("valid", text, tokens), event("valid", text, tokens)));
            LanguageModelStream stream = LanguageModelStream.open(text.train(), StreamOptions.evaluation(rows, bptt));
            int row = 0;
            for (String shown :
                    CorpusPreview.rows(stream.next(), id -> text.vocab().token(id), rows, bptt)) {
                console.result(
                        row + "  " + shown, JsonEvent.of("row").with("idx", row).with("text", shown));
                row++;
            }
        }
    }

    private static CorpusPreview.Summary count(PreparedText text, Tokens tokens) {
        return CorpusPreview.summary(tokens, text.vocab().size(), SpecialToken.UNK.id());
    }

    private static String describe(String name, PreparedText text, Tokens tokens) {
        CorpusPreview.Summary summary = count(text, tokens);
        return String.format(
                Locale.ROOT,
                "%s: %,d tokens in %,d documents of %.1f on average, vocabulary %,d, unknown %.2f %%",
                name,
                summary.tokens(),
                summary.documents(),
                summary.meanLength(),
                summary.vocabularySize(),
                100 * summary.unknownShare());
    }

    private static JsonEvent event(String name, PreparedText text, Tokens tokens) {
        CorpusPreview.Summary summary = count(text, tokens);
        return JsonEvent.of("corpus")
                .with("name", name)
                .with("tokens", summary.tokens())
                .with("documents", summary.documents())
                .with("vocabulary", summary.vocabularySize())
                .with("types", summary.types())
                .with("unknown", summary.unknown())
                .with("shortest", summary.shortest())
                .with("longest", summary.longest());
    }
}
