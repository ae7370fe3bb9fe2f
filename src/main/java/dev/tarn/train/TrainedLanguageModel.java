package dev.tarn.train;

import dev.tarn.CheckpointException;
import dev.tarn.ConfigException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.data.Batch;
import dev.tarn.data.PreparedText;
import dev.tarn.data.Tokens;
import dev.tarn.infer.BatchGenerator;
import dev.tarn.infer.Beam;
import dev.tarn.infer.BeamSearch;
import dev.tarn.infer.Sampling;
import dev.tarn.infer.TextGenerator;
import dev.tarn.model.EncoderWeights;
import dev.tarn.model.LanguageModel;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import dev.tarn.text.SpecialToken;
import dev.tarn.text.TextPipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run came to: the weights of its best checkpoint (the last where there is no best), on a device, with the
 * vocabulary that they were trained with. Ownership: everything it opened. Thread-safety: none.
 */
public final class TrainedLanguageModel implements AutoCloseable {

    private static final String GIVEN_UNKNOWN = "<unk>";

    private final RunConfig config;
    private final Backend backend;
    private final PreparedText text;
    private final LanguageModel model;

    private TrainedLanguageModel(RunConfig config, Backend backend, PreparedText text, LanguageModel model) {
        this.config = config;
        this.backend = backend;
        this.text = text;
        this.model = model;
    }

    /**
     * Loads a run.
     *
     * @param device where to, or null for where it was trained
     * @throws ConfigException if it is no run
     * @throws CheckpointException if it has no checkpoint, or a damaged one or one of other sizes
     */
    public static TrainedLanguageModel open(Path run, @Nullable String device) {
        try (RunFolder folder = RunFolder.view(run)) {
            RunConfig config = folder.config();
            Path checkpoint = checkpoint(folder);
            PreparedText text = PreparedText.open(folder.resolve(LanguageModelRun.DATA));
            Backend backend = device == null
                    ? Devices.open(config.run().device(), config.run().options())
                    : Devices.open(device, config.run().precision());
            LanguageModel model = null;
            try (Checkpoint saved = Checkpoint.open(checkpoint)) {
                model = LanguageModelRun.newModel(config, backend, text);
                LearnerCheckpoint.readWeights(model, saved.weights());
                return new TrainedLanguageModel(config, backend, text, model);
            } catch (RuntimeException e) {
                if (model != null) {
                    model.close();
                }
                backend.close();
                throw e;
            }
        }
    }

    /**
     * The best checkpoint of a run, or the last where there is no best.
     *
     * @throws CheckpointException if there is none
     */
    static Path checkpoint(RunFolder run) {
        Path checkpoint = Checkpoint.exists(run.bestCheckpoint()) ? run.bestCheckpoint() : run.lastCheckpoint();
        if (!Checkpoint.exists(checkpoint)) {
            throw new CheckpointException("The run " + run.path() + " has no checkpoint yet; let it train an epoch.");
        }
        return checkpoint;
    }

    /**
     * Makes a pretrained folder of the encoder, for a classifier to start from; fastai's {@code save_encoder}.
     *
     * @param folder does not exist
     * @throws CheckpointException if it exists or cannot be written
     */
    public void saveEncoder(Path folder) {
        EncoderWeights.save(
                model.parameters(),
                FastaiNames.LANGUAGE_MODEL,
                text.vocab(),
                config.data().backwards(),
                text.folder().toString(),
                folder);
    }

    /**
     * Measures the model.
     *
     * @param file a UTF-8 text, or null for the validation text of the run
     * @throws ConfigException if there is neither
     */
    public Validation evaluate(@Nullable Path file) {
        Tokens tokens = tokens(file);
        BatchSource<Batch> windows = BatchSource.of(LanguageModelRun.validation(config, tokens));
        try (Evaluator evaluator = new Evaluator(model, windows)) {
            return evaluator.run(true);
        }
    }

    /**
     * Measures the model step by step on sequences that begin with a zero state. As many run side by side as validation has
     * streams, or as the text has room for.
     *
     * @param file as {@link #evaluate}
     * @param horizon how many steps each sequence has
     * @throws ConfigException if there is no text, or the horizon is below 1
     * @throws dev.tarn.DataException if the text is too short for one sequence
     */
    public Horizon horizon(@Nullable Path file, int horizon) {
        Tokens tokens = tokens(file);
        RunConfig.Data data = config.data();
        int streams = Horizon.streams(tokens, horizon, config.effectiveValidBs());
        try (HorizonEvaluator evaluator =
                new HorizonEvaluator(model, tokens, horizon, streams, data.bptt(), data.backwards())) {
            return evaluator.run();
        }
    }

    private Tokens tokens(@Nullable Path file) {
        return file == null
                ? text.valid()
                        .orElseThrow(
                                () -> new ConfigException("The run has no validation text; name a text with --valid."))
                : text.read(file, Runtime.getRuntime().availableProcessors());
    }

    /**
     * Goes on from a prompt.
     *
     * @param prompt raw text; may be empty
     * @param count how many tokens to draw
     * @return the tokens of the prompt and the drawn ones, as the vocabulary spells them
     */
    public List<String> generate(String prompt, int count, Sampling sampling, long seed) {
        List<String> tokens = beginning(prompt);
        try (TextGenerator generator = new TextGenerator(model, sampling, unk(), seed)) {
            addTokens(generator.generate(text.vocab().numericalize(tokens), count), tokens);
        }
        return tokens;
    }

    /**
     * Goes on from a prompt with likely texts.
     *
     * @param prompt raw text; may be empty
     * @param count how many tokens to add
     * @return what was found, the best first, without the prompt; {@link BeamSearch#choose} takes one
     */
    public List<BeamSearch.Found> search(String prompt, int count, Beam beam) {
        return BeamSearch.search(model, unk(), text.vocab().numericalize(beginning(prompt)), count, beam);
    }

    /** Generates for up to {@code batch} prompts at once; the caller closes it, before this. */
    public BatchGenerator generator(int batch) {
        return new BatchGenerator(model, batch, unk());
    }

    /** The tokens of a text that goes on. Safe on any thread. */
    public List<String> beginning(String prompt) {
        List<String> tokens = new ArrayList<>(text.pipeline().tokenize(prompt));
        if (tokens.size() > 1 && tokens.get(tokens.size() - 1).equals(TextPipeline.LINE_END)) {
            // A prompt is the beginning of a line, not a whole one.
            tokens.remove(tokens.size() - 1);
        }
        return tokens;
    }

    /** Adds tokens as the vocabulary spells them. Safe on any thread. */
    public void addTokens(int[] ids, List<String> tokens) {
        for (int id : ids) {
            tokens.add(text.vocab().token(id));
        }
    }

    /** Corpora whose tokens are given spell the unknown word themselves. */
    private int unk() {
        return text.vocab().contains(GIVEN_UNKNOWN) ? text.vocab().id(GIVEN_UNKNOWN) : SpecialToken.UNK.id();
    }

    public LanguageModel model() {
        return model;
    }

    public PreparedText text() {
        return text;
    }

    @Override
    public void close() {
        model.close();
        backend.close();
    }
}
