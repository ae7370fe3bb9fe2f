package dev.tarn.model;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Tensor;

/**
 * The tensors that a window of T steps passes through. The longest window owns the memory, shorter ones are prefix views
 * of it.
 *
 * <p>Two buffers serve all gradients in turn: a layer's backward reads its gradient from one and writes that of the layer
 * below into the other.
 */
final class Window {

    /** [2,T,B] {@link #inputs} and {@link #targets}, so that one copy brings both. */
    final Tensor ids;
    /** [T,B] tokens read. */
    final Tensor inputs;
    /** [T,B] tokens to predict. */
    final Tensor targets;
    /** [T,B,E] embeddings after both of their dropouts. */
    final Tensor embedded;
    /** [T,B,H] output of each layer. */
    final Tensor[] raw;
    /** [T,B,H] output of each layer after its locked dropout; empty without training. */
    final Tensor[] dropped;
    /** [T,B,E] gradient by the embeddings, then [T,B,H] by the output of each layer; empty without training. */
    final Tensor[] gradient;
    /** [T,B] norms of the last layer's output. */
    final Tensor norms;

    private Window(Tensor ids, Tensor embedded, Tensor norms, int layers, boolean training) {
        int steps = ids.dim(1);
        int batch = ids.dim(2);
        this.ids = ids;
        inputs = ids.view(0, steps, batch);
        targets = ids.view((long) steps * batch, steps, batch);
        this.embedded = embedded;
        this.norms = norms;
        raw = new Tensor[layers];
        dropped = new Tensor[training ? layers : 0];
        gradient = new Tensor[training ? layers + 1 : 0];
    }

    /** Allocates the longest window. */
    static Window allocate(Arena arena, AwdLstmConfig config, int steps, int batch, boolean training) {
        int layers = config.nLayers();
        Window window = new Window(
                arena.ids("inputs and targets", 2, steps, batch),
                arena.real("embeddings", steps, batch, config.embSz()),
                arena.real("norms", steps, batch),
                layers,
                training);
        for (int layer = 0; layer < layers; layer++) {
            window.raw[layer] = arena.real("output of layer " + layer, steps, batch, config.hiddenSize(layer));
        }
        if (training) {
            for (int layer = 0; layer < layers; layer++) {
                window.dropped[layer] =
                        arena.real("dropped output of layer " + layer, steps, batch, config.hiddenSize(layer));
            }
            Tensor[] turns = {
                arena.real("gradients of even depth", steps, batch, widest(config, 0)),
                arena.real("gradients of odd depth", steps, batch, widest(config, 1))
            };
            for (int depth = 0; depth <= layers; depth++) {
                window.gradient[depth] = turns[depth & 1].view(0, steps, batch, width(config, depth));
            }
        }
        return window;
    }

    /** The first steps of this window, in the same memory. */
    Window first(int steps) {
        Window window = new Window(
                ids.view(0, 2, steps, ids.dim(2)),
                embedded.first(steps),
                norms.first(steps),
                raw.length,
                gradient.length > 0);
        prefixes(raw, window.raw, steps);
        prefixes(dropped, window.dropped, steps);
        prefixes(gradient, window.gradient, steps);
        return window;
    }

    private static void prefixes(Tensor[] from, Tensor[] to, int steps) {
        for (int i = 0; i < from.length; i++) {
            to[i] = from[i].first(steps);
        }
    }

    /** Real numbers that {@link #allocate} takes; ids, which are int32, are two for each step and stream. */
    static long reals(AwdLstmConfig config, int steps, int batch, boolean training) {
        long perToken = config.embSz() + 1L;
        for (int layer = 0; layer < config.nLayers(); layer++) {
            perToken += (training ? 2L : 1L) * config.hiddenSize(layer);
        }
        if (training) {
            perToken += widest(config, 0) + widest(config, 1);
        }
        return perToken * steps * batch;
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
}
