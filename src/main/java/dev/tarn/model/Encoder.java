package dev.tarn.model;

import dev.tarn.DataException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.EmbeddingLayer;
import dev.tarn.nn.LockedDropout;
import dev.tarn.nn.LstmLayer;
import org.jspecify.annotations.Nullable;

/**
 * What a language model and a classifier have in common: embedding, LSTM layers and the dropouts between them, run window
 * by window with a state that is carried on.
 *
 * <p>The last layer writes the windows side by side into one tensor, {@link #output}, so that a classifier can pool over
 * all of them. In training as many windows are kept, each in buffers of its own, until their backward; without training
 * all share one.
 *
 * <p>Order of use, for one window after the other: {@link #load} where weights or masks changed, {@link #forward}; then
 * {@link #backward} of any of them. Ownership: plans and dropouts, freed by {@link #close}; tensors belong to the arena.
 */
final class Encoder implements AutoCloseable {

    private final AwdLstmConfig config;
    private final int batch;
    private final int maxSteps;
    private final boolean training;
    private final EncoderParameters parameters;

    private final Tensor output;

    private final Window[] longest;
    /** By window, then by its steps: prefixes of the longest, made when they are first wanted. */
    private final @Nullable Window[][] shorter;

    /** [T,B,E] gradient by the embeddings, then [T,B,H] by the output of each layer; empty without training. */
    private final Tensor[] gradients;
    /** By steps. */
    private final @Nullable Tensor[][] shorterGradients;

    /** One of each for every window, since they remember its masks. */
    private final EmbeddingLayer[] embeddings;

    private final LockedDropout[][] dropouts;
    private final LstmLayer[] lstms;

    /** The version of the weights that the plans hold without weight drop, or -1. */
    private long loaded = -1;

    /**
     * @param count how many windows the output holds, at least 1
     * @param training whether there will be a {@link #backward}
     */
    Encoder(
            Backend backend,
            AwdLstmConfig config,
            EncoderParameters parameters,
            Arena arena,
            int batch,
            int maxSteps,
            int count,
            boolean training) {
        this.config = config;
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.training = training;
        this.parameters = parameters;
        int layers = config.nLayers();
        int kept = training ? count : 1;
        output = arena.real("output of layer " + (layers - 1), maxSteps * count, batch, config.embSz());
        longest = new Window[count];
        for (int window = 0; window < count; window++) {
            Tensor part =
                    output.view((long) window * maxSteps * batch * config.embSz(), maxSteps, batch, config.embSz());
            longest[window] = window < kept
                    ? Window.allocate(arena, config, maxSteps, batch, training, part)
                    : longest[0].withOutput(part);
        }
        shorter = new Window[count][maxSteps + 1];
        gradients = training ? allocateGradients(arena) : new Tensor[0];
        shorterGradients = new Tensor[maxSteps + 1][];
        embeddings = new EmbeddingLayer[kept];
        dropouts = new LockedDropout[kept][layers - 1];
        for (int window = 0; window < kept; window++) {
            embeddings[window] = new EmbeddingLayer(backend, parameters.table(), config.padToken());
            for (int layer = 0; layer < layers - 1; layer++) {
                dropouts[window][layer] = new LockedDropout(backend);
            }
        }
        lstms = new LstmLayer[layers];
        int made = 0;
        try {
            for (; made < layers; made++) {
                lstms[made] = new LstmLayer(
                        backend,
                        arena,
                        "layer " + made,
                        parameters.values(made),
                        parameters.gradients(made),
                        batch,
                        maxSteps,
                        config.inputSize(made),
                        config.hiddenSize(made),
                        training ? count : 0);
            }
        } catch (RuntimeException e) {
            for (int layer = 0; layer < made; layer++) {
                lstms[layer].close();
            }
            throw e;
        }
    }

    /**
     * Two buffers serve all gradients in turn: a layer's backward reads its gradient from one and writes that of the layer
     * below into the other.
     */
    private Tensor[] allocateGradients(Arena arena) {
        Tensor[] turns = {
            arena.real("gradients of even depth", maxSteps, batch, widest(config, 0)),
            arena.real("gradients of odd depth", maxSteps, batch, widest(config, 1))
        };
        Tensor[] byDepth = new Tensor[config.nLayers() + 1];
        for (int depth = 0; depth < byDepth.length; depth++) {
            byDepth[depth] = turns[depth & 1].view(0, maxSteps, batch, width(config, depth));
        }
        return byDepth;
    }

    /** The size of what lies at a depth: embeddings at 0, the output of layer l at l + 1. */
    private static int width(AwdLstmConfig config, int depth) {
        return depth == 0 ? config.embSz() : config.hiddenSize(depth - 1);
    }

    private static int widest(AwdLstmConfig config, int parity) {
        int widest = 1;
        for (int depth = parity; depth <= config.nLayers(); depth += 2) {
            widest = Math.max(widest, width(config, depth));
        }
        return widest;
    }

    /** Real numbers that an encoder takes from its arena. */
    static long reals(AwdLstmConfig config, int batch, int maxSteps, int count, boolean training) {
        int kept = training ? count : 1;
        long perToken = count * (long) config.embSz() + kept * Window.realsPerToken(config, training);
        if (training) {
            perToken += widest(config, 0) + widest(config, 1);
        }
        long reals = perToken * maxSteps * batch;
        for (int layer = 0; layer < config.nLayers(); layer++) {
            reals += 2L * (kept + 1) * batch * config.hiddenSize(layer);
        }
        return reals;
    }

