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

    private static void draw(RandomKey key, long start, double bound, float[] host) {
        IntStream.range(0, host.length)
                .parallel()
                .forEach(i -> host[i] = (float) ((2 * Philox.uniform(key, start + i) - 1) * bound));
    }
}
