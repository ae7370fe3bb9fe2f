package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Seeds;
import dev.tarn.testkit.TestDevice;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LmWorkspaceTest {

    private static final int BATCH = 3;
    private static final AwdLstmConfig CONFIG = new AwdLstmConfig(19, 5, 7, 3, 1, 0.1, 0.3, 0.4, 0.3, 0.2, true, true);
    private static final Regularization ALL = new Regularization(2, 1, 5, ArOn.DROPPED, NormForm.PAPER, false);

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void aWindowOfEightEqualsOneOfFiveAndOneOfThree(TestDevice device) {
        int[] ids = seeds.ids(8 * BATCH, CONFIG.vocab());
        try (Backend backend = device.open();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace whole = model.workspace(BATCH, 8);
                LmWorkspace parts = model.evaluationWorkspace(BATCH, 6)) {
            double[] expected = logits(backend, whole, ids, 8);
            double[] first = logits(backend, parts, ids, 5);
            double[] second = logits(backend, parts, Arrays.copyOfRange(ids, 5 * BATCH, 8 * BATCH), 3);
            double[] got = Arrays.copyOf(first, expected.length);
            System.arraycopy(second, 0, got, first.length, second.length);
            assertClose(got, expected);
            for (int layer = 0; layer < CONFIG.nLayers(); layer++) {
                assertClose(
                        GoldenModel.values(backend, parts.hidden(layer)),
                        GoldenModel.values(backend, whole.hidden(layer)));
                assertClose(
                        GoldenModel.values(backend, parts.cell(layer)), GoldenModel.values(backend, whole.cell(layer)));
            }

            parts.resetState();
            assertClose(logits(backend, parts, ids, 5), first);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void theCarriedStateCanBeKeptAndPutBack(TestDevice device) {
        int[] ids = seeds.ids(4 * BATCH, CONFIG.vocab());
        try (Backend backend = device.open();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace workspace = model.evaluationWorkspace(BATCH, 4);
                LmWorkspace other = model.workspace(BATCH, 4)) {
            workspace.forward(ids, 4);
            float[][] state = workspace.state();
            assertThat(Arrays.stream(state).map(part -> part.length)).containsExactly(21, 21, 21, 21, 15, 15);
            double[] expected = logits(backend, workspace, ids, 2);
            other.state(state);
            assertThat(other.state()).isDeepEqualTo(state);
            assertClose(logits(backend, other, ids, 2), expected);
            workspace.resetState();
            for (float[] part : workspace.state()) {
                assertThat(part).containsOnly(0);
            }
        }
    }

    @Test
    void aStateOfAnotherModelOrBatchIsRefused() {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace workspace = model.evaluationWorkspace(BATCH, 4);
                LmWorkspace wider = model.evaluationWorkspace(BATCH + 1, 4)) {
            assertThatThrownBy(() -> workspace.state(wider.state())).hasMessageContaining("batch 3");
            assertThatThrownBy(() -> workspace.state(new float[4][])).hasMessageContaining("4 tensors");
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void frozenGroupsGetNoGradientAndTheOthersTheSameAsEver(TestDevice device) {
        int[] ids = seeds.ids(6 * BATCH, CONFIG.vocab());
        try (Backend backend = device.open();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace workspace = model.workspace(BATCH, 6)) {
            MaskSource masks = new DrawnMasks(CONFIG, seeds.seed());
            Map<String, double[]> all = gradients(model, workspace, ids, masks, 0);
            assertThat(all.values())
                    .allSatisfy(gradient -> assertThat(largest(gradient)).isPositive());
            double[] stats = GoldenModel.values(backend, workspace.stats());
            double[] penalties = GoldenModel.values(backend, workspace.penalties());
            for (int frozenTo = 1; frozenTo <= model.groups(); frozenTo++) {
                Map<String, double[]> some = gradients(model, workspace, ids, masks, frozenTo);
                for (Parameter parameter : model.parameters().all()) {
                    String name = parameter.name();
                    if (parameter.group() < frozenTo) {
                        assertThat(some.get(name)).as(name).containsOnly(0);
                    } else {
                        assertClose(Objects.requireNonNull(some.get(name)), Objects.requireNonNull(all.get(name)));
                    }
                }
                assertClose(GoldenModel.values(backend, workspace.penalties()), penalties);
                assertThat(GoldenModel.values(backend, workspace.stats())[0]).isEqualTo(stats[0]);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void aWindowWritesTheGradientsOfWhatTrainsWhateverWasThere(TestDevice device) {
        int[] ids = seeds.ids(6 * BATCH, CONFIG.vocab());
        AwdLstmConfig untied = new AwdLstmConfig(19, 5, 7, 3, 1, 0.1, 0.3, 0.4, 0.3, 0.2, false, true);
        for (AwdLstmConfig config : List.of(CONFIG, untied)) {
            try (Backend backend = device.open();
                    LanguageModel model = new LanguageModel(backend, config, 1);
                    LmWorkspace workspace = model.workspace(BATCH, 6)) {
                MaskSource masks = new DrawnMasks(config, seeds.seed());
                Map<String, double[]> fromZeros = gradients(model, workspace, ids, masks, 1);
                for (Parameter parameter : model.parameters().all()) {
                    double[] nonsense = new double[Math.toIntExact(parameter.size())];
                    Arrays.fill(nonsense, Double.NaN);
                    backend.upload(nonsense, parameter.gradient());
                }
                workspace.resetState();
                workspace.train(ids, ids, 6, masks, ALL, 1, false);
                for (Parameter parameter : model.parameters().all()) {
                    double[] written = model.parameters().gradient(parameter.name());
                    if (parameter.group() < 1) {
                        assertThat(written).as(parameter.name()).containsOnly(Double.NaN);
                    } else {
                        assertThat(written).as(parameter.name()).isEqualTo(fromZeros.get(parameter.name()));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void weightDropChangesWhatTheStateDoesAndNotTheFirstStep(TestDevice device) {
        AwdLstmConfig config = new AwdLstmConfig(19, 5, 7, 1, 1, 0, 0, 0.5, 0, 0, true, true);
        int[] ids = seeds.ids(3 * BATCH, config.vocab());
        DrawnMasks masks = new DrawnMasks(config, seeds.seed());
        try (Backend backend = device.open();
                LanguageModel model = new LanguageModel(backend, config, 1);
                LmWorkspace workspace = model.workspace(BATCH, 3)) {
            double[][] runs = new double[2][];
            for (int run = 0; run < 2; run++) {
                workspace.resetState();
                workspace.train(ids, ids, 3, masks.step(run), Regularization.NONE, 0, false);
                runs[run] = GoldenModel.values(backend, workspace.raw(0));
            }
            int step = BATCH * config.hiddenSize(0);
            assertThat(Arrays.copyOf(runs[1], step)).isEqualTo(Arrays.copyOf(runs[0], step));
            for (int t = 1; t < 3; t++) {
                assertThat(Arrays.copyOfRange(runs[1], t * step, (t + 1) * step))
                        .isNotEqualTo(Arrays.copyOfRange(runs[0], t * step, (t + 1) * step));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void evaluationUsesNoDropoutAlsoRightAfterTraining(TestDevice device) {
        int[] ids = seeds.ids(4 * BATCH, CONFIG.vocab());
        try (Backend backend = device.open();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace workspace = model.workspace(BATCH, 4)) {
            workspace.evaluate(ids, ids, 4);
            double[] expected = GoldenModel.values(backend, workspace.stats());
            workspace.resetState();
            workspace.train(ids, ids, 4, new DrawnMasks(CONFIG, seeds.seed()), ALL, 0, false);
            assertThat(GoldenModel.values(backend, workspace.stats())[0]).isNotEqualTo(expected[0]);
            assertThat(GoldenModel.values(backend, workspace.stats())[1]).isNaN();
            workspace.resetState();
            workspace.evaluate(ids, ids, 4);
            assertThat(GoldenModel.values(backend, workspace.stats())).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void everyWorkspaceSeesAnOptimizerStepThatOneWasToldOf(TestDevice device) {
        int[] ids = seeds.ids(4 * BATCH, CONFIG.vocab());
        try (Backend backend = device.open();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace training = model.workspace(BATCH, 4);
                LmWorkspace evaluation = model.evaluationWorkspace(BATCH, 4)) {
            double before = loss(backend, evaluation, ids);
            training.train(ids, ids, 4, MaskSource.NONE, Regularization.NONE, 0, false);
            double[] rates = new double[model.groups()];
            Arrays.fill(rates, 1);
            double[] decay = new double[model.groups()];
            backend.sgd(
                    model.parameters().values(),
                    model.parameters().gradients(),
                    null,
                    model.parameters().segments(0),
                    rates,
                    decay,
                    true,
                    0,
                    1,
                    null);
            training.weightsChanged();
            assertThat(loss(backend, evaluation, ids)).isLessThan(before);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void tiedWeightsGetTheSumOfWhatLookupAndDecoderWouldGetAlone(TestDevice device) {
        int[] ids = seeds.ids(6 * BATCH, CONFIG.vocab());
        int[] targets = seeds.ids(6 * BATCH, CONFIG.vocab());
        AwdLstmConfig untiedConfig = new AwdLstmConfig(19, 5, 7, 3, 1, 0.1, 0.3, 0.4, 0.3, 0.2, false, true);
        try (Backend backend = device.open();
                LanguageModel tied = new LanguageModel(backend, CONFIG, 1);
                LanguageModel untied = new LanguageModel(backend, untiedConfig, 2);
                LmWorkspace tiedWorkspace = tied.workspace(BATCH, 6);
                LmWorkspace untiedWorkspace = untied.workspace(BATCH, 6)) {
            for (Parameter parameter : tied.parameters().all()) {
                untied.parameters().set(parameter.name(), tied.parameters().floats(parameter.name()));
            }
            untied.parameters().set(LanguageModel.DECODER, tied.parameters().floats(LanguageModel.ENCODER));
            MaskSource masks = new DrawnMasks(CONFIG, seeds.seed());
            tiedWorkspace.train(ids, targets, 6, masks, ALL, 0, false);
            untiedWorkspace.train(ids, targets, 6, masks, ALL, 0, false);
            double[] lookup = untied.parameters().gradient(LanguageModel.ENCODER);
            double[] decoder = untied.parameters().gradient(LanguageModel.DECODER);
            assertThat(largest(lookup)).isPositive();
            double[] sum = new double[lookup.length];
            for (int i = 0; i < sum.length; i++) {
                sum[i] = lookup[i] + decoder[i];
            }
            assertClose(tied.parameters().gradient(LanguageModel.ENCODER), sum);
        }
    }

    @Test
    void thePaddingRowGetsNoGradientThroughTheLookup() {
        int[] padding = new int[4 * BATCH];
        Arrays.fill(padding, CONFIG.padToken());
        AwdLstmConfig config = new AwdLstmConfig(19, 5, 7, 3, 1, 0, 0, 0, 0, 0, false, true);
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, config, 1);
                LmWorkspace workspace = model.workspace(BATCH, 4)) {
            workspace.train(padding, padding, 4, MaskSource.NONE, ALL, 0, false);
            assertThat(model.parameters().gradient(LanguageModel.ENCODER)).containsOnly(0);
            assertThat(largest(model.parameters().gradient(LanguageModel.DECODER)))
                    .isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void normsAreThoseOfTheRawOutputOfTheLastLayer(TestDevice device) {
        int[] ids = seeds.ids(6 * BATCH, CONFIG.vocab());
        try (Backend backend = device.open();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace workspace = model.workspace(BATCH, 6)) {
            workspace.train(ids, ids, 4, new DrawnMasks(CONFIG, seeds.seed()), ALL, 0, true);
            double[] h = GoldenModel.values(backend, workspace.raw(2));
            double[] norms = GoldenModel.values(backend, workspace.norms());
            assertThat(norms).hasSize(4 * BATCH);
            double[] expected = new double[norms.length];
            for (int i = 0; i < h.length; i++) {
                expected[i / 5] += h[i] * h[i];
            }
            Arrays.setAll(expected, i -> Math.sqrt(expected[i]));
            assertClose(norms, expected);
        }
    }

    @Test
    void whatCannotRunIsRefusedBeforeAnythingRuns() {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1);
                LmWorkspace workspace = model.workspace(BATCH, 4);
                LmWorkspace evaluation = model.evaluationWorkspace(BATCH, 4)) {
            int[] ids = new int[5 * BATCH];
            assertThatThrownBy(() -> workspace.forward(ids, 5)).hasMessageContaining("5 steps");
            assertThatThrownBy(() -> workspace.forward(ids, 0)).hasMessageContaining("0 steps");
            assertThatThrownBy(() -> train(evaluation, ids, 0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> train(workspace, ids, 5)).hasMessageContaining("frozenTo 5");
            assertThatThrownBy(() -> model.workspace(0, 4)).hasMessageContaining("batch 0");
            int[] outside = ids.clone();
            outside[4] = 19;
            assertThatThrownBy(() -> workspace.forward(outside, 4))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("id 19")
                    .hasMessageContaining("vocabulary of 19");
            assertThatThrownBy(() -> workspace.evaluate(ids, outside, 4)).isInstanceOf(DataException.class);
        }
    }

    private static void train(LmWorkspace workspace, int[] ids, int frozenTo) {
        workspace.train(ids, ids, 4, MaskSource.NONE, ALL, frozenTo, false);
    }

    private static double loss(Backend backend, LmWorkspace workspace, int[] ids) {
        workspace.resetState();
        workspace.evaluate(ids, ids, 4);
        return GoldenModel.values(backend, workspace.stats())[0];
    }

    private static Map<String, double[]> gradients(
            LanguageModel model, LmWorkspace workspace, int[] ids, MaskSource masks, int frozenTo) {
        model.parameters().zeroGradients();
        workspace.resetState();
        workspace.train(ids, ids, 6, masks, ALL, frozenTo, false);
        Map<String, double[]> gradients = new HashMap<>();
        for (Parameter parameter : model.parameters().all()) {
            gradients.put(parameter.name(), model.parameters().gradient(parameter.name()));
        }
        return gradients;
    }

    private static double[] logits(Backend backend, LmWorkspace workspace, int[] ids, int steps) {
        workspace.forward(ids, steps);
        try (Arena arena = backend.arena("test")) {
            Tensor logits = arena.real("logits", steps, BATCH, CONFIG.vocab());
            workspace.logits(0, logits);
            double[] all = GoldenModel.values(backend, logits);
            Tensor last = arena.real("last logits", 1, BATCH, CONFIG.vocab());
            workspace.logits(steps - 1, last);
            assertClose(
                    GoldenModel.values(backend, last),
                    Arrays.copyOfRange(all, all.length - BATCH * CONFIG.vocab(), all.length));
            return all;
        }
    }

    /** Within sixteen units in the last place of the largest value, in single precision: sums in another order. */
    private static void assertClose(double[] got, double[] expected) {
        double allowed = 16 * Math.ulp((float) largest(expected));
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.length; i++) {
            assertThat(Math.abs(got[i] - expected[i])).as("element %d", i).isLessThanOrEqualTo(allowed);
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElseThrow();
    }
}
