package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.testkit.TestDevice;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every device refuses a backward for which a window keeps nothing, whichever windows were used before. */
class LstmWindowsTest {

    private static final int STEPS = 3;

    static Stream<TestDevice> devices() {
        return TestDevice.all().stream();
    }

    /** A plan of B = I = H = 2 with zeros everywhere. */
    private static final class Layer implements AutoCloseable {
        private final Arena arena;
        private final Lstm plan;
        private final Tensor state;
        private final Tensor sequence;
        private final Tensor output;
        private final LstmWeights weights;

        Layer(Backend backend, int windows) {
            arena = backend.arena("layer");
            plan = backend.lstm(2, STEPS, 2, 2, windows);
            state = arena.real("state", 2, 2);
            sequence = arena.real("sequence", STEPS, 2, 2);
            output = arena.real("output", STEPS, 2, 2);
            weights = new LstmWeights(
                    arena.real("wIh", 8, 2), arena.real("wHh", 8, 2), arena.real("bIh", 8), arena.real("bHh", 8));
            plan.load(weights, Mask.NONE);
        }

        void forward(int steps, boolean training) {
            Tensor hT = arena.real("hT", 2, 2);
            Tensor cT = arena.real("cT", 2, 2);
            plan.forward(sequence.first(steps), state, state, output.first(steps), hT, cT, training);
        }

        void backward(int steps) {
            Tensor dy = arena.real("dy", STEPS, 2, 2);
            plan.backward(
                    sequence.first(steps),
                    state,
                    state,
                    output.first(steps),
                    dy.first(steps),
                    null,
                    null,
                    null,
                    null,
                    null,
                    null);
        }

        @Override
        public void close() {
            plan.close();
            arena.close();
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void everyTrainingForwardServesOneBackwardOfItsLength(TestDevice device) {
        try (Backend backend = device.open();
                Layer layer = new Layer(backend, 2)) {
            assertRefused(layer, STEPS, 0);
            layer.forward(STEPS, true);
            layer.plan.window(1);
            assertRefused(layer, STEPS, 0);
            layer.forward(2, true);
            assertRefused(layer, STEPS, 2);
            layer.forward(STEPS, false);
            layer.backward(2);
            assertRefused(layer, 2, 0);
            layer.plan.window(0);
            layer.backward(STEPS);
            assertRefused(layer, STEPS, 0);
        }
    }

    private static void assertRefused(Layer layer, int steps, int kept) {
        assertThatThrownBy(() -> layer.backward(steps))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("x has T=" + steps + ", the last training forward left T=" + kept);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void aPlanWithoutWindowsInfersAndDoesNotTrain(TestDevice device) {
        try (Backend backend = device.open();
                Layer layer = new Layer(backend, 0)) {
            assertThatCode(() -> layer.forward(STEPS, false)).doesNotThrowAnyException();
            assertThatThrownBy(() -> layer.forward(STEPS, true))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the plan keeps 0");
            assertThatThrownBy(() -> layer.backward(STEPS)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
