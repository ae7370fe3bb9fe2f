package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import dev.tarn.text.Numericalizer;
import dev.tarn.text.TextPipeline;
import dev.tarn.text.Vocab;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder with texts as token ids and the vocabulary that made them: what fastai's {@code data.save} keeps.
 *
 * <pre>
 *   tokenizer.txt      the name of the pipeline, "fastai" or "whitespace"
 *   vocab.json         {@link Vocab}, made from the training text alone
 *   train.tokens       {@link TokenStore}
 *   train.documents    {@link DocumentTable}: the label of each document, if it has one, and where it came from
 *   valid.tokens       the same of the validation text, if there is one
 *   valid.documents
 * </pre>
 *
 * <p>With the {@code fastai} pipeline every line of a text file is a document, as reviews are; with {@code whitespace} a
 * whole file is one, because such files hold one running text whose lines must not be shuffled; blank lines are left out of
 * the former and end a line like any other in the latter. {@link Corpus} has the other kinds of sources. A store remembers the
 * fingerprint of its vocabulary and a table the checksum of its store, so files of two folders cannot be mixed by accident.
 * Folders without tables, which older versions wrote, open too.
 */
public final class PreparedText {

    private static final String TOKENIZER = "tokenizer.txt";
    private static final String VOCAB = "vocab.json";
    private static final String TRAIN = "train.tokens";
    private static final String VALID = "valid.tokens";
    private static final String TRAIN_TABLE = "train.documents";
    private static final String VALID_TABLE = "valid.documents";
    private static final String WHITESPACE = "whitespace";

    private final Path folder;
    private final Numericalizer numericalizer;
    private final TokenStore train;
    private final @Nullable TokenStore valid;
    private final @Nullable DocumentTable trainTable;
    private final @Nullable DocumentTable validTable;

    private PreparedText(Path folder, Numericalizer numericalizer) {
        this.folder = folder;
        this.numericalizer = numericalizer;
        this.train = openStore(folder.resolve(TRAIN), numericalizer.vocab());
        this.trainTable = openTable(folder.resolve(TRAIN_TABLE), train);
        Path validStore = folder.resolve(VALID);
        this.valid = Files.exists(validStore) ? openStore(validStore, numericalizer.vocab()) : null;
        this.validTable = valid == null ? null : openTable(folder.resolve(VALID_TABLE), valid);
        if (validTable != null
                && validTable.isLabelled()
                && !validTable.classes().equals(classes())) {
            throw new DataException("'" + folder + "' has the classes " + classes() + " to train on and "
                    + validTable.classes() + " to validate on, but they must be the same: prepare the text anew.");
        }
    }

    /**
     * Tokenizes documents, counts a vocabulary and writes it all.
     *
     * @param folder exists; files of these names in it are replaced
     * @param maxVocab as {@link Vocab#create}
     * @param minFreq as {@link Vocab#create}
     * @param threads that tokenize
     * @throws DataException if a text cannot be read, is empty or not UTF-8, a label to validate on has no example to train
     *     on, or the folder cannot be written
     */
    public static PreparedText prepare(
            Path folder, Corpus corpus, TextPipeline pipeline, int maxVocab, int minFreq, int threads) {
        Vocab vocab = Vocab.create(TextPreparation.count(corpus.train(), pipeline, threads), maxVocab, minFreq);
        return prepare(folder, corpus, new Numericalizer(pipeline, vocab), threads);
    }

    /**
     * Writes documents in a vocabulary that is there already, such as {@link #numericalizer} of the text of a language model
     * whose encoder a classifier is to have.
     *
     * @param folder exists; files of these names in it are replaced
     * @throws DataException as the other
     */
    public static PreparedText prepare(Path folder, Corpus corpus, Numericalizer numericalizer, int threads) {
        write(folder, corpus, numericalizer, threads);
        numericalizer.vocab().save(folder.resolve(VOCAB));
        writeName(folder.resolve(TOKENIZER), numericalizer.pipeline().name());
        return open(folder);
    }

