package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.data.Corpus;
import dev.tarn.data.CsvColumns;
import dev.tarn.data.PreparedText;
import dev.tarn.run.Folders;
import dev.tarn.text.SpecialToken;
import dev.tarn.text.TextPipeline;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tarn data prepare}. */
@Command(
        name = "prepare",
        description =
                "Tokenize texts once; `tarn lm train --train DIR` and `tarn clf train` then read the result. Texts are"
                        + " lines of files (--train), files of folders (--folder) or rows of a table (--csv).")
final class DataPrepareCommand extends TarnCommand {

    @Option(
            names = "--train",
            paramLabel = "FILE",
            arity = "1..*",
            description = "UTF-8 texts; with --folder the folder in it that holds a folder of texts for each label")
    private List<String> train = new ArrayList<>();

    @Option(names = "--valid", paramLabel = "FILE", description = "another to validate on")
    private @Nullable String valid;

    @Option(names = "--folder", paramLabel = "DIR", description = "a folder whose text files are documents")
    private @Nullable Path folder;

    @Option(names = "--csv", paramLabel = "FILE", description = "a table whose rows are documents")
    private @Nullable Path csv;

    @Option(
            names = "--include",
            paramLabel = "NAME",
            arity = "1..*",
            description = "with --folder: the folders in it to read, or the labels to take (all)")
    private List<String> include = new ArrayList<>();

    @Option(
            names = "--labels",
            negatable = true,
            description =
                    "whether documents have labels: names of folders, a column, or LABEL<TAB>text in lines; when not"
                            + " said: with --folder if --train is given, with --csv if it has the column, with lines not")
    private @Nullable Boolean labels;

    @Option(names = "--valid-pct", paramLabel = "P", description = "validate on this share of the documents, drawn")
    private @Nullable Double validPct;

    @Option(names = "--split-seed", paramLabel = "N", description = "of the draw of --valid-pct (${DEFAULT-VALUE})")
    private long splitSeed = 42;

    @Option(names = "--suffix", description = "with --folder: how text files end, \"\" for all (${DEFAULT-VALUE})")
    private String suffix = ".txt";

    @Option(names = "--text-column", paramLabel = "NAME", description = "of --csv (${DEFAULT-VALUE})")
    private String textColumn = CsvColumns.DEFAULT.text();

    @Option(names = "--label-column", paramLabel = "NAME", description = "of --csv (${DEFAULT-VALUE})")
    private String labelColumn = CsvColumns.DEFAULT.label();

    @Option(
            names = "--valid-column",
            paramLabel = "NAME",
            description = "of --csv, True for rows to validate on (${DEFAULT-VALUE})")
    private String validColumn = CsvColumns.DEFAULT.valid();

    @Option(names = "--no-header", description = "the table has no header; its columns are called 0, 1, 2, ...")
    private boolean noHeader;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "the folder to make")
    private Path out = Path.of("");

    @Option(
            names = "--vocab",
            paramLabel = "DIR",
            description =
                    "use the vocabulary and tokenizer of this prepared folder, as a classifier does that is to have the"
                            + " encoder of a language model")
    private @Nullable Path vocab;

    @Option(names = "--tokenizer", description = "fastai or whitespace (fastai)")
    private @Nullable String tokenizer;

    @Option(names = "--max-vocab", paramLabel = "N", description = "the most tokens to keep (${DEFAULT-VALUE})")
    private int maxVocab = 60_000;

    @Option(names = "--min-freq", paramLabel = "N", description = "rarer tokens are unknown (${DEFAULT-VALUE})")
    private int minFreq = 2;

    DataPrepareCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        if (maxVocab < SpecialToken.texts().size() + 1 || minFreq < 1) {
            throw new ConfigException("--max-vocab " + maxVocab + " and --min-freq " + minFreq
                    + " cannot be used; give at least " + (SpecialToken.texts().size() + 1) + " and at least 1.");
        }
        PreparedText like = vocab == null ? null : PreparedText.open(vocab);
        TextPipeline pipeline = pipeline(like);
        Corpus corpus = corpus(pipeline);
        int threads = Runtime.getRuntime().availableProcessors();
        makeFolder();
        try {
            PreparedText text = like == null
                    ? PreparedText.prepare(out, corpus, pipeline, maxVocab, minFreq, threads)
                    : PreparedText.prepare(out, corpus, like.numericalizer(), threads);
            DataCommand.describe(console, text);
            if (text.classes().size() == 1) {
                console.note("There is only one class: `tarn data check " + out + "` says more.");
            }
        } catch (RuntimeException e) {
            Folders.delete(out);
            throw e;
        }
    }

    private TextPipeline pipeline(@Nullable PreparedText like) {
        if (like == null) {
            return TextPipeline.named(tokenizer == null ? "fastai" : tokenizer);
        }
        if (tokenizer != null && !tokenizer.equals(like.pipeline().name())) {
            throw new ConfigException("--tokenizer " + tokenizer + " does not fit --vocab " + vocab
                    + ", whose tokenizer is " + like.pipeline().name() + ": leave one of them out.");
        }
        return like.pipeline();
    }

    private Corpus corpus(TextPipeline pipeline) {
        requireOneSource();
        Corpus corpus;
        if (folder != null) {
            corpus = folderCorpus(folder);
        } else if (csv != null) {
            corpus = Corpus.ofCsv(
                    csv,
                    valid == null ? null : Path.of(valid),
                    new CsvColumns(textColumn, labelColumn, validColumn, !noHeader),
                    labels);
        } else {
            corpus = Corpus.ofLines(
                    train.stream().map(Path::of).toList(),
                    valid == null ? null : Path.of(valid),
                    labels != null && labels,
                    pipeline.name().equals("whitespace"));
        }
        if (validPct == null) {
            return corpus;
        }
        if (corpus.valid() != null) {
            throw new ConfigException("--valid-pct " + validPct + " cannot be used where "
                    + (valid == null ? "the column '" + validColumn + "'" : "--valid " + valid)
                    + " says what to validate on: leave one of them out.");
        }
        return corpus.split(validPct, splitSeed);
    }

    private void requireOneSource() {
        if (csv != null && (folder != null || !train.isEmpty())) {
            throw new ConfigException("--csv stands alone: leave --folder and --train out.");
        }
        if (folder == null && csv == null && train.isEmpty()) {
            throw new ConfigException("There is nothing to prepare: give --train FILE, --folder DIR or --csv FILE.");
        }
        if (folder == null && !include.isEmpty()) {
            throw new ConfigException("--include " + String.join(" ", include)
                    + " chooses folders, but there is no --folder: give one or leave it out.");
        }
    }

    private Corpus folderCorpus(Path root) {
        boolean isLabelled = labels == null ? !train.isEmpty() : labels;
        if (isLabelled) {
            if (train.size() > 1) {
                throw new ConfigException("--train " + String.join(" ", train)
                        + " names several folders, but labels are read from one: give one.");
            }
            return Corpus.ofLabelFolders(
                    root, train.isEmpty() ? "." : train.get(0), valid, include, suffix, console::note);
        }
        if (!train.isEmpty() && !include.isEmpty()) {
            throw new ConfigException("--train and --include both name the folders to read: leave one of them out.");
        }
        if (valid != null && train.isEmpty() && include.isEmpty()) {
            throw new ConfigException("--valid " + valid + " is a part of --folder " + root
                    + ", and without --train all of it would be trained on: name the other part with --train.");
        }
        return Corpus.ofFolder(root, train.isEmpty() ? include : train, valid, suffix, console::note);
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
}
