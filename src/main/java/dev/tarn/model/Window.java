package dev.tarn.model;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Tensor;

/**
 * What a window of T steps leaves behind in each layer. The longest window owns the memory, shorter ones are prefix views
 * of it.
 */
final class Window {

    /** [T,B,E] embeddings after both of their dropouts. */
    final Tensor embedded;
    /** [T,B,H] output of each layer. */
    final Tensor[] raw;
    /** [T,B,H] output of each layer but the last after its locked dropout; empty without training. */
    final Tensor[] dropped;
    /** What each layer read in the latest forward: one of the above. */
    final Tensor[] read;

    private Window(Tensor embedded, Tensor[] raw, Tensor[] dropped) {
        this.embedded = embedded;
        this.raw = raw;
        this.dropped = dropped;
        read = new Tensor[raw.length];
    }

    /**
     * Allocates the longest window.
     *
     * @param output [T,B,E] where the last layer writes
     */
    static Window allocate(Arena arena, AwdLstmConfig config, int steps, int batch, boolean training, Tensor output) {
        int last = config.nLayers() - 1;
        Tensor[] raw = new Tensor[last + 1];
        Tensor[] dropped = new Tensor[training ? last : 0];
        raw[last] = output;
        for (int layer = 0; layer < last; layer++) {
            raw[layer] = arena.real("output of layer " + layer, steps, batch, config.hiddenSize(layer));
            if (training) {
                dropped[layer] = arena.real("dropped output of layer " + layer, steps, batch, config.hiddenSize(layer));
            }
        }
        return new Window(arena.real("embeddings", steps, batch, config.embSz()), raw, dropped);
    }

    /** The same memory but for the output of the last layer. */
    Window withOutput(Tensor output) {
        Tensor[] other = raw.clone();
        other[other.length - 1] = output;
        return new Window(embedded, other, dropped);
    }

    /** The first steps of this window, in the same memory. */
    Window first(int steps) {
        return new Window(embedded.first(steps), first(raw, steps), first(dropped, steps));
    }

    /** The first steps of every tensor. */
    static Tensor[] first(Tensor[] longest, int steps) {
        Tensor[] some = new Tensor[longest.length];
        for (int i = 0; i < some.length; i++) {
            some[i] = longest[i].first(steps);
        }
        return some;
    }

    /** Real numbers that {@link #allocate} takes for a step of a stream, the output not counted. */
    static long realsPerToken(AwdLstmConfig config, boolean training) {
        long reals = config.embSz();
        for (int layer = 0; layer < config.nLayers() - 1; layer++) {
            reals += (training ? 2L : 1L) * config.hiddenSize(layer);
        }
        return reals;
    }
}