    /**
     * Prepares the lines of text files, or whole files with {@code whitespace}.
     *
     * @param train one or more UTF-8 text files
     * @param valid another, or null
     * @param pipeline {@code fastai} or {@code whitespace}
     */
    public static PreparedText prepare(
            Path folder,
            List<Path> train,
            @Nullable Path valid,
            TextPipeline pipeline,
            int maxVocab,
            int minFreq,
            int threads) {
        Corpus lines = Corpus.ofLines(train, valid, false, isRunning(pipeline));
        return prepare(folder, lines, pipeline, maxVocab, minFreq, threads);
    }

    private static void write(Path folder, Corpus corpus, Numericalizer numericalizer, int threads) {
        String vocabulary = fingerprint(numericalizer.vocab());
        DocumentSource valid = corpus.valid();
        TextPreparation.writeTables(
                TextPreparation.write(folder.resolve(TRAIN), corpus.train(), numericalizer, vocabulary, threads),
                folder.resolve(TRAIN_TABLE),
                valid == null
                        ? null
                        : TextPreparation.write(folder.resolve(VALID), valid, numericalizer, vocabulary, threads),
                folder.resolve(VALID_TABLE));
    }

    /**
     * Takes over what another folder has, with another validation text if one is given.
     *
     * @param from a prepared folder
     * @param to exists
     * @param valid a UTF-8 text file, or null to keep the one of {@code from}
     */
    public static PreparedText copy(Path from, Path to, @Nullable Path valid, int threads) {
        PreparedText origin = open(from);
        try {
            for (Path file : files(from)) {
                Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new DataException(
                    "'" + from + "' cannot be copied to '" + to + "': " + FileErrors.reason(e) + ".", e);
        }
        if (valid != null) {
            TextPreparation.Split split = TextPreparation.write(
                    to.resolve(VALID),
                    new LineSource(List.of(valid), false, isRunning(origin.pipeline())),
                    origin.numericalizer,
                    fingerprint(origin.vocab()),
                    threads);
            split.table().write(to.resolve(VALID_TABLE), List.of(), split.checksum());
        }
        return open(to);
    }

    /**
     * Writes a part of it, for a smaller budget: documents at even distances, of a single document the beginning. The
     * vocabulary stays.
     *
     * @param train the share of the training documents, above 0; from 1 on all
     * @param valid the share of the validation documents, if there are any
     * @param to exists; it is a prepared folder once this returns
     * @throws DataException if nothing is left of a split, or the folder cannot be written
     */
    public PreparedText sample(double train, double valid, Path to) {
        TextPreparation.writeTables(
                sample(this.train, trainTable, train, to.resolve(TRAIN)),
                to.resolve(TRAIN_TABLE),
                this.valid == null ? null : sample(this.valid, validTable, valid, to.resolve(VALID)),
                to.resolve(VALID_TABLE));
        vocab().save(to.resolve(VOCAB));
        writeName(to.resolve(TOKENIZER), pipeline().name());
        return open(to);
    }

    private TextPreparation.Split sample(TokenStore from, @Nullable DocumentTable table, double share, Path to) {
        try (TokenStoreWriter writer = TokenStore.create(to, vocab().size(), from.vocabulary())) {
            return TokenSample.write(from, table, share, writer);
        }
    }

    /** The files of a prepared folder. */
    public static List<Path> files(Path folder) {
        return Stream.of(TOKENIZER, VOCAB, TRAIN, TRAIN_TABLE, VALID, VALID_TABLE)
                .map(folder::resolve)
                .filter(Files::exists)
                .toList();
    }

    /** Whether a folder was prepared. */
    public static boolean isPrepared(Path folder) {
        return Files.isRegularFile(folder.resolve(TOKENIZER));
    }

    /**
     * Opens a prepared folder and checks all of it.
     *
     * @throws DataException if anything is missing, damaged or of another vocabulary
     */
    public static PreparedText open(Path folder) {
        TextPipeline pipeline = TextPipeline.named(readName(folder.resolve(TOKENIZER)));
        return new PreparedText(folder, new Numericalizer(pipeline, Vocab.load(folder.resolve(VOCAB))));
    }

    /**
     * The vocabulary of a prepared folder, without looking at its texts.
     *
     * @throws DataException if there is none, or a damaged one
     */
    public static Vocab vocab(Path folder) {
        return Vocab.load(folder.resolve(VOCAB));
    }

    /** The folder. */
    public Path folder() {
        return folder;
    }

    public Vocab vocab() {
        return numericalizer.vocab();
    }

    public TextPipeline pipeline() {
        return numericalizer.pipeline();
    }

    /** Turns further texts into ids as these were. */
    public Numericalizer numericalizer() {
        return numericalizer;
    }

    /** The training text. */
    public Tokens train() {
        return train;
    }

    /** The validation text. */
    public Optional<Tokens> valid() {
        return Optional.ofNullable(valid);
    }

    /** The names of the classes in order; none if the training text has no labels. */
    public List<String> classes() {
        return trainTable == null ? List.of() : trainTable.classes();
    }

    /** Labels and origins of the training documents; absent from folders of older versions. */
    public Optional<DocumentTable> trainTable() {
        return Optional.ofNullable(trainTable);
    }

    /** Labels and origins of the validation documents. */
    public Optional<DocumentTable> validTable() {
        return Optional.ofNullable(validTable);
    }

    /** The training documents with their labels, if they have any. */
    public Optional<Documents> labelledTrain() {
        return labelled(train, trainTable);
    }

    /** The validation documents with their labels, if they have any. */
    public Optional<Documents> labelledValid() {
        return valid == null ? Optional.empty() : labelled(valid, validTable);
    }

    private static Optional<Documents> labelled(Tokens tokens, @Nullable DocumentTable table) {
        return table == null || !table.isLabelled()
                ? Optional.empty()
                : Optional.of(new Documents(tokens, table.labels(), table.classes()));
    }

    /**
     * Another text in the vocabulary of this one, in memory.
     *
     * @throws DataException as {@link #prepare}
     */
    public Tokens read(Path file, int threads) {
        List<int[]> documents = new ArrayList<>();
        LineSource source = new LineSource(List.of(file), false, isRunning(pipeline()));
        TextPreparation.forEach(source, numericalizer, threads, found -> {}, documents::add);
        if (documents.isEmpty()) {
            throw new DataException("'" + file + "' has no tokens: give a text with words in it.");
        }
        return Tokens.of(documents);
    }

    /** Whether the lines of a file make one running text. */
    private static boolean isRunning(TextPipeline pipeline) {
        return pipeline.name().equals(WHITESPACE);
    }

    private static TokenStore openStore(Path file, Vocab vocab) {
        TokenStore store = TokenStore.open(file);
        if (!store.vocabulary().equals(fingerprint(vocab))) {
            throw new DataException("The token store '" + file
                    + "' was made with another vocabulary than the one beside it: prepare the text anew.");
        }
        return store;
    }

    private static @Nullable DocumentTable openTable(Path file, TokenStore store) {
        return Files.exists(file) ? DocumentTable.open(file, store) : null;
    }

    private static String fingerprint(Vocab vocab) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String token : vocab.itos()) {
                digest.update(token.getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void writeName(Path file, String name) {
        try {
            AtomicFile.writeString(file, name + "\n");
        } catch (IOException e) {
            throw new DataException(
                    "'" + file + "' cannot be written: " + FileErrors.reason(e)
                            + "; give a folder that may be written to.",
                    e);
        }
    }

    private static String readName(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            throw new DataException(
                    "'" + file.getParent() + "' is not a prepared text: make one with `tarn data prepare`.", e);
        } catch (IOException e) {
            throw new DataException(
                    "'" + file + "' cannot be read: " + FileErrors.reason(e) + "; prepare the text anew.", e);
        }
    }
}
