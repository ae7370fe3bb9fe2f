package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NtAsgdTest {

    /** Merity et al.: more than n earlier losses, and worse than the best of all but the last n. */
    @ParameterizedTest
    @CsvSource({
        // validLoss; earlier losses; n; triggers
        "9, '', 2, false",
        "9, '1', 2, false",
        "9, '1 1', 2, false",
        "9, '5 1 1', 2, true",
        "5, '5 1 1', 2, false",
        "5.001, '5 1 1', 2, true",
        "4, '5 1 1', 2, false",
        "4, '3 5 1 1', 2, true",
        "4, '5 3 1 1', 2, true",
        "2, '5 3 1 1', 2, false",
        "6, '5 4 3 2 1', 5, false",
        "6, '5 4 3 2 1 0.5', 5, true",
        "4.5, '5 4 3 2 1 0.5', 5, false",
        "NaN, '5 1 1', 2, false",
    })
    void theTriggerComparesWithTheBestOfAllButTheLastN(double loss, String earlier, int n, boolean triggers) {
        List<Double> losses = earlier.isBlank()
                ? List.of()
                : DoubleStream.of(List.of(earlier.split(" ", -1)).stream()
                                .mapToDouble(Double::parseDouble)
                                .toArray())
                        .boxed()
                        .toList();
        assertThat(NtAsgd.triggers(loss, losses, n)).isEqualTo(triggers);
    }

    @Test
    void averagingStartsOnceAndItsWeightsAreInPlaceOnlyDuringEvaluation() {
        try (Backend backend = Backends.open("reference");
                Arena arena = backend.arena("test")) {
            Tensor weights = arena.real("weights", 3);
            Tensor gradients = arena.real("gradients", 3);
            List<Segment> segments = List.of(new Segment(1, 2, 0));
            NtAsgd optimizer = new NtAsgd(
                    new OptimizerConfig.NtAsgdConfig(0, false, 1), backend, weights, gradients, segments, new double[] {
                        0
                    });
            backend.upload(new double[] {7, 1, 1}, weights);
            optimizer.validated(3);
            optimizer.validated(4);
            assertThat(optimizer.isAveraging()).isFalse();
            step(backend, optimizer, gradients, 1);
            optimizer.useEvaluationWeights();
            assertThat(read(backend, weights)).containsExactly(7, 0, 0);
            optimizer.useTrainingWeights();
            optimizer.validated(3.5);
            assertThat(optimizer.isAveraging()).isTrue();
            double[][] after = {{7, -1, -1}, {7, -3, -3}, {7, -8, -8}};
            step(backend, optimizer, gradients, 1);
            step(backend, optimizer, gradients, 2);
            step(backend, optimizer, gradients, 5);
            assertThat(read(backend, weights)).containsExactly(after[2]);
            optimizer.useEvaluationWeights();
            assertThat(read(backend, weights)).containsExactly(new double[] {7, -4, -4}, within(1e-12));
            Map<String, double[]> saved = new HashMap<>();
            OptimizerState state = optimizer.save((name, tensor) -> saved.put(name, read(backend, tensor)));
            optimizer.useTrainingWeights();
            assertThat(read(backend, weights)).containsExactly(after[2]);

            NtAsgd resumed = new NtAsgd(
                    new OptimizerConfig.NtAsgdConfig(0, false, 1), backend, weights, gradients, segments, new double[] {
                        0
                    });
            backend.upload(new double[] {7, -4, -4}, weights);
            resumed.restore(state, (name, tensor) -> backend.upload(Objects.requireNonNull(saved.get(name)), tensor));
            assertThat(read(backend, weights)).containsExactly(after[2]);
            step(backend, resumed, gradients, 4);
            resumed.useEvaluationWeights();
            assertThat(read(backend, weights)).containsExactly(new double[] {7, -6, -6}, within(1e-12));
            resumed.close();
            optimizer.close();
        }
    }

    private static void step(Backend backend, Optimizer optimizer, Tensor gradients, double gradient) {
        backend.upload(new double[] {gradient, gradient, gradient}, gradients);
        optimizer.step(new double[] {1}, 0.9, null);
    }

    private static double[] read(Backend backend, Tensor tensor) {
        double[] values = new double[(int) tensor.size()];
        backend.download(tensor, values);
        return values;
    }
}
