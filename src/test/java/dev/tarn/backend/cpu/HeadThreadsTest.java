package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Precision;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.Tensor;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The classifier's head gives the same bits on any number of threads. */
class HeadThreadsTest {

    private static final int STEPS = 33;
    private static final int BATCH = 37;
    private static final int HIDDEN = 70;
    private static final int OUTPUTS = 50;

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @Test
    void everyNumberOfThreadsGivesTheSameBits() {
        long seed = seeds.seed();
        List<float[]> one = run(1, seed);
        for (int threads = 2; threads <= 5; threads++) {
            List<float[]> more = run(threads, seed);
            for (int k = 0; k < one.size(); k++) {
                assertThat(Arrays.mismatch(more.get(k), one.get(k)))
                        .as("first difference of result %d on %d threads", k, threads)
                        .isEqualTo(-1);
            }
        }
    }

    /** A head forward and backward, and all that it writes. */
    private static List<float[]> run(int threads, long seed) {
        HostMemory memory = HostMemory.ofThisMachine();
        Random random = new Random(seed);
        try (Backend backend = new CpuBackend(Precision.F32, memory, new Team(memory, threads, threads), "test");
                Arena arena = backend.arena("head")) {
            int[] host = random.ints((long) STEPS * BATCH, 0, 4).toArray();
            Tensor ids = arena.ids("ids", STEPS, BATCH);
            backend.upload(host, ids);
            Padding padding = Padding.count(ids, host, 0, 1);
            Tensor h = normal(backend, arena, random, STEPS, BATCH, HIDDEN);
            Tensor pooled = arena.real("pooled", BATCH, 3 * HIDDEN);
            Tensor steps = arena.ids("steps", BATCH, HIDDEN);
            BatchNorm norm = new BatchNorm(
                    normal(backend, arena, random, 3 * HIDDEN),
                    normal(backend, arena, random, 3 * HIDDEN),
                    arena.real("mean", 3 * HIDDEN),
                    arena.real("variance", 3 * HIDDEN));
            Tensor saved = arena.real("saved", 2, 3 * HIDDEN);
            Tensor normalized = arena.real("normalized", BATCH, 3 * HIDDEN);
            Tensor w = normal(backend, arena, random, OUTPUTS, 3 * HIDDEN);
            Tensor y = arena.real("y", BATCH, OUTPUTS);
            Tensor dx = arena.real("dx", BATCH, 3 * HIDDEN);
            Tensor dw = arena.real("dw", OUTPUTS, 3 * HIDDEN);
            Tensor db = arena.real("db", OUTPUTS);
            Tensor dGamma = arena.real("dGamma", 3 * HIDDEN);
            Tensor dBeta = arena.real("dBeta", 3 * HIDDEN);
            Tensor dh = arena.real("dh", STEPS, BATCH, HIDDEN);
            Mask mask = Mask.of(0.4f, new RandomKey(seed, RandomKey.Purpose.HIDDEN_DROPOUT, 0, 0));
            backend.pool(h, padding, pooled, steps);
            backend.batchNorm(pooled, true, norm, saved, mask, normalized);
            backend.linear(normalized, w, normal(backend, arena, random, OUTPUTS), y);
            backend.linearBackward(normalized, w, y, dx, dw, db);
            backend.batchNormBackward(pooled, true, norm, saved, mask, dx, dx, dGamma, dBeta);
            backend.poolBackward(dx, padding, steps, dh);
            List<float[]> results = new ArrayList<>();
            for (Tensor result : List.of(
                    pooled, norm.mean(), norm.variance(), saved, normalized, y, dx, dw, db, dGamma, dBeta, dh)) {
                float[] values = new float[(int) result.size()];
                backend.download(result, values);
                results.add(values);
            }
            return results;
        }
    }

    private static Tensor normal(Backend backend, Arena arena, Random random, int... shape) {
        Tensor tensor = arena.real("normal", shape);
        float[] values = new float[(int) tensor.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        backend.upload(values, tensor);
        return tensor;
    }
}