    /**
     * Hands the weights with the masks of a window to the plans.
     *
     * @param masks whose masks over weights are taken
     */
    void load(MaskSource masks) {
        for (int layer = 0; layer < lstms.length; layer++) {
            lstms[layer].load(masks.weight(layer));
        }
        loaded = -1;
    }

    /**
     * Hands the weights to the plans as they are, unless these have them.
     *
     * @return whether they were handed over
     */
    boolean loadUndropped() {
        long version = parameters.parameters().version();
        if (loaded == version) {
            return false;
        }
        load(MaskSource.NONE);
        loaded = version;
        return true;
    }

    private void choose(int window) {
        for (LstmLayer lstm : lstms) {
            if (training) {
                lstm.window(window);
            }
        }
    }

    /**
     * Runs a window from the carried state.
     *
     * @param window from 0: where in the output it goes, and in training which buffers keep it
     * @param ids [T,B] tokens
     * @param keepFrom the first layer whose {@link #backward} is to come; layers below it keep nothing
     */
    void forward(int window, Tensor ids, MaskSource masks, int keepFrom) {
        choose(window);
        Window tensors = window(window, ids.dim(0));
        int buffers = training ? window : 0;
        embeddings[buffers].forward(ids, masks.embedding(), masks.input(), tensors.embedded);
        Tensor x = tensors.embedded;
        int last = lstms.length - 1;
        for (int layer = 0; layer <= last; layer++) {
            tensors.read[layer] = x;
            Tensor raw = tensors.raw[layer];
            lstms[layer].forward(x, raw, layer >= keepFrom);
            if (layer < last) {
                Mask mask = masks.hidden(layer);
                x = training ? dropouts[buffers][layer].forward(raw, mask, tensors.dropped[layer]) : raw;
            }
        }
    }

    /**
     * The gradients of a window, from the last layer down to the lowest part that trains.
     *
     * @param ids [T,B] in, as given to {@link #forward}
     * @param gradient [T,B,E] in, by the output; overwritten
     * @param trainsFrom the first layer whose parameters train
     * @param trainsTable whether the embedding table trains, which takes the gradient through all layers
     * @param sum whether the gradients of the layers are overwritten or added to; that of the table is added to
     */
    void backward(int window, Tensor ids, Tensor gradient, int trainsFrom, boolean trainsTable, GradientSum sum) {
        choose(window);
        int steps = ids.dim(0);
        Window tensors = window(window, steps);
        Tensor[] below = gradients(steps);
        Tensor dy = gradient;
        int lowest = trainsTable ? 0 : trainsFrom;
        for (int layer = lstms.length - 1; layer >= lowest; layer--) {
            if (layer < lstms.length - 1) {
                dropouts[window][layer].backward(dy);
            }
            boolean goesOn = layer > lowest || trainsTable;
            Tensor dx = below[layer];
            lstms[layer].backward(
                    tensors.read[layer], tensors.raw[layer], dy, goesOn ? dx : null, layer >= trainsFrom, sum);
            dy = dx;
        }
        if (trainsTable) {
            embeddings[window].backward(ids, dy);
        }
    }

    private Window window(int index, int steps) {
        if (steps == maxSteps) {
            return longest[index];
        }
        Window seen = shorter[index][steps];
        if (seen == null) {
            seen = longest[index].first(steps);
            shorter[index][steps] = seen;
        }
        return seen;
    }

    private Tensor[] gradients(int steps) {
        if (steps == maxSteps) {
            return gradients;
        }
        Tensor[] seen = shorterGradients[steps];
        if (seen == null) {
            seen = Window.first(gradients, steps);
            shorterGradients[steps] = seen;
        }
        return seen;
    }

    /** [T,B,E] a buffer for the gradient by a window's output, which {@link #backward} does not write to before it. */
    Tensor outputGradient(int steps) {
        return gradients(steps)[lstms.length];
    }

    /** [T,B,E] the output of the last layer in all windows, the first T steps of them. */
    Tensor output(int steps) {
        return output.first(steps);
    }

    /** [T,B,H] what a layer wrote in a window of T steps, before any dropout. */
    Tensor raw(int window, int steps, int layer) {
        return window(window, steps).raw[layer];
    }

    /** [T,B,I] what a layer read in a window of T steps. */
    Tensor read(int window, int steps, int layer) {
        return window(window, steps).read[layer];
    }

    /** [B,H] the h of the last layer that a window started from. */
    Tensor initialHidden(int window) {
        choose(window);
        return lstms[lstms.length - 1].initialHidden();
    }

    /** [B,H] the h that a layer's next window starts from. */
    Tensor hidden(int layer) {
        return lstms[layer].hidden();
    }

    /** [B,H] the c that a layer's next window starts from. */
    Tensor cell(int layer) {
        return lstms[layer].cell();
    }

    /** Makes the next window start from zeros in every stream. */
    void resetState() {
        for (LstmLayer lstm : lstms) {
            lstm.resetState();
        }
    }

    /**
     * Checks ids on the host and copies them to where they are uploaded from.
     *
     * @throws DataException if one is not in the vocabulary
     */
    static void keepIds(AwdLstmConfig config, int[] from, int start, int count, int[] to, int at) {
        for (int i = start; i < start + count; i++) {
            if (from[i] < 0 || from[i] >= config.vocab()) {
                throw new DataException("Token id " + from[i] + " is not in the model's vocabulary of " + config.vocab()
                        + "; use the vocabulary that the model was trained with.");
            }
        }
        System.arraycopy(from, start, to, at, count);
    }

    @Override
    public void close() {
        for (LstmLayer lstm : lstms) {
            lstm.close();
        }
    }
}
