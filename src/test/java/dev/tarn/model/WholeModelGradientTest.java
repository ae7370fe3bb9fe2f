package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Gradients;
import dev.tarn.testkit.Seeds;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every parameter of a whole model against central differences of its total loss, all dropouts drawn. */
class WholeModelGradientTest {

    private static final int BATCH = 2;
    private static final int STEPS = 4;

    @RegisterExtension
    final Seeds seeds = new Seeds();

    record Case(int layers, boolean tied, Regularization regularization) {}

    static List<Case> cases() {
        return List.of(
                new Case(3, true, Regularization.NONE),
                new Case(3, true, new Regularization(2, 1, 0, ArOn.DROPPED, NormForm.PAPER, false)),
                new Case(2, false, new Regularization(2, 1, 1.5f, ArOn.RAW, NormForm.PAPER, true)),
                new Case(1, true, new Regularization(0.5f, 3, 1.5f, ArOn.DROPPED, NormForm.SEED, false)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyGradientIsTheDerivativeOfLossAndRegularizers(Case what) {
        // No padding token: its row would get no gradient through the lookup although the loss depends on it.
        AwdLstmConfig config = new AwdLstmConfig(7, 3, 4, what.layers, -1, 0.2, 0.3, 0.4, 0.3, 0.2, what.tied, true);
        int[] inputs = seeds.ids(STEPS * BATCH, config.vocab());
        int[] targets = seeds.ids(STEPS * BATCH, config.vocab());
        MaskSource masks = new DrawnMasks(config, seeds.seed());
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, config, 1);
                LmWorkspace workspace = model.workspace(BATCH, STEPS)) {
            for (Parameter parameter : model.parameters().all()) {
                model.parameters().set(parameter.name(), seeds.doubles(Math.toIntExact(parameter.size()), 0.7));
            }
            float[][] state = workspace.state();
            for (int i = 0; i < state.length; i++) {
                state[i] = seeds.floats(state[i].length, 0.5);
            }
            ToDoubleFunction<double[]> total = ignored -> {
                workspace.state(state);
                workspace.train(inputs, targets, STEPS, masks, what.regularization, 0, false);
                return GoldenModel.values(backend, workspace.stats())[0]
                        + Arrays.stream(GoldenModel.values(backend, workspace.penalties()))
                                .sum();
            };
            model.parameters().zeroGradients();
            assertThat(total.applyAsDouble(new double[0])).isFinite();
            double[][] gradients = model.parameters().all().stream()
                    .map(parameter -> model.parameters().gradient(parameter.name()))
                    .toArray(double[][]::new);
            for (int i = 0; i < gradients.length; i++) {
                String name = model.parameters().all().get(i).name();
                double[] here = model.parameters().doubles(name);
                Gradients.assertMatch(what + " " + name, here, gradients[i], values -> {
                    model.parameters().set(name, values);
                    return total.applyAsDouble(values);
                });
                model.parameters().set(name, here);
            }
        }
    }
}
