package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Precision;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A layer whose steps are replayed from graphs gives the bits of one that launches them all. */
class ReplaysTest {

    private static final int BATCH = 3;
    private static final int INPUTS = 5;
    private static final int HIDDEN = 12;
    private static final int MAX_STEPS = 27;

    /** Two series and a rest, one series alone, less than a series, all that fits; each often enough to be replayed. */
    private static final int[] STEPS = {19, 8, 5, 27, 19, 8, 5, 27, 27, 19, 8};

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"F32", "BF16"})
    void replayedStepsGiveTheBitsOfLaunchedOnes(Precision precision) {
        CudaProvider provider = new CudaProvider();
        Assumptions.assumeTrue(provider.unavailable() == null, () -> "no CUDA here: " + provider.unavailable());
        try (Backend backend = provider.open(0, new BackendOptions(precision, LstmPath.FUSED));
                Arena arena = backend.arena("layer");
                Lstm replaying = backend.lstm(BATCH, MAX_STEPS, INPUTS, HIDDEN)) {
            Layer layer = new Layer(backend, arena);
            for (int round = 0; round < STEPS.length; round++) {
                List<float[]> replayed = layer.run(replaying, STEPS[round], round);
                try (Lstm fresh = backend.lstm(BATCH, MAX_STEPS, INPUTS, HIDDEN)) {
                    List<float[]> launched = layer.run(fresh, STEPS[round], round);
                    for (int i = 0; i < launched.size(); i++) {
                        assertThat(replayed.get(i))
                                .as("result %d of round %d", i, round)
                                .isEqualTo(launched.get(i));
                    }
                }
            }
        }
    }

    /** Windows of one plan, forward and backward, give the bits that plans of their own give, replayed or not. */
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"F32", "BF16"})
    void windowsOfOnePlanDoNotReplayEachOther(Precision precision) {
        CudaProvider provider = new CudaProvider();
        Assumptions.assumeTrue(provider.unavailable() == null, () -> "no CUDA here: " + provider.unavailable());
        try (Backend backend = provider.open(0, new BackendOptions(precision, LstmPath.FUSED));
                Arena arena = backend.arena("layer");
                Lstm shared = backend.lstm(BATCH, MAX_STEPS, INPUTS, HIDDEN, 2);
                Lstm own = backend.lstm(BATCH, MAX_STEPS, INPUTS, HIDDEN)) {
            Layer first = new Layer(backend, arena);
            Layer second = new Layer(backend, arena);
            for (int round = 0; round < 4; round++) {
                shared.window(0);
                first.forward(shared, 19, round);
                shared.window(1);
                second.forward(shared, 8, round + 100);
                List<float[]> got = new ArrayList<>(second.backward(shared, 8, round + 100));
                shared.window(0);
                got.addAll(first.backward(shared, 19, round));
                List<float[]> expected = new ArrayList<>(second.run(own, 8, round + 100));
                expected.addAll(first.run(own, 19, round));
                for (int i = 0; i < expected.size(); i++) {
                    assertThat(got.get(i)).as("result %d of round %d", i, round).isEqualTo(expected.get(i));
                }
            }
        }
    }

    /** Tensors of a layer; what the state is read from and written to takes turns, as in training. */
    private static final class Layer {
        private final Backend backend;
        private final LstmWeights weights;
        private final LstmWeights gradients;
        private final Tensor x;
        private final Tensor y;
        private final Tensor dy;
        private final Tensor dx;
        private final Tensor[] h = new Tensor[2];
        private final Tensor[] c = new Tensor[2];

        Layer(Backend backend, Arena arena) {
            this.backend = backend;
            weights = weights(arena, "weights");
            gradients = weights(arena, "gradients");
            x = arena.real("x", MAX_STEPS, BATCH, INPUTS);
            y = arena.real("y", MAX_STEPS, BATCH, HIDDEN);
            dy = arena.real("dy", MAX_STEPS, BATCH, HIDDEN);
            dx = arena.real("dx", MAX_STEPS, BATCH, INPUTS);
            for (int turn = 0; turn < 2; turn++) {
                h[turn] = arena.real("h", BATCH, HIDDEN);
                c[turn] = arena.real("c", BATCH, HIDDEN);
            }
        }

        private static LstmWeights weights(Arena arena, String name) {
            return new LstmWeights(
                    arena.real(name, 4 * HIDDEN, INPUTS),
                    arena.real(name, 4 * HIDDEN, HIDDEN),
                    arena.real(name, 4 * HIDDEN),
                    arena.real(name, 4 * HIDDEN));
        }

        /** A window with numbers of its own; all that it writes. */
        List<float[]> run(Lstm plan, int steps, int round) {
            forward(plan, steps, round);
            return backward(plan, steps, round);
        }

        void forward(Lstm plan, int steps, int round) {
            Random random = new Random(round);
            int from = round & 1;
            for (Tensor tensor :
                    List.of(weights.wIh(), weights.wHh(), weights.bIh(), weights.bHh(), x, dy, h[from], c[from])) {
                float[] values = new float[Math.toIntExact(tensor.size())];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (0.5 * random.nextGaussian());
                }
                backend.upload(values, tensor);
            }
            load(plan, round);
            plan.forward(x.first(steps), h[from], c[from], y.first(steps), h[1 - from], c[1 - from], true);
        }

        private void load(Lstm plan, int round) {
            plan.load(
                    weights,
                    round % 3 == 1
                            ? Mask.NONE
                            : Mask.of(0.3f, new RandomKey(round, RandomKey.Purpose.WEIGHT_DROP, 0, 1)));
        }

        List<float[]> backward(Lstm plan, int steps, int round) {
            int from = round & 1;
            List<Tensor> sums = List.of(gradients.wIh(), gradients.wHh(), gradients.bIh(), gradients.bHh());
            sums.forEach(backend::zero);
            Tensor output = y.first(steps);
            Tensor down = dx.first(steps);
            load(plan, round);
            plan.backward(
                    x.first(steps), h[from], c[from], output, dy.first(steps), null, null, down, null, null, gradients);
            List<float[]> results = new ArrayList<>();
            List<Tensor> written = new ArrayList<>(sums);
            written.addAll(List.of(output, down, h[1 - from], c[1 - from]));
            for (Tensor tensor : written) {
                float[] values = new float[Math.toIntExact(tensor.size())];
                backend.download(tensor, values);
                results.add(values);
            }
            return results;
        }
    }
}
