package dev.tarn.model;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.Parameter;
import java.util.stream.IntStream;

/**
 * How weights start, as fastai 1.0.53 and PyTorch do it: embedding and an untied decoder U(-0.1, 0.1), all rows, the
 * padding row too; every tensor of an LSTM layer U(-1/√H, 1/√H), H its hidden size; decoder bias 0.
 *
 * <p>The numbers are drawn as floats by counter, keyed by the parameter's index, so every backend starts from the same
 * ones.
 */
final class Initialisation {

    /** Values made at once: bounds the host memory, and is enough to keep the cores busy. */
    private static final int CHUNK = 1 << 20;

    /** Values that one task of the fork-join pool makes, a multiple of 4. */
    private static final int STRIP = 1 << 13;

    private Initialisation() {}

    /** Fills a parameter with U(-bound, bound). */
    static void uniform(Backend backend, Parameter parameter, double bound, long seed, int index) {
        RandomKey key = new RandomKey(seed, Purpose.INITIALISATION, index, 0);
        Tensor value = parameter.value();
        float[] host = new float[0];
        for (long start = 0; start < value.size(); start += CHUNK) {
            int length = (int) Math.min(CHUNK, value.size() - start);
            if (host.length != length) {
                host = new float[length];
            }
            draw(key, start, bound, host);
            backend.upload(host, value.view(start, length));
        }
    }

    /**
     * The definition is {@code (2 · Philox.uniform(key, element) - 1) · bound}; whole blocks of four cost a quarter.
     *
     * @param start the first element, a multiple of 4
     */
    static void draw(RandomKey key, long start, double bound, float[] host) {
        IntStream.range(0, (host.length + STRIP - 1) / STRIP).parallel().forEach(strip -> {
            int[] words = new int[4];
            int end = Math.min(host.length, (strip + 1) * STRIP);
            for (int from = strip * STRIP; from < end; from += 4) {
                int counter = (int) ((start + from) >>> 2);
                Philox.block(counter, key.word1(), key.word2(), key.word3(), key.key0(), key.key1(), words, 0);
                for (int i = from; i < Math.min(end, from + 4); i++) {
                    host[i] = (float) ((2 * ((words[i - from] >>> 8) * 0x1p-24) - 1) * bound);
                }
            }
        });
    }
}
