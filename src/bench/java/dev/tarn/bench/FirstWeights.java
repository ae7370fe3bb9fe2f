package dev.tarn.bench;

import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;

/**
 * The weights that both sides start from, in the order of the peer's parameters: embedding (tied to the decoder), decoder
 * bias, then {@code wIh, wHh, bIh, bHh} of each layer. Embedding uniform in ±0.1, decoder bias zero, the rest uniform in
 * ±1/√H, as fastai initialises them.
 */
final class FirstWeights {

    /** Elements per call of a sink, so that no side needs a second copy of a large matrix on the heap. */
    private static final int CHUNK = 1 << 16;

    /** Takes {@code count} values for elements {@code offset ..} of one tensor. */
    interface Sink {
        void put(long offset, float[] values, int count);
    }

    private FirstWeights() {}

    static void embedding(long elements, Sink sink) {
        fill(0, 0.1, elements, sink);
    }

    static void decoderBias(long elements, Sink sink) {
        fill(1, 0, elements, sink);
    }

    /**
     * One tensor of an LSTM layer.
     *
     * @param which 0 wIh, 1 wHh, 2 bIh, 3 bHh
     */
    static void lstm(int layer, int which, long elements, Sink sink) {
        fill(2 + 4 * layer + which, 1 / Math.sqrt(Size.hiddenSize(layer)), elements, sink);
    }

    private static void fill(int tensor, double bound, long elements, Sink sink) {
        RandomKey key = new RandomKey(11, Purpose.INITIALISATION, tensor, 0);
        float[] chunk = new float[(int) Math.min(CHUNK, elements)];
        for (long offset = 0; offset < elements; offset += CHUNK) {
            int count = (int) Math.min(CHUNK, elements - offset);
            for (int i = 0; i < count; i++) {
                chunk[i] = (float) (bound * (2 * Philox.uniform(key, offset + i) - 1));
            }
            sink.put(offset, chunk, count);
        }
    }
}
