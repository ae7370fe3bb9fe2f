package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Backend;
import dev.tarn.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HiddenNormsTest {

    static List<String> devices() {
        return Backends.names();
    }

    /** The norms of a layer, from outputs downloaded after every step. */
    private static final class ByHand implements Callback {

        final int layer;
        final List<List<Double>> norms = new ArrayList<>();

        ByHand(int layer) {
            this.layer = layer;
        }

        @Override
        public void onEpochBegin(Learner learner) {
            norms.clear();
        }

        @Override
        public void onBackwardEnd(Step step) {
            int batch = step.learner().workspace().batch();
            int width = TinyTask.MODEL.hiddenSize(layer);
            double[] h = new double[step.steps() * batch * width];
            Learner learner = step.learner();
            learner.model().backend().download(learner.workspace().raw(layer), h);
            for (int row = 0; row < h.length / width; row++) {
                while (norms.size() <= row / batch) {
                    norms.add(new ArrayList<>());
                }
                norms.get(row / batch).add(norm(h, row * width, width));
            }
        }
    }

    static double norm(double[] values, int from, int count) {
        double sum = 0;
        for (int i = from; i < from + count; i++) {
            sum += values[i] * values[i];
        }
        return Math.sqrt(sum);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void normsOfEveryLayerAreKeptByTimeStep(String device) {
        HiddenNorms norms = new HiddenNorms();
        List<ByHand> layers = List.of(new ByHand(0), new ByHand(1), new ByHand(2));
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(
                        model, TinyTask.options(), norms, layers.get(0), layers.get(1), layers.get(2))) {
            learner.fit(2, Rates.of(1e-3));
        }
        assertThat(norms.layers()).isEqualTo(3);
        for (ByHand layer : layers) {
            assertThat(norms.steps()).isEqualTo(layer.norms.size());
            for (int t = 0; t < norms.steps(); t++) {
                Moments wanted = new Moments();
                layer.norms.get(t).forEach(wanted::add);
                assertThat(norms.mean(layer.layer)[t]).isCloseTo(wanted.mean(), within(1e-6 * wanted.mean()));
                assertThat(norms.deviation(layer.layer)[t]).isCloseTo(wanted.deviation(), within(1e-6 * wanted.mean()));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void measuringChangesNoBitOfTheWeights(String device) {
        assertThat(trained(device, new HiddenNorms())).isEqualTo(trained(device));
    }

    private static double[] trained(String device, Callback... callbacks) {
        try (Backend backend = Backends.open(device);
                LanguageModel model = TinyTask.model(backend);
                Learner learner = TinyTask.learner(model, TinyTask.options(), callbacks)) {
            learner.fit(1, Rates.of(1e-3));
            return TinyTask.weights(model);
        }
    }
}
