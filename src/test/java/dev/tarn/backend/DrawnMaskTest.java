package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.RandomKey.Purpose;
import dev.tarn.testkit.Seeds;
import dev.tarn.testkit.TestDevice;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A drawn mask is the same on every device, bit for bit, wherever an operation takes one. */
class DrawnMaskTest {

    private static final float[] PROBABILITIES = {0.02f, 0.25f, 0.5f, 0.9f};

    @RegisterExtension
    final Seeds seeds = new Seeds();

    static List<TestDevice> devices() {
        return TestDevice.all();
    }

    private Mask.Drawn mask(float p, Purpose purpose) {
        return new Mask.Drawn(p, new RandomKey(seeds.seed(), purpose, seeds.between(0, 5), seeds.seed()));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void lockedDropoutOfOnesIsTheMask(TestDevice device) {
        try (Backend backend = device.open();
                Arena arena = backend.arena("masks")) {
            for (float p : PROBABILITIES) {
                for (int[] s : new int[][] {{1, 1, 1}, {2, 3, 33}, {3, 2, 1150}, {2, 5, 71}}) {
                    Mask.Drawn mask = mask(p, Purpose.INPUT_DROPOUT);
                    Tensor x = arena.real("x", s);
                    backend.upload(ones(x), x);
                    backend.lockedDropout(x, mask, x);
                    int perStep = s[1] * s[2];
                    assertThat(read(backend, x)).isEqualTo(expected(mask, s[0] * perStep, i -> i % perStep));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void theEmbeddingOfOnesIsTheProductOfItsMasks(TestDevice device) {
        int vocabulary = 71;
        int embSz = 33;
        try (Backend backend = device.open();
                Arena arena = backend.arena("masks")) {
            Tensor w = arena.real("w", vocabulary, embSz);
            backend.upload(ones(w), w);
            Tensor ids = arena.ids("ids", vocabulary, 1);
            int[] all = new int[vocabulary];
            Arrays.setAll(all, i -> i);
            backend.upload(all, ids);
            Tensor out = arena.real("out", vocabulary, 1, embSz);
            for (float p : PROBABILITIES) {
                Mask.Drawn rows = mask(p, Purpose.EMBEDDING_DROPOUT);
                backend.embed(w, ids, rows, Mask.NONE, out);
                assertThat(read(backend, out)).isEqualTo(expected(rows, vocabulary * embSz, i -> i / embSz));
                Mask.Drawn input = mask(p, Purpose.INPUT_DROPOUT);
                backend.embed(w, ids, Mask.NONE, input, out);
                assertThat(read(backend, out)).isEqualTo(expected(input, vocabulary * embSz, i -> i % embSz));
            }
        }
    }

    /**
     * One step of one sequence, so that each entry is one product: a sum of two can be exactly zero in bfloat16. Small
     * weights, because the gradient of a tanh at its limit is zero in single precision.
     */
    @ParameterizedTest
    @MethodSource("devices")
    void theRecurrentGradientIsZeroExactlyWhereTheWeightWasDropped(TestDevice device) {
        int hidden = 71;
        try (Backend backend = device.open();
                Arena arena = backend.arena("masks");
                Lstm lstm = backend.lstm(1, 1, 1, hidden)) {
            LstmWeights weights = lstmWeights(backend, arena, hidden, 0.01);
            for (float p : PROBABILITIES) {
                Mask.Drawn mask = mask(p, Purpose.WEIGHT_DROP);
                lstm.load(weights, mask);
                Tensor x = normal(backend, arena, 1, 1, 1, 1);
                Tensor h0 = normal(backend, arena, 1, 1, hidden);
                Tensor c0 = normal(backend, arena, 1, 1, hidden);
                Tensor y = arena.real("y", 1, 1, hidden);
                lstm.forward(x, h0, c0, y, arena.real("hT", 1, hidden), arena.real("cT", 1, hidden), true);
                LstmWeights gradients = lstmWeights(backend, arena, hidden, 0);
                Tensor dy = normal(backend, arena, 1, 1, 1, hidden);
                lstm.backward(x, h0, c0, y, dy, null, null, null, null, null, gradients);
                float[] gradient = read(backend, gradients.wHh());
                for (int e = 0; e < gradient.length; e++) {
                    assertThat(gradient[e] == 0).as("element %d", e).isEqualTo(mask.at(e) == 0);
                }
            }
        }
    }

    private LstmWeights lstmWeights(Backend backend, Arena arena, int hidden, double deviation) {
        return new LstmWeights(
                normal(backend, arena, deviation, 4 * hidden, 1),
                normal(backend, arena, deviation, 4 * hidden, hidden),
                normal(backend, arena, deviation, 4 * hidden),
                normal(backend, arena, deviation, 4 * hidden));
    }

    private Tensor normal(Backend backend, Arena arena, double deviation, int... shape) {
        Tensor tensor = arena.real("normal", shape);
        backend.upload(seeds.floats((int) tensor.size(), deviation), tensor);
        return tensor;
    }

    private static float[] ones(Tensor like) {
        float[] ones = new float[(int) like.size()];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static float[] read(Backend backend, Tensor tensor) {
        float[] values = new float[(int) tensor.size()];
        backend.download(tensor, values);
        return values;
    }

    private static float[] expected(Mask.Drawn mask, int size, IntUnaryOperator element) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = mask.at(element.applyAsInt(i));
        }
        return values;
    }
}
