package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.OutOfDeviceMemoryException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.nn.Buffer;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.Seeds;
import dev.tarn.testkit.TestDevice;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ClassifierWorkspaceTest {

    private static final int BATCH = 4;
    private static final int BPTT = 5;
    private static final int MAX_LEN = 12;
    private static final AwdLstmConfig ENCODER = new AwdLstmConfig(19, 6, 9, 3, 1, 0.1, 0.3, 0.4, 0.3, 0.2, true, true);
    private static final TextClassifierConfig CONFIG =
            new TextClassifierConfig(ENCODER, 3, List.of(7), List.of(0.1), BPTT, MAX_LEN);
    private static final Regularization ALL = new Regularization(2, 1, 5, ArOn.RAW, NormForm.PAPER, false);

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @ParameterizedTest
    @CsvSource({
        "1,0,1",
        "1399,0,1399",
        "1400,1,1330",
        "1401,1,1331",
        "1469,1,1399",
        "1470,2,1330",
        "2000,9,1370",
        "3000,23,1390"
    })
    void theHeadSeesTheChunksThatFastaiKeeps(int steps, int firstKept, int kept) {
        TextClassifierConfig config = TextClassifierConfig.of(ENCODER, 2);
        assertThat(config.firstKept(steps)).isEqualTo(firstKept);
        assertThat(steps - firstKept * config.bptt()).isEqualTo(kept);
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void frozenGroupsGetNoGradientAndTheOthersTheSameAsEver(TestDevice device) {
        try (Backend backend = device.open();
                TextClassifier model = new TextClassifier(backend, CONFIG, 1);
                ClassifierWorkspace workspace = model.workspace(BATCH, 14)) {
            int[] ids = ids(14);
            ClassifierMasks masks = new DrawnClassifierMasks(CONFIG, seeds.seed());
            Map<String, double[]> all = gradients(model, workspace, ids, masks, 0);
            assertThat(all.values())
                    .allSatisfy(gradient -> assertThat(largest(gradient)).isPositive());
            double[] stats = GoldenModel.values(backend, workspace.stats());
            double[] penalties = GoldenModel.values(backend, workspace.penalties());
            assertThat(model.groups()).isEqualTo(5);
            for (int frozenTo = 1; frozenTo < model.groups(); frozenTo++) {
                Map<String, double[]> some = gradients(model, workspace, ids, masks, frozenTo);
                for (Parameter parameter : model.parameters().all()) {
                    String name = parameter.name();
                    double[] gradient = Objects.requireNonNull(some.get(name));
                    if (parameter.group() < frozenTo) {
                        assertThat(gradient).as(name).containsOnly(0);
                    } else {
                        assertClose(gradient, Objects.requireNonNull(all.get(name)));
                    }
                }
                assertClose(GoldenModel.values(backend, workspace.penalties()), penalties);
                assertClose(new double[] {GoldenModel.values(backend, workspace.stats())[0]}, new double[] {stats[0]});
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void documentsOfAnyLengthGiveTheSameInAnyWorkspaceAndInAnyOrder(TestDevice device) {
        try (Backend backend = device.open();
                TextClassifier model = new TextClassifier(backend, CONFIG, 1);
                ClassifierWorkspace training = model.workspace(BATCH, 40);
                ClassifierWorkspace evaluation = model.evaluationWorkspace(BATCH, 1000)) {
            int[] labels = new int[BATCH];
            for (int steps : new int[] {1, 5, 11, 12, 13, 39, 200}) {
                int[] ids = ids(steps);
                double[] first = logits(backend, evaluation, ids, steps);
                evaluation.forward(ids(17), 17);
                assertThat(logits(backend, evaluation, ids, steps)).isEqualTo(first);
                training.train(ids(7), 7, labels, new DrawnClassifierMasks(CONFIG, 1), Regularization.NONE, true, 4);
                double[] after = logits(backend, training, ids, steps);
                // Training has moved the running statistics, and nothing else.
                assertThat(logits(backend, evaluation, ids, steps)).isEqualTo(after);
                assertThat(after).isNotEqualTo(first);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void chunksThatTheHeadDoesNotSeeMatterThroughTheStateAlone(TestDevice device) {
        try (Backend backend = device.open();
                TextClassifier model = new TextClassifier(backend, CONFIG, 1);
                ClassifierWorkspace workspace = model.workspace(BATCH, 100)) {
            int[] ids = ids(18);
            // 18 - 12 = 6, so the chunks at 0 and 5 are not seen, and a word that stands there alone has no gradient.
            for (int i = 0; i < ids.length; i++) {
                ids[i] = ids[i] == 18 ? 17 : ids[i];
            }
            double before = loss(model, workspace, ids);
            ids[3 * BATCH] = 18;
            double after = loss(model, workspace, ids);
            double[] gradient = model.parameters().gradient("0.module.encoder.weight");
            assertThat(Arrays.copyOfRange(gradient, 18 * 6, 19 * 6)).containsOnly(0);
            assertThat(largest(gradient)).isPositive();
            assertThat(after).isNotEqualTo(before);
        }
    }

    private static double loss(TextClassifier model, ClassifierWorkspace workspace, int[] ids) {
        model.parameters().zeroGradients();
        workspace.train(ids, 18, new int[BATCH], ClassifierMasks.NONE, ALL, true, 0);
        return GoldenModel.values(model.backend(), workspace.stats())[0];
    }

    @Test
    void masksOfEveryChunkDiffer() {
        DrawnClassifierMasks masks = new DrawnClassifierMasks(CONFIG, 1);
        assertThat(masks.chunk(0).weight(0)).isEqualTo(masks.chunk(0).weight(0));
        assertThat(masks.chunk(1).weight(0)).isNotEqualTo(masks.chunk(0).weight(0));
        assertThat(new DrawnClassifierMasks(CONFIG, 1).step(1).chunk(0).input())
                .isNotEqualTo(masks.chunk(0).input());
        assertThat(masks.head(0)).isNotEqualTo(masks.head(1));
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void batchesOfOneWordAndOfPaddingAloneGiveFiniteNumbers(TestDevice device) {
        try (Backend backend = device.open();
                TextClassifier model = new TextClassifier(backend, CONFIG, 1);
                ClassifierWorkspace workspace = model.workspace(BATCH, 1)) {
            int[] labels = {0, 1, 2, 0};
            workspace.train(new int[] {5, 6, 7, 1}, 1, labels, new DrawnClassifierMasks(CONFIG, 1), ALL, true, 0);
            assertThat(GoldenModel.values(backend, workspace.stats())[0]).isFinite();
            assertThat(GoldenModel.values(backend, workspace.penalties())[1]).isZero();
            for (Parameter parameter : model.parameters().all()) {
                assertThat(largest(model.parameters().gradient(parameter.name())))
                        .isFinite();
            }
            for (double logit : logits(backend, workspace, new int[] {1, 1, 1, 1}, 1)) {
                assertThat(logit).isFinite();
            }
        }
    }

    @Test
    void weightsStartAsFastaisDo() {
        try (Backend backend = OnEveryBackend.reference();
                TextClassifier model = new TextClassifier(backend, CONFIG, 1)) {
            assertThat(model.parameters().doubles("1.layers.0.weight")).containsOnly(1);
            assertThat(model.parameters().doubles("1.layers.0.bias")).containsOnly(0);
            assertUniform(model, "1.layers.2.weight", 1 / Math.sqrt(18));
            assertUniform(model, "1.layers.6.weight", 1 / Math.sqrt(7));
            assertUniform(model, "0.module.encoder.weight", 0.1);
            assertUniform(model, "0.module.rnns.1.weight_hh_l0_raw", 1 / 3.0);
            assertThat(model.buffers())
                    .extracting(Buffer::name)
                    .containsExactly(
                            "1.layers.0.running_mean",
                            "1.layers.0.running_var",
                            "1.layers.4.running_mean",
                            "1.layers.4.running_var");
            assertThat(model.counters())
                    .containsExactly("1.layers.0.num_batches_tracked", "1.layers.4.num_batches_tracked");
            assertThat(GoldenModel.values(backend, model.buffers().get(1).value()))
                    .containsOnly(1);
        }
    }

    private static void assertUniform(TextClassifier model, String name, double bound) {
        assertThat(largest(model.parameters().doubles(name))).isBetween(0.8 * bound, bound);
    }

    @Test
    void countsAreThoseOfTheSeedNotebook() {
        TextClassifierConfig config = TextClassifierConfig.of(AwdLstmConfig.classifierDefaults(60_000), 2);
        assertThat(TextClassifier.parameterCount(config))
                .isEqualTo(24_000_000 + 7_160_832 + 10_626_048 + 2_486_400 + 62_652);
    }

    @Test
    void theMemoryFormulaCountsEveryTensorOfAWorkspace() {
        try (Backend backend = OnEveryBackend.reference();
                TextClassifier model = new TextClassifier(backend, CONFIG, 1)) {
            for (boolean training : List.of(true, false)) {
                for (int longest : new int[] {3, 9, 11, 500}) {
                    try (ClassifierWorkspace workspace =
                            training ? model.workspace(3, longest) : model.evaluationWorkspace(3, longest)) {
                        int columns =
                                longest < BPTT ? longest : (Math.min(longest, MAX_LEN - 1) + BPTT - 1) / BPTT * BPTT;
                        long ids = (columns * 3L + 3 + 3 * 6) * Integer.BYTES;
                        long reals =
                                (ClassifierWorkspace.activationBytes(CONFIG, 3, longest, training) - ids) / Float.BYTES;
                        assertThat(workspace.arenaBytes()).isEqualTo(ids + reals * Double.BYTES);
                    }
                }
            }
        }
    }

    @Test
    void whatCannotRunIsRefusedBeforeAnythingRuns() {
        try (Backend backend = OnEveryBackend.reference();
                TextClassifier model = new TextClassifier(backend, CONFIG, 1);
                ClassifierWorkspace workspace = model.workspace(BATCH, 7);
                ClassifierWorkspace evaluation = model.evaluationWorkspace(1, 7)) {
            assertThatThrownBy(() -> model.workspace(1, 7))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("--bs 1")
                    .hasMessageContaining("batch norm");
            assertThatThrownBy(() -> workspace.forward(ids(11), 11)).hasMessageContaining("11 columns");
            assertThatThrownBy(() -> train(evaluation, ids(7), new int[BATCH], 0))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> train(workspace, ids(7), new int[BATCH], 5))
                    .hasMessageContaining("frozenTo 5");
            assertThatThrownBy(() -> train(workspace, ids(7), new int[] {0, 0, 3, 0}, 0))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("Label 3");
            int[] outside = ids(7);
            outside[4] = 19;
            assertThatThrownBy(() -> workspace.forward(outside, 7))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("id 19");
            assertThatThrownBy(() -> model.workspace(30_000_000, 1000))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("--bs 15000000")
                    .hasMessageContaining("--max-len");
            assertThatThrownBy(() -> new TextClassifierConfig(ENCODER, 1, List.of(), List.of(), 70, 1400))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("1 class");
            assertThatThrownBy(() -> new TextClassifierConfig(ENCODER, 2, List.of(), List.of(), 70, 70))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("max-len");
        }
    }

    private static void train(ClassifierWorkspace workspace, int[] ids, int[] labels, int frozenTo) {
        workspace.train(ids, 7, labels, ClassifierMasks.NONE, ALL, true, frozenTo);
    }

    private Map<String, double[]> gradients(
            TextClassifier model, ClassifierWorkspace workspace, int[] ids, ClassifierMasks masks, int frozenTo) {
        model.parameters().zeroGradients();
        workspace.train(ids, ids.length / BATCH, new int[] {0, 2, 1, 1}, masks, ALL, true, frozenTo);
        Map<String, double[]> gradients = new LinkedHashMap<>();
        for (Parameter parameter : model.parameters().all()) {
            gradients.put(parameter.name(), model.parameters().gradient(parameter.name()));
        }
        return gradients;
    }

    private static double[] logits(Backend backend, ClassifierWorkspace workspace, int[] ids, int steps) {
        workspace.forward(ids, steps);
        return GoldenModel.values(backend, workspace.logits());
    }

    /** Documents of different lengths, one of them as long as the batch, padded on the left. */
    private int[] ids(int steps) {
        int[] ids = new int[steps * BATCH];
        Arrays.fill(ids, ENCODER.padToken());
        for (int b = 0; b < BATCH; b++) {
            int length = b == 0 ? steps : seeds.between(1, steps);
            for (int t = steps - length; t < steps; t++) {
                ids[t * BATCH + b] = seeds.between(2, ENCODER.vocab() - 1);
            }
        }
        return ids;
    }

    /** Within sixty-four units in the last place of the largest value, in single precision: sums in another order. */
    private static void assertClose(double[] got, double[] expected) {
        double allowed = 64 * Math.ulp((float) largest(expected));
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.length; i++) {
            assertThat(Math.abs(got[i] - expected[i])).as("element %d", i).isLessThanOrEqualTo(allowed);
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElseThrow();
    }
}
