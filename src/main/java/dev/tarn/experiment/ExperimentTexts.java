package dev.tarn.experiment;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.data.Corpus;
import dev.tarn.data.PreparedText;
import dev.tarn.data.Tokens;
import dev.tarn.run.FileErrors;
import dev.tarn.run.Folders;
import dev.tarn.run.Provenance;
import dev.tarn.run.RunConfig;
import dev.tarn.text.TextPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the cells of an experiment read: the same for all of them.
 *
 * <p>With a folder of movie reviews, the language model reads the labelled training reviews and the unlabelled ones, less a
 * tenth to validate on; the classifier trains on the labelled training reviews and is tested on the test reviews, which
 * nothing else reads.
 *
 * @param imdb a folder with {@code train/{neg,pos}}, {@code test/{neg,pos}} and {@code unsup} or {@code train/unsup}; or null
 * @param lm a prepared folder for language models, instead
 * @param clf a labelled prepared folder in the vocabulary of {@code lm}, or null for none
 * @param maxTokens the most tokens to train the language model on, with a tenth of it to validate on; 0 for all
 * @param maxDocuments the most documents to train the classifier on, and to test it on; 0 for all
 */
public record ExperimentTexts(
        @Nullable Path imdb, @Nullable Path lm, @Nullable Path clf, long maxTokens, int maxDocuments) {

    /** Of the reviews, to validate the language model on. */
    private static final double VALID_SHARE = 0.1;

    /** What splits them, whatever the seeds of the cells are. */
    private static final long SPLIT_SEED = 42;

    /** Checks that they go together. */
    public ExperimentTexts {
        if ((imdb == null) == (lm == null)) {
            throw new ConfigException("An experiment needs either --imdb or --lm; give "
                    + (imdb == null ? "one of them." : "only one of them."));
        }
        if (imdb != null && clf != null) {
            throw new ConfigException("--imdb has the labelled texts already; leave out --clf " + clf + ".");
        }
        if (maxTokens < 0 || maxDocuments < 0) {
            throw new ConfigException("--max-tokens " + maxTokens + " and --max-documents " + maxDocuments
                    + " cannot be used; give at least 1, or 0 for all.");
        }
    }

    /** Whether there is something to classify. */
    public boolean hasLabels() {
        return imdb != null || clf != null;
    }

    /** What distinguishes these texts from others, by name. Reads prepared folders. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        if (imdb != null) {
            settings.put("imdb", imdb.toAbsolutePath().normalize().toString());
        }
        if (lm != null) {
            settings.put("lm-texts", fingerprint(lm));
        }
        if (clf != null) {
            settings.put("clf-texts", fingerprint(clf));
        }
        settings.put("max-tokens", Long.toString(maxTokens));
        settings.put("max-documents", Integer.toString(maxDocuments));
        return settings;
    }

    /** Of the content, so that a folder may move. */
    private static String fingerprint(Path prepared) {
        requirePrepared(prepared);
        return PreparedText.files(prepared).stream()
                .map(file -> Provenance.DataFile.of(file).sha256().substring(0, 8))
                .collect(Collectors.joining("-"));
    }

    private static void requirePrepared(Path folder) {
        if (!PreparedText.isPrepared(folder)) {
            throw new DataException("'" + folder + "' is not a prepared text: make one with `tarn data prepare`.");
        }
    }

    /** The prepared folder that language models read, once {@link #prepare} has returned. */
    Path lmFolder(Path data) {
        return maxTokens > 0 ? data.resolve("lm") : wholeLm(data);
    }

    /** The prepared folder that classifiers read, once {@link #prepare} has returned. */
    Path clfFolder(Path data) {
        return maxDocuments > 0 ? data.resolve("clf") : wholeClf(data);
    }

    private Path wholeLm(Path data) {
        return lm == null ? data.resolve("imdb-lm") : lm;
    }

    private Path wholeClf(Path data) {
        return clf == null ? data.resolve("imdb-clf") : clf;
    }

    /**
     * Prepares what is not there yet, and sees that the experiment can read it.
     *
     * @param data a folder that may not exist yet
     * @param notes told in one sentence each what is done and what is left out
     * @throws DataException if it cannot
     */
    void prepare(Path data, ExperimentConfig config, Consumer<String> notes) {
        if (imdb != null) {
            prepareImdb(imdb, data, config.lm(), notes);
        }
        if (maxTokens > 0) {
            make(lmFolder(data), to -> {
                PreparedText text = PreparedText.open(wholeLm(data));
                double valid = text.valid().map(Tokens::numTokens).orElse(1L);
                text.sample(
                        maxTokens / (double) text.train().numTokens(),
                        Math.max(1, VALID_SHARE * maxTokens) / valid,
                        to);
            });
        }
        if (hasLabels() && maxDocuments > 0) {
            make(clfFolder(data), to -> {
                PreparedText text = PreparedText.open(wholeClf(data));
                double valid = text.valid().map(Tokens::numDocuments).orElse(1);
                text.sample(maxDocuments / (double) text.train().numDocuments(), maxDocuments / valid, to);
            });
        }
        requireUsable(PreparedText.open(lmFolder(data)), config);
        if (hasLabels()) {
            requireLabels(PreparedText.open(clfFolder(data)), PreparedText.open(lmFolder(data)));
        }
    }

    private static void requireUsable(PreparedText text, ExperimentConfig config) {
        long valid = text.valid().map(Tokens::numTokens).orElse(0L);
        if (valid <= config.horizon()) {
            throw new DataException("A horizon of " + config.horizon() + " steps needs more validation text than the "
                    + valid + " tokens of '" + text.folder() + "'; give more, or a smaller --horizon.");
        }
    }

    private static void requireLabels(PreparedText labelled, PreparedText lm) {
        if (!labelled.vocab().itos().equals(lm.vocab().itos())) {
            throw new DataException("'" + labelled.folder() + "' has another vocabulary than '" + lm.folder()
                    + "', so no classifier can have its encoder; prepare it with `tarn data prepare --vocab "
                    + lm.folder()
                    + "`.");
        }
        if (labelled.labelledTrain().isEmpty() || labelled.labelledValid().isEmpty()) {
            throw new DataException("'" + labelled.folder()
                    + "' needs labelled documents to train and to test a classifier on; prepare both.");
        }
    }

    private void prepareImdb(Path reviews, Path data, RunConfig config, Consumer<String> notes) {
        int threads = Runtime.getRuntime().availableProcessors();
        List<String> parts = new ArrayList<>(List.of("train"));
        if (Files.isDirectory(reviews.resolve("unsup"))) {
            parts.add("unsup");
        }
        make(wholeLm(data), to -> {
            notes.accept("Preparing the reviews of " + reviews + ", which takes a minute or two.");
            PreparedText.prepare(
                    to,
                    Corpus.ofFolder(reviews, parts, null, ".txt", notes).split(VALID_SHARE, SPLIT_SEED),
                    TextPipeline.named(config.data().tokenizer().name().toLowerCase(Locale.ROOT)),
                    config.data().maxVocab(),
                    config.data().minFreq(),
                    threads);
        });
        make(
                wholeClf(data),
                to -> PreparedText.prepare(
                        to,
                        Corpus.ofLabelFolders(reviews, "train", "test", List.of("neg", "pos"), ".txt", notes),
                        PreparedText.open(wholeLm(data)).numericalizer(),
                        threads));
    }

    /** Fills a folder unless it was filled before; what an interrupted attempt left is removed. */
    private static void make(Path folder, Consumer<Path> content) {
        if (PreparedText.isPrepared(folder)) {
            return;
        }
        Folders.delete(folder);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DataException(
                    "The texts cannot be prepared in '" + folder + "' (" + FileErrors.reason(e)
                            + "); give an --out folder that is writable.",
                    e);
        }
        content.accept(folder);
    }
}
