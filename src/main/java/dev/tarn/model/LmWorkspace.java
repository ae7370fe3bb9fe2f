package dev.tarn.model;

import dev.tarn.DataException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.DecoderLayer;
import dev.tarn.nn.EmbeddingLayer;
import dev.tarn.nn.LockedDropout;
import dev.tarn.nn.LstmLayer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a {@link LanguageModel} needs to run windows of one batch size: activations, plans and the hidden state
 * that is carried from window to window.
 *
 * <p>Order of use: {@link #train}, {@link #evaluate} and {@link #forward} in any order, each continuing from the state
 * that the one before ended with; {@link #resetState} starts from zeros. After an optimizer step call
 * {@link #weightsChanged} once, on any workspace of the model. Work is submitted and not awaited: results are tensors,
 * good until the next window.
 *
 * <p>Ids are time-major host arrays, element {@code t*B+b}; they may be longer than the window and are free for reuse on
 * return.
 *
 * <p>Ownership: one arena and the plans, freed by {@link #close}, before the model is closed. Thread-safety: none.
 */
public final class LmWorkspace implements AutoCloseable {

    private final LanguageModel model;
    private final Backend backend;
    private final AwdLstmConfig config;
    private final int batch;
    private final int maxSteps;
    private final boolean training;

    /** What {@link #close} frees, latest first. */
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    private final Arena arena;
    private final @Nullable Window[] windows;
    /** The tokens read and to be predicted, on the host. */
    private final int[] ids;

    private final Tensor stats;
    private final Tensor penalties;
    private final EmbeddingLayer embedding;
    private final LstmLayer[] lstms;
    private final LockedDropout[] dropouts;
    private final DecoderLayer decoder;

    /** The latest window. */
    private Window window;
    /** What each layer read in the latest window, and behind them what the decoder read. */
    private final Tensor[] read;
    /** The version of the weights that the plans hold without weight drop, or -1. */
    private long loaded = -1;

    LmWorkspace(LanguageModel model, int batch, int maxSteps, boolean training) {
        if (batch < 1 || maxSteps < 1) {
            throw new IllegalArgumentException("a workspace of batch " + batch + " and " + maxSteps + " steps");
        }
        this.model = model;
        this.backend = model.backend();
        this.config = model.config();
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.training = training;
        int layers = config.nLayers();
        lstms = new LstmLayer[layers];
        dropouts = new LockedDropout[layers];
        read = new Tensor[layers + 1];
        windows = new Window[maxSteps + 1];
        embedding = new EmbeddingLayer(backend, model.encoder(), config.padToken());
        try {
            arena = own(backend.arena("workspace of " + batch + " streams and " + maxSteps + " steps"));
            window = Window.allocate(arena, config, maxSteps, batch, training);
            windows[maxSteps] = window;
            ids = new int[Math.toIntExact(window.ids.size())];
            stats = arena.real("stats", Decoder.STATS);
            penalties = arena.real("penalties", Regularization.VALUES);
            for (int layer = 0; layer < layers; layer++) {
                lstms[layer] = own(new LstmLayer(
                        backend,
                        arena,
                        "layer " + layer,
                        model.lstmValues(layer),
                        model.lstmGradients(layer),
                        batch,
                        maxSteps,
                        config.inputSize(layer),
                        config.hiddenSize(layer),
                        training ? 1 : 0));
                dropouts[layer] = new LockedDropout(backend);
            }
            decoder = own(new DecoderLayer(
                    backend, model.decoderWeight(), model.decoderBias(), Math.multiplyExact(batch, maxSteps)));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private <T extends AutoCloseable> T own(T part) {
        owned.push(part);
        return part;
    }

    /** B, the number of streams. */
    public int batch() {
        return batch;
    }

    /** The longest window. */
    public int maxSteps() {
        return maxSteps;
    }

    /**
     * Bytes that the tensors of a workspace take in single precision: activations, gradients of activations and the
     * carried state. What the backend's plans take comes on top.
     *
     * @param training false for an evaluation workspace
     */
    public static long activationBytes(AwdLstmConfig config, int batch, int maxSteps, boolean training) {
        long reals = Window.reals(config, maxSteps, batch, training) + Decoder.STATS + Regularization.VALUES;
        for (int layer = 0; layer < config.nLayers(); layer++) {
            reals += 4L * batch * config.hiddenSize(layer);
        }
        return Float.BYTES * reals + Integer.BYTES * 2L * maxSteps * batch;
    }

    long arenaBytes() {
        return arena.bytes();
    }

    /** Makes the next window start from zeros in every stream. */
    public void resetState() {
        for (LstmLayer lstm : lstms) {
            lstm.resetState();
        }
    }

    /**
     * Says that the parameters were updated, so that every workspace of the model loads them at its next use.
     * Training takes one for every window anyway, because of the weight drop.
     */
    public void weightsChanged() {
        model.parameters().changed();
    }

    /**
     * Runs a window forward and backward, and writes the gradients of the layer groups that train to
     * {@code parameters().gradients()}, whatever was there; those of frozen groups stay as they were. Afterwards
     * {@link #stats} holds the mean cross-entropy (and NaN), {@link #penalties} the regularizers, which the gradients
     * contain and the cross-entropy does not.
     *
     * @param inputs token ids [T,B]
     * @param targets the tokens that follow them
     * @param steps T, 1..{@link #maxSteps}
     * @param frozenTo the first layer group that trains, 0..groups. The embedding lies in the last group, so gradients
     *     flow all the way down unless nothing trains at all
     * @param recordNorms whether to fill {@link #norms}
     * @throws DataException if an id is not in the vocabulary
     * @throws IllegalStateException on an evaluation workspace
     */
    public void train(
            int[] inputs,
            int[] targets,
            int steps,
            MaskSource masks,
            Regularization regularization,
            int frozenTo,
            boolean recordNorms) {
        if (!training) {
            throw new IllegalStateException("an evaluation workspace cannot train");
        }
        if (frozenTo < 0 || frozenTo > model.groups()) {
            throw new IllegalArgumentException("frozenTo " + frozenTo + " is not in 0.." + model.groups());
        }
        begin(inputs, targets, steps);
        load(masks);
        forward(masks, true);
        backward(regularization, frozenTo, recordNorms);
    }

    /**
     * Runs a window without dropout; afterwards {@link #stats} holds its mean cross-entropy and the number of tokens that
     * were predicted right.
     *
     * @param inputs as {@link #train}
     * @param targets as {@link #train}
     * @throws DataException if an id is not in the vocabulary
     */
    public void evaluate(int[] inputs, int[] targets, int steps) {
        begin(inputs, targets, steps);
        loadUndropped();
        forward(MaskSource.NONE, false);
        decoder.loss(decoderInput(), window.targets, stats);
    }

    /**
     * Runs a window without dropout and without targets, for {@link #logits}.
     *
     * @param inputs as {@link #train}
     * @throws DataException if an id is not in the vocabulary
     */
    public void forward(int[] inputs, int steps) {
        begin(steps);
        keepIds(inputs, 0);
        backend.upload(ids, window.inputs);
        loadUndropped();
        forward(MaskSource.NONE, false);
    }

    /**
     * The logits of the latest window's steps from {@code firstStep} on, with the weights and masks that it ran with.
     *
     * @param logits [T-firstStep,B,V] out, owned by the caller
     */
    public void logits(int firstStep, Tensor logits) {
        int steps = window.inputs.dim(0) - firstStep;
        int width = config.embSz();
        Tensor x = decoderInput().view((long) firstStep * batch * width, steps * batch, width);
        decoder.logits(x, logits);
    }

    private void begin(int[] inputs, int[] targets, int steps) {
        begin(steps);
        keepIds(inputs, 0);
        keepIds(targets, steps * batch);
        backend.upload(ids, window.ids);
    }

    private void begin(int steps) {
        if (steps < 1 || steps > maxSteps) {
            throw new IllegalArgumentException("a window of " + steps + " steps in a workspace of " + maxSteps);
        }
        Window seen = windows[steps];
        if (seen == null) {
            seen = windows[maxSteps].first(steps);
            windows[steps] = seen;
        }
        window = seen;
    }

    /** Checks the ids of the window and copies them to where they are uploaded from. */
    private void keepIds(int[] tokens, int at) {
        int count = Math.toIntExact(window.inputs.size());
        for (int i = 0; i < count; i++) {
            if (tokens[i] < 0 || tokens[i] >= config.vocab()) {
                throw new DataException("Token id " + tokens[i] + " is not in the model's vocabulary of "
                        + config.vocab() + "; use the vocabulary that the model was trained with.");
            }
        }
        System.arraycopy(tokens, 0, ids, at, count);
    }

    private void load(MaskSource masks) {
        for (int layer = 0; layer < lstms.length; layer++) {
            lstms[layer].load(masks.weight(layer));
        }
        decoder.load();
        loaded = -1;
    }

    private void loadUndropped() {
        long version = model.parameters().version();
        if (loaded != version) {
            load(MaskSource.NONE);
            loaded = version;
        }
    }

    private void forward(MaskSource masks, boolean keep) {
        embedding.forward(window.inputs, masks.embedding(), masks.input(), window.embedded);
        read[0] = window.embedded;
        int last = lstms.length - 1;
        for (int layer = 0; layer <= last; layer++) {
            Tensor raw = window.raw[layer];
            lstms[layer].forward(read[layer], raw, keep);
            Mask mask = layer < last ? masks.hidden(layer) : masks.output();
            read[layer + 1] = keep ? dropouts[layer].forward(raw, mask, window.dropped[layer]) : raw;
        }
    }

    private void backward(Regularization regularization, int frozenTo, boolean recordNorms) {
        boolean trains = frozenTo < model.groups();
        int last = lstms.length - 1;
        Tensor gradient = window.gradient[last + 1];
        decoder.lossAndGradients(decoderInput(), window.targets, stats, gradient, trains, GradientSum.START);
        backend.regularize(
                regularization,
                window.raw[last],
                dropouts[last].mask(),
                lstms[last].initialHidden(),
                gradient,
                gradient,
                penalties,
                recordNorms ? window.norms : null);
        if (!trains) {
            return;
        }
        for (int layer = last; layer >= 0; layer--) {
            if (layer < last) {
                dropouts[layer].backward(window.gradient[layer + 1]);
            }
            lstms[layer].backward(
                    read[layer],
                    window.raw[layer],
                    window.gradient[layer + 1],
                    window.gradient[layer],
                    layer >= frozenTo,
                    GradientSum.START);
        }
        if (!config.tieWeights()) {
            backend.zero(model.encoder().gradient());
        }
        // Only rows that were read get a gradient; a tied decoder has written all of them.
        embedding.backward(window.inputs, window.gradient[0]);
    }

    /** [2] of the latest {@link #train} or {@link #evaluate}: mean cross-entropy in nats, and how many were right. */
    public Tensor stats() {
        return stats;
    }

    /** [3] of the latest {@link #train}: the values of AR, TAR and norm-stabilizer. */
    public Tensor penalties() {
        return penalties;
    }

    /** [T,B] of the latest {@link #train} with {@code recordNorms}: the L2 norms of the last layer's raw output. */
    public Tensor norms() {
        return window.norms;
    }

    /** [T,B,H] what a layer wrote in the latest window, before any dropout: fastai's {@code raw_outputs}. */
    public Tensor raw(int layer) {
        return window.raw[layer];
    }

    /** [T,B,H] what the layer above read, after the hidden dropout: fastai's {@code outputs}; the last layer's is raw. */
    public Tensor output(int layer) {
        return layer < lstms.length - 1 ? read[layer + 1] : window.raw[layer];
    }

    /** [T,B,E] what the decoder read: the last layer's output after the output dropout. */
    public Tensor decoderInput() {
        return read[lstms.length];
    }

    /** [B,H] the h that a layer's next window starts from. */
    public Tensor hidden(int layer) {
        return lstms[layer].hidden();
    }

    /** [B,H] the c that a layer's next window starts from. */
    public Tensor cell(int layer) {
        return lstms[layer].cell();
    }

    /** Copies the carried state to the host: h and c of layer 0, of layer 1, ..., each [B,H] flattened. */
    public float[][] state() {
        float[][] state = new float[2 * lstms.length][];
        for (int i = 0; i < state.length; i++) {
            Tensor part = statePart(i);
            state[i] = new float[Math.toIntExact(part.size())];
            backend.download(part, state[i]);
        }
        return state;
    }

    /**
     * Sets the carried state from what {@link #state()} gave.
     *
     * @throws IllegalArgumentException if it is of another model or batch size
     */
    public void state(float[][] state) {
        if (state.length != 2 * lstms.length) {
            throw new IllegalArgumentException(
                    "a state of " + state.length + " tensors for " + lstms.length + " layers of two each");
        }
        for (int i = 0; i < state.length; i++) {
            Tensor part = statePart(i);
            if (state[i].length != part.size()) {
                throw new IllegalArgumentException("state " + i + " has " + state[i].length + " numbers, not "
                        + part.size() + " of batch " + batch);
            }
        }
        for (int i = 0; i < state.length; i++) {
            backend.upload(state[i], statePart(i));
        }
    }

    private Tensor statePart(int index) {
        LstmLayer lstm = lstms[index / 2];
        return index % 2 == 0 ? lstm.hidden() : lstm.cell();
    }

    @Override
    public void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("a workspace could not be freed", e);
            }
        }
    }
}
