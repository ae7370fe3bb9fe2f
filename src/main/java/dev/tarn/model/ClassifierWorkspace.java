package dev.tarn.model;

import dev.tarn.DataException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a {@link TextClassifier} needs to run batches of documents: back-propagation through time for text
 * classification (BPT3C; Howard &amp; Ruder 2018, section 3.3) as fastai v1's {@code MultiBatchEncoder} has it.
 *
 * <p>A batch starts from a zero state and is read in chunks of bptt columns; the state goes on from chunk to chunk, and
 * gradients do not. The head sees the outputs of the chunks that {@link TextClassifierConfig} says; chunks before them run
 * forward only. Padding stands on the left and runs through the layers like text; pooling leaves it out, and so do the
 * regularizers unless they are told otherwise. They take all chunks that are kept as one sequence.
 *
 * <p>The memory does not grow with the length of documents beyond max-len: ids come to the device chunk by chunk, and only
 * outputs that the head sees are stored.
 *
 * <p>Order of use: {@link #train} and {@link #forward} in any order; after an optimizer step tell the
 * {@linkplain TextClassifier#parameters() parameters} that they changed. Work is submitted and not awaited: results are
 * tensors, good until the next batch. Ids are time-major host arrays, element {@code t*B+b}; they may be longer than the
 * batch and are free for reuse on return.
 *
 * <p>Ownership: one arena and the plans, freed by {@link #close}, before the model is closed. Thread-safety: none.
 */
public final class ClassifierWorkspace implements AutoCloseable {

    private final TextClassifier model;
    private final Backend backend;
    private final TextClassifierConfig config;
    private final AwdLstmConfig awdLstm;
    private final int batch;
    private final int windows;
    private final boolean training;

    private final Owned owned = new Owned();

    private final Arena arena;
    /** [T,B] the ids of all chunks that are kept. */
    private final Tensor keptIds;

    private final int[] hostIds;
    private final Tensor labels;
    private final Tensor stats;
    private final Tensor penalties;
    private final Encoder encoder;
    private final ClassifierHead head;
    /** [T,B,E] gradient by the outputs that are kept; the output itself where there is no training. */
    private final Tensor dOutput;

    /** Columns of the latest batch that are kept. */
    private int kept;

    ClassifierWorkspace(TextClassifier model, int batch, int longest, boolean training) {
        if (batch < 1 || longest < 1) {
            throw new IllegalArgumentException("a workspace of batch " + batch + " and " + longest + " tokens");
        }
        this.model = model;
        this.backend = model.backend();
        this.config = model.config();
        this.awdLstm = config.awdLstm();
        this.batch = batch;
        this.training = training;
        int steps = steps(config, longest);
        windows = windows(config, longest);
        try {
            arena = owned.add(backend.arena("workspace of " + batch + " documents"));
            keptIds = arena.ids("tokens", windows * steps, batch);
            labels = arena.ids("labels", batch);
            stats = arena.real("stats", Decoder.STATS);
            penalties = arena.real("penalties", Regularization.VALUES);
            encoder = owned.add(new Encoder(backend, awdLstm, model.encoder(), arena, batch, steps, windows, training));
            dOutput = training
                    ? arena.real("gradient by the outputs", windows * steps, batch, awdLstm.embSz())
                    : encoder.output(windows * steps);
            head = owned.add(new ClassifierHead(model, arena, batch, training));
            // Last, so that what does not fit on the device says so.
            hostIds = new int[Math.toIntExact(keptIds.size())];
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The columns of a chunk. */
    private static int steps(TextClassifierConfig config, int longest) {
        return Math.min(config.bptt(), longest);
    }

    /** The most chunks that are kept of a batch. */
    private static int windows(TextClassifierConfig config, int longest) {
        int steps = steps(config, longest);
        return (config.maxKept(longest) + steps - 1) / steps;
    }

    /** B, the number of documents. */
    public int batch() {
        return batch;
    }

    /** Whether this also runs batches whose longest document has so many tokens. */
    public boolean holds(int longest) {
        return windows(config, longest) <= windows && steps(config, longest) <= keptIds.dim(0) / windows;
    }

    /** Bytes that the tensors of a workspace take in single precision; what the backend's plans take comes on top. */
    static long activationBytes(TextClassifierConfig config, int batch, int longest, boolean training) {
        int steps = steps(config, longest);
        int windows = windows(config, longest);
        AwdLstmConfig awdLstm = config.awdLstm();
        long columns = (long) windows * steps;
        long reals = Encoder.reals(awdLstm, batch, steps, windows, training)
                + ClassifierHead.reals(config, batch, training)
                + (training ? columns * batch * awdLstm.embSz() : 0)
                + Decoder.STATS
                + Regularization.VALUES;
        long ids = columns * batch + batch + (long) batch * awdLstm.embSz();
        return Float.BYTES * reals + Integer.BYTES * ids;
    }

    long arenaBytes() {
        return arena.bytes();
    }

    /**
     * Runs a batch forward and backward, and writes {@code parameters().gradients()}, whatever was there. Afterwards {@link #stats}
     * holds the mean cross-entropy (and NaN), {@link #penalties} the regularizers, which the gradients contain and the
     * cross-entropy does not. The running statistics of the head move, frozen or not, as fastai's do.
     *
     * @param ids token ids [T,B], padded on the left
     * @param steps T, from 1 up to what this {@link #holds}
     * @param labels [B] classes
     * @param maskPadding whether the regularizers leave out padding; fastai's do not
     * @param frozenTo the first layer group that trains, 0..groups-1; groups below it get no backward
     * @throws DataException if an id is not in the vocabulary or a label is none of the classes
     * @throws IllegalStateException on an evaluation workspace
     */
    public void train(
            int[] ids,
            int steps,
            int[] labels,
            ClassifierMasks masks,
            Regularization regularization,
            boolean maskPadding,
            int frozenTo) {
        if (!training) {
            throw new IllegalStateException("an evaluation workspace cannot train");
        }
        if (frozenTo < 0 || frozenTo >= config.groups()) {
            throw new IllegalArgumentException("frozenTo " + frozenTo + " is not in 0.." + (config.groups() - 1));
        }
        checkLabels(labels);
        backend.upload(labels, this.labels);
        // Group 0 is the embedding, so the group of a layer is one more than its number.
        int trainsFrom = Math.max(0, frozenTo - 1);
        // Every chunk adds to the same gradients.
        model.parameters().zeroGradients();
        head.load();
        read(ids, steps, masks, trainsFrom);
        model.batchesTracked(model.batchesTracked() + 1);
        Tensor output = encoder.output(kept);
        Tensor gradient = dOutput.first(kept);
        Padding padding = padding();
        head.train(output, padding, this.labels, masks, stats, gradient);
        backend.regularize(
                regularization,
                output,
                maskPadding ? padding : null,
                Mask.NONE,
                encoder.initialHidden(0),
                gradient,
                gradient,
                penalties,
                null);
        if (trainsFrom < awdLstm.nLayers()) {
            for (int window = (kept - 1) / config.bptt(); window >= 0; window--) {
                encoder.backward(
                        window,
                        chunk(keptIds, window),
                        chunk(gradient, window),
                        trainsFrom,
                        frozenTo == 0,
                        GradientSum.CONTINUE);
            }
        }
    }

    private void checkLabels(int[] labels) {
        for (int i = 0; i < batch; i++) {
            if (labels[i] < 0 || labels[i] >= config.classes()) {
                throw new DataException("Label " + labels[i] + " is none of the model's " + config.classes()
                        + " classes; use the labels that the model was made for.");
            }
        }
    }

    /**
     * Runs a batch without dropout, for {@link #logits}.
     *
     * @param ids token ids [T,B], padded on the left; columns that are padding alone are documents without text
     * @param steps T, at least 1 and at most what this {@link #holds}
     * @throws DataException if an id is not in the vocabulary
     */
    public void forward(int[] ids, int steps) {
        if (encoder.loadUndropped()) {
            head.load();
        }
        read(ids, steps, null, awdLstm.nLayers());
        head.evaluate(encoder.output(kept), padding());
    }

    /**
     * Runs all chunks of a batch, and keeps the outputs and ids of the last ones.
     *
     * @param masks null for evaluation, with the weights that the plans have
     * @param keepFrom the first layer that keeps what a backward needs
     */
    private void read(int[] ids, int steps, @Nullable ClassifierMasks masks, int keepFrom) {
        if (steps < 1 || !holds(steps)) {
            throw new IllegalArgumentException("a batch of " + steps + " columns in a workspace of " + windows
                    + " chunks of " + keptIds.dim(0) / windows);
        }
        int bptt = config.bptt();
        int first = config.firstKept(steps);
        kept = steps - first * bptt;
        encoder.resetState();
        for (int chunk = 0; chunk < first; chunk++) {
            // Both ids and outputs lie where those of the first chunk that is kept will.
            Tensor tokens = upload(ids, chunk * bptt, bptt);
            forward(0, tokens, masks == null ? null : masks.chunk(chunk), awdLstm.nLayers());
        }
        upload(ids, first * bptt, kept);
        for (int window = 0; window * bptt < kept; window++) {
            MaskSource drawn = masks == null ? null : masks.chunk(first + window);
            forward(window, chunk(keptIds, window), drawn, keepFrom);
        }
    }

    private Tensor upload(int[] ids, int from, int columns) {
        Encoder.keepIds(awdLstm, ids, from * batch, columns * batch, hostIds, 0);
        Tensor tokens = keptIds.first(columns);
        backend.upload(hostIds, tokens);
        return tokens;
    }

    private void forward(int window, Tensor tokens, @Nullable MaskSource masks, int keepFrom) {
        if (masks != null) {
            encoder.load(masks);
        }
        encoder.forward(window, tokens, masks == null ? MaskSource.NONE : masks, keepFrom);
    }

    /** A chunk that is kept, of a tensor that has all of them side by side. */
    private Tensor chunk(Tensor whole, int window) {
        int start = window * config.bptt();
        int columns = Math.min(config.bptt(), kept - start);
        int[] shape = whole.shape();
        shape[0] = columns;
        return whole.view(start * (whole.size() / whole.dim(0)), shape);
    }

    private Padding padding() {
        return Padding.count(keptIds.first(kept), hostIds, 0, awdLstm.padToken());
    }

    /** [B,C] the logits of the latest {@link #forward}. */
    public Tensor logits() {
        return head.logits();
    }

    /** [2] of the latest {@link #train}: mean cross-entropy in nats, and NaN. */
    public Tensor stats() {
        return stats;
    }

    /** [3] of the latest {@link #train}: the values of AR, TAR and norm-stabilizer. */
    public Tensor penalties() {
        return penalties;
    }

    /** [T,B,E] the outputs of the last layer in the latest batch that the head sees. */
    public Tensor output() {
        return encoder.output(kept);
    }

    /** [B,3E] the last, highest and mean output of each document of the latest batch. */
    public Tensor pooled() {
        return head.pooled();
    }

    Encoder encoder() {
        return encoder;
    }

    ClassifierHead head() {
        return head;
    }

    @Override
    public void close() {
        owned.close();
    }
}
