package dev.tarn.model;

import dev.tarn.DataException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.DecoderLayer;
import dev.tarn.nn.LockedDropout;
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

    private final Owned owned = new Owned();

    private final Arena arena;
    /** The tokens read and to be predicted, on the host. */
    private final int[] ids;
    /** [2,T,B] the same on the device, so that one copy brings both. */
    private final Tensor longestIds;

    private final Tensor longestNorms;
    /** [T,B,E] the output of the last layer after the output dropout; null without training. */
    private final @Nullable Tensor longestDropped;

    private final Tensor stats;
    private final Tensor penalties;
    private final Encoder encoder;
    private final LockedDropout outputDropout;
    private final DecoderLayer decoder;

    private final @Nullable Views[] views;
    /** The latest window. */
    private Views window;
    /** [T,B,E] what the decoder read in the latest window. */
    private Tensor decoderInput;

    /**
     * Prefixes of the longest tensors.
     *
     * @param ids [2,T,B] inputs and targets
     * @param inputs [T,B] tokens read
     * @param targets [T,B] tokens to predict
     * @param norms [T,B] norms of the last layer's output
     * @param dropped [T,B,E] its output after the dropout
     */
    private record Views(
            Tensor ids,
            Tensor inputs,
            Tensor targets,
            Tensor norms,
            @Nullable Tensor dropped) {

        int steps() {
            return inputs.dim(0);
        }
    }

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
        views = new Views[maxSteps + 1];
        outputDropout = new LockedDropout(backend);
        try {
            arena = owned.add(backend.arena("workspace of " + batch + " streams and " + maxSteps + " steps"));
            longestIds = arena.ids("inputs and targets", 2, maxSteps, batch);
            ids = new int[Math.toIntExact(longestIds.size())];
            longestNorms = arena.real("norms", maxSteps, batch);
            longestDropped = training ? arena.real("dropped output", maxSteps, batch, config.embSz()) : null;
            stats = arena.real("stats", Decoder.STATS);
            penalties = arena.real("penalties", Regularization.VALUES);
            encoder = owned.add(new Encoder(backend, config, model.encoder(), arena, batch, maxSteps, 1, training));
            decoder = owned.add(new DecoderLayer(
                    backend, model.decoderWeight(), model.decoderBias(), Math.multiplyExact(batch, maxSteps)));
            window = views(maxSteps);
            decoderInput = encoder.output(maxSteps);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** What it runs. */
    public LanguageModel model() {
        return model;
    }

    /** B, the number of streams. */
    public int batch() {
        return batch;
    }

    /** L, the number of LSTM layers. */
    public int layers() {
        return model.config().nLayers();
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
        long perToken = 1L + (training ? config.embSz() : 0);
        long reals = Encoder.reals(config, batch, maxSteps, 1, training)
                + perToken * maxSteps * batch
                + Decoder.STATS
                + Regularization.VALUES;
        return Float.BYTES * reals + Integer.BYTES * 2L * maxSteps * batch;
    }

    long arenaBytes() {
        return arena.bytes();
    }

    /** Makes the next window start from zeros in every stream. */
    public void resetState() {
        encoder.resetState();
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
        encoder.load(masks);
        decoder.load();
        forward(masks, 0);
        decoderInput = outputDropout.forward(output(), masks.output(), dropped());
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
        forward(MaskSource.NONE, config.nLayers());
        decoder.loss(decoderInput, window.targets, stats);
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
        forward(MaskSource.NONE, config.nLayers());
    }

    /**
     * The logits of the latest window's steps from {@code firstStep} on, with the weights and masks that it ran with.
     *
     * @param logits [T-firstStep,B,V] out, owned by the caller
     */
    public void logits(int firstStep, Tensor logits) {
        int steps = window.steps() - firstStep;
        int width = config.embSz();
        Tensor x = decoderInput.view((long) firstStep * batch * width, steps * batch, width);
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
        window = views(steps);
    }

    private Views views(int steps) {
        Views seen = views[steps];
        if (seen == null) {
            seen = new Views(
                    longestIds.view(0, 2, steps, batch),
                    longestIds.view(0, steps, batch),
                    longestIds.view((long) steps * batch, steps, batch),
                    longestNorms.first(steps),
                    longestDropped == null ? null : longestDropped.first(steps));
            views[steps] = seen;
        }
        return seen;
    }

    private void keepIds(int[] tokens, int at) {
        Encoder.keepIds(config, tokens, 0, window.steps() * batch, ids, at);
    }

    private void loadUndropped() {
        if (encoder.loadUndropped()) {
            decoder.load();
        }
    }

    private void forward(MaskSource masks, int keepFrom) {
        encoder.forward(0, window.inputs, masks, keepFrom);
        decoderInput = output();
    }

    private Tensor output() {
        return encoder.output(window.steps());
    }

    private Tensor dropped() {
        if (window.dropped == null) {
            throw new IllegalStateException("an evaluation workspace has no dropout");
        }
        return window.dropped;
    }

    private void backward(Regularization regularization, int frozenTo, boolean recordNorms) {
        boolean trains = frozenTo < model.groups();
        Tensor gradient = encoder.outputGradient(window.steps());
        decoder.lossAndGradients(decoderInput, window.targets, stats, gradient, trains, GradientSum.START);
        backend.regularize(
                regularization,
                output(),
                outputDropout.mask(),
                encoder.initialHidden(0),
                gradient,
                gradient,
                penalties,
                recordNorms ? window.norms : null);
        if (trains) {
            if (!model.config().tieWeights()) {
                backend.zero(model.encoder().table().gradient());
            }
            // Only rows that were read get a gradient; a tied decoder has written all of them.
            encoder.backward(0, window.inputs, gradient, frozenTo, true, GradientSum.START);
        }
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
        return encoder.raw(0, window.steps(), layer);
    }

    /** [T,B,H] what the layer above read, after the hidden dropout: fastai's {@code outputs}; the last layer's is raw. */
    public Tensor output(int layer) {
        return layer < config.nLayers() - 1 ? encoder.read(0, window.steps(), layer + 1) : output();
    }

    /** [T,B,E] what the decoder read: the last layer's output after the output dropout. */
    public Tensor decoderInput() {
        return decoderInput;
    }

    /** [B,H] the h that a layer's next window starts from. */
    public Tensor hidden(int layer) {
        return encoder.hidden(layer);
    }

    /** [B,H] the c that a layer's next window starts from. */
    public Tensor cell(int layer) {
        return encoder.cell(layer);
    }

    /** Copies the carried state to the host: h and c of layer 0, of layer 1, ..., each [B,H] flattened. */
    public float[][] state() {
        float[][] state = new float[2 * config.nLayers()][];
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
        if (state.length != 2 * config.nLayers()) {
            throw new IllegalArgumentException(
                    "a state of " + state.length + " tensors for " + config.nLayers() + " layers of two each");
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
        return index % 2 == 0 ? hidden(index / 2) : cell(index / 2);
    }

    @Override
    public void close() {
        owned.close();
    }
}
