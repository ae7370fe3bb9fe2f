package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import dev.tarn.text.Numericalizer;
import dev.tarn.text.TextPipeline;
import dev.tarn.text.TokenCounts;
import dev.tarn.text.Vocab;
import it.unimi.dsi.fastutil.ints.IntArrayList;
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
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder with texts as token ids and the vocabulary that made them.
 *
 * <pre>
 *   tokenizer.txt    the name of the pipeline, "fastai" or "whitespace"
 *   vocab.json       {@link Vocab}, made from the training text alone
 *   train.tokens     {@link TokenStore}
 *   valid.tokens     the same of the validation text, if there is one
 * </pre>
 *
 * <p>With the {@code fastai} pipeline every line of a text file is a document, as reviews are; with {@code whitespace} a
 * whole file is one, because such files hold one running text whose lines must not be shuffled; blank lines are left out of
 * the former and end a line like any other in the latter. A store remembers the fingerprint of its vocabulary, so files of two folders cannot be mixed by accident.
 */
public final class PreparedText {

    private static final String TOKENIZER = "tokenizer.txt";
    private static final String VOCAB = "vocab.json";
    private static final String TRAIN = "train.tokens";
    private static final String VALID = "valid.tokens";
    private static final String WHITESPACE = "whitespace";

    private final Path folder;
    private final Numericalizer numericalizer;
    private final TokenStore train;
    private final @Nullable TokenStore valid;

    private PreparedText(Path folder, Numericalizer numericalizer, TokenStore train, @Nullable TokenStore valid) {
        this.folder = folder;
        this.numericalizer = numericalizer;
        this.train = train;
        this.valid = valid;
    }

    /**
     * Tokenizes texts, counts a vocabulary and writes it all.
     *
     * @param folder exists; files of these names in it are replaced
     * @param train one or more UTF-8 text files
     * @param valid another, or null
     * @param pipeline {@code fastai} or {@code whitespace}
     * @param maxVocab as {@link Vocab#create}
     * @param minFreq as {@link Vocab#create}
     * @param threads that tokenize
     * @throws DataException if a text cannot be read, is empty or not UTF-8, or the folder cannot be written
     */
    public static PreparedText prepare(
            Path folder,
            List<Path> train,
            @Nullable Path valid,
            TextPipeline pipeline,
            int maxVocab,
            int minFreq,
            int threads) {
        TokenCounts counts = new TokenCounts();
        for (Path file : train) {
            try (LineReader reader = TextFiles.open(file)) {
                pipeline.tokenizeAll(new Lines(reader, isRunning(pipeline)), threads, counts::addAll);
            }
        }
        Vocab vocab = Vocab.create(counts, maxVocab, minFreq);
        Numericalizer numericalizer = new Numericalizer(pipeline, vocab);
        write(folder.resolve(TRAIN), train, numericalizer, threads);
        if (valid != null) {
            write(folder.resolve(VALID), List.of(valid), numericalizer, threads);
        }
        vocab.save(folder.resolve(VOCAB));
        writeName(folder.resolve(TOKENIZER), pipeline.name());
        return open(folder);
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
            write(to.resolve(VALID), List.of(valid), origin.numericalizer, threads);
        }
        return open(to);
    }

    /** The files of a prepared folder. */
    public static List<Path> files(Path folder) {
        return Stream.of(TOKENIZER, VOCAB, TRAIN, VALID)
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
        Vocab vocab = Vocab.load(folder.resolve(VOCAB));
        TokenStore train = open(folder.resolve(TRAIN), vocab);
        Path valid = folder.resolve(VALID);
        return new PreparedText(
                folder, new Numericalizer(pipeline, vocab), train, Files.exists(valid) ? open(valid, vocab) : null);
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

    /** The training text. */
    public Tokens train() {
        return train;
    }

    /** The validation text. */
    public Optional<Tokens> valid() {
        return Optional.ofNullable(valid);
    }

    /**
     * Another text in the vocabulary of this one, in memory.
     *
     * @throws DataException as {@link #prepare}
     */
    public Tokens read(Path file, int threads) {
        List<int[]> documents = new ArrayList<>();
        documents(file, numericalizer, threads, documents::add);
        if (documents.isEmpty()) {
            throw new DataException("'" + file + "' has no tokens: give a text with words in it.");
        }
        return Tokens.of(documents);
    }

    private static void write(Path store, List<Path> texts, Numericalizer numericalizer, int threads) {
        Vocab vocab = numericalizer.vocab();
        try (TokenStoreWriter writer = TokenStore.create(store, vocab.size(), fingerprint(vocab))) {
            for (Path text : texts) {
                documents(text, numericalizer, threads, writer::add);
            }
            writer.commit();
        }
    }

    private static void documents(Path file, Numericalizer numericalizer, int threads, Consumer<int[]> sink) {
        boolean isOneDocument = isRunning(numericalizer.pipeline());
        IntArrayList whole = new IntArrayList();
        try (LineReader reader = TextFiles.open(file)) {
            numericalizer.numericalizeAll(new Lines(reader, isOneDocument), threads, ids -> {
                if (isOneDocument) {
                    whole.addElements(whole.size(), ids);
                } else {
                    sink.accept(ids);
                }
            });
        }
        if (!whole.isEmpty()) {
            sink.accept(whole.toIntArray());
        }
    }

    /** Whether the lines of a file make one running text. */
    private static boolean isRunning(TextPipeline pipeline) {
        return pipeline.name().equals(WHITESPACE);
    }

    private static TokenStore open(Path file, Vocab vocab) {
        TokenStore store = TokenStore.open(file);
        if (!store.vocabulary().equals(fingerprint(vocab))) {
            throw new DataException("The token store '" + file
                    + "' was made with another vocabulary than the one beside it: prepare the text anew.");
        }
        return store;
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

    /** A reader as an iterator, which is how work in parallel takes its documents. */
    private static final class Lines implements Iterator<String> {

        private final LineReader reader;
        private final boolean keepsBlank;
        private @Nullable String next;

        Lines(LineReader reader, boolean keepsBlank) {
            this.reader = reader;
            this.keepsBlank = keepsBlank;
            advance();
        }

        private void advance() {
            do {
                next = reader.next();
            } while (next != null && !keepsBlank && next.isBlank());
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public String next() {
            String line = next;
            if (line == null) {
                throw new NoSuchElementException();
            }
            advance();
            return line;
        }
    }
}
