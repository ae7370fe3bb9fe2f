package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.AtomicFolder;
import dev.tarn.run.FileErrors;
import dev.tarn.text.Vocab;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Weights to start from, with the vocabulary that they were learned with: a folder that {@code tarn model import} or
 * {@code saveEncoder} made, or the checkpoint of a run.
 *
 * <pre>
 *   model.safetensors   weights in single precision under fastai's names, each once; counters as I64
 *   vocab.json          the tokens, a JSON array; may be missing
 *   pretrained.json     {@link TrainingState}: part, sizes, direction, origin
 *   manifest.txt        {@link Manifest} of the above
 * </pre>
 *
 * <p>Ownership: holds its file open until closed. Thread-safety: may be read by several threads.
 */
public final class Pretrained implements AutoCloseable {

    private static final String MODEL = "model.safetensors";
    private static final String VOCAB = "vocab.json";
    private static final String ABOUT = "pretrained.json";
    private static final String BACKWARDS = "backwards";
    private static final String ORIGIN = "origin";

    /** What a file holds; the encoder is part of all. */
    public enum Part {
        ENCODER("encoder", FastaiNames.ENCODER),
        LANGUAGE_MODEL("language-model", FastaiNames.LANGUAGE_MODEL),
        CLASSIFIER("classifier", FastaiNames.CLASSIFIER);

        private final String word;
        private final String prefix;

        Part(String word, String prefix) {
            this.word = word;
            this.prefix = prefix;
        }

        /** As it stands in {@code pretrained.json}. */
        public String word() {
            return word;
        }

        /** What stands before the encoder's names, see {@link FastaiNames}. */
        public String prefix() {
            return prefix;
        }
    }

    /**
     * What is written.
     *
     * @param weights under fastai's names, without aliases
     * @param vocab with as many tokens as the embedding table has rows, or null if it is not known
     * @param backwards whether the model reads its text from the end
     * @param origin where the weights come from, for people
     */
    public record Contents(
            List<TensorEntry> weights, @Nullable Vocab vocab, boolean backwards, String origin) {}

    private final Path path;
    private final SafeTensorsFile weights;
    private final @Nullable Vocab vocab;
    private final boolean backwards;
    private final String origin;
    private final Part part;
    private final EncoderSizes sizes;
    private final AutoCloseable owner;

    private Pretrained(
            Path path,
            SafeTensorsFile weights,
            @Nullable Vocab vocab,
            boolean backwards,
            String origin,
            AutoCloseable owner) {
        this.path = path;
        this.weights = weights;
        this.vocab = vocab;
        this.backwards = backwards;
        this.origin = origin;
        this.owner = owner;
        String file = weights.file().toString();
        String prefix = FastaiNames.prefix(weights.names());
        if (prefix == null) {
            throw new CheckpointException(
                    file + " holds no encoder: it lacks " + FastaiNames.EMBEDDING + "; check the path.");
        }
        part = prefix.equals(FastaiNames.ENCODER)
                ? Part.ENCODER
                : prefix.equals(FastaiNames.CLASSIFIER) ? Part.CLASSIFIER : Part.LANGUAGE_MODEL;
        sizes = EncoderSizes.of(file, weights.names(), weights::shape, prefix);
        if (weights.has(FastaiNames.DECODER)) {
            weights.requireShape(FastaiNames.DECODER, sizes.vocab(), sizes.embSz());
        }
        if (weights.has(FastaiNames.DECODER_BIAS)) {
            weights.requireShape(FastaiNames.DECODER_BIAS, sizes.vocab());
        }
        if (vocab != null && vocab.size() != sizes.vocab()) {
            throw new CheckpointException("The vocabulary has " + vocab.size() + " tokens and the embedding table of "
                    + file + " " + sizes.vocab() + " rows; they do not belong together.");
        }
    }

    /** Whether a folder holds pretrained weights, whole or not. */
    public static boolean exists(Path folder) {
        return Files.isRegularFile(folder.resolve(ABOUT));
    }

    /**
     * Opens a folder after comparing the checksums of its files.
     *
     * @throws CheckpointException if it is none, or a file is missing or damaged
     */
    public static Pretrained open(Path folder) {
        SafeTensorsFile weights = null;
        try {
            Manifest manifest = Manifest.read(folder);
            Path about = folder.resolve(ABOUT);
            byte[] json = Files.readAllBytes(about);
            manifest.check(about, Manifest.sum(json));
            TrainingState state = TrainingState.parse(about.toString(), json);
            Vocab vocab = null;
            if (manifest.files().containsKey(VOCAB)) {
                Path file = folder.resolve(VOCAB);
                manifest.check(file, Manifest.sum(Files.readAllBytes(file)));
                vocab = Vocab.load(file);
            }
            weights = SafeTensors.read(folder.resolve(MODEL));
            manifest.check(weights.file(), weights.sum());
            return new Pretrained(folder, weights, vocab, state.flag(BACKWARDS), state.text(ORIGIN), weights);
        } catch (IOException e) {
            throw new CheckpointException(
                    "There is no whole pretrained model in " + folder + " (" + FileErrors.reason(e)
                            + "); make one with `tarn model import`.",
                    e);
        } catch (RuntimeException e) {
            if (weights != null) {
                weights.close();
            }
            throw e;
        }
    }

    /** The weights of a run's checkpoint, which is closed with this. */
    public static Pretrained of(Path run, Checkpoint checkpoint, Vocab vocab, boolean backwards) {
        return new Pretrained(run, checkpoint.weights(), vocab, backwards, run.toString(), checkpoint);
    }

    /**
     * Makes a folder, whole or not at all.
     *
     * @param folder does not exist
     * @throws CheckpointException if it exists or cannot be written, or if the weights hold no whole encoder or do not
     *     belong to the vocabulary
     */
    public static void write(Path folder, Contents contents) {
        try {
            AtomicFolder.create(folder, temporary -> writeFiles(temporary, contents));
        } catch (IOException e) {
            throw new CheckpointException(
                    "Cannot write the pretrained model " + folder + ": " + FileErrors.reason(e)
                            + "; give a folder that does not exist yet and can be made.",
                    e);
        }
    }

    private static void writeFiles(Path folder, Contents contents) throws IOException {
        Path model = folder.resolve(MODEL);
        SafeTensors.write(model, contents.weights(), Map.of("format", "pt"));
        Map<String, Manifest.FileSum> sums = new TreeMap<>();
        Vocab vocab = contents.vocab();
        try (SafeTensorsFile written = SafeTensors.read(model);
                Pretrained checked =
                        new Pretrained(folder, written, vocab, contents.backwards(), contents.origin(), () -> {})) {
            sums.put(MODEL, written.sum());
            byte[] about = checked.about().toJson();
            sums.put(ABOUT, Manifest.sum(about));
            AtomicFile.write(folder.resolve(ABOUT), channel -> AtomicFile.writeFully(channel, ByteBuffer.wrap(about)));
        }
        if (vocab != null) {
            vocab.save(folder.resolve(VOCAB));
            sums.put(VOCAB, Manifest.sum(Files.readAllBytes(folder.resolve(VOCAB))));
        }
        AtomicFile.writeString(folder.resolve(Manifest.NAME), new Manifest(sums).toString());
    }

    private TrainingState about() {
        return new TrainingState()
                .set("part", part.word())
                .set("vocab", sizes.vocab())
                .set("embSz", sizes.embSz())
                .set("nHid", sizes.nHid())
                .set("nLayers", sizes.nLayers())
                .set(BACKWARDS, backwards)
                .set(ORIGIN, origin);
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    /** The weights, named as in a model of this {@link #part}. */
    public SafeTensorsFile weights() {
        return weights;
    }

    public Part part() {
        return part;
    }

    public EncoderSizes sizes() {
        return sizes;
    }

    /** The vocabulary; empty if it was imported without one. */
    public Optional<Vocab> vocab() {
        return Optional.ofNullable(vocab);
    }

    /**
     * The vocabulary.
     *
     * @throws CheckpointException if it was imported without one
     */
    public Vocab requireVocab() {
        if (vocab == null) {
            throw new CheckpointException(path + " has no vocabulary, so nobody knows which word a row of its embedding"
                    + " table is for; import it again with --itos.");
        }
        return vocab;
    }

    /** Whether the model reads its text from the end. */
    public boolean backwards() {
        return backwards;
    }

    /** Where the weights come from, for people. */
    public String origin() {
        return origin;
    }

    @Override
    public void close() {
        try {
            owner.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(path + " could not be closed", e);
        }
    }
}
