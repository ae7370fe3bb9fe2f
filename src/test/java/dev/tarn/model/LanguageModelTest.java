package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.OutOfDeviceMemoryException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import dev.tarn.nn.Parameter;
import dev.tarn.testkit.TestDevice;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LanguageModelTest {

    private static final AwdLstmConfig CONFIG = AwdLstmConfig.defaults(211).withSizes(20, 33, 3);

    @Test
    void parametersCarryFastaisNamesAndGroups() {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1)) {
            assertThat(model.parameters().all())
                    .extracting(p -> p.group() + " " + p.name() + " " + Arrays.toString(p.shape()))
                    .containsExactly(
                            "0 0.rnns.0.weight_hh_l0_raw [132, 33]",
                            "0 0.rnns.0.module.weight_ih_l0 [132, 20]",
                            "0 0.rnns.0.module.bias_ih_l0 [132]",
                            "0 0.rnns.0.module.bias_hh_l0 [132]",
                            "1 0.rnns.1.weight_hh_l0_raw [132, 33]",
                            "1 0.rnns.1.module.weight_ih_l0 [132, 33]",
                            "1 0.rnns.1.module.bias_ih_l0 [132]",
                            "1 0.rnns.1.module.bias_hh_l0 [132]",
                            "2 0.rnns.2.weight_hh_l0_raw [80, 20]",
                            "2 0.rnns.2.module.weight_ih_l0 [80, 33]",
                            "2 0.rnns.2.module.bias_ih_l0 [80]",
                            "2 0.rnns.2.module.bias_hh_l0 [80]",
                            "3 0.encoder.weight [211, 20]",
                            "3 1.decoder.bias [211]");
            assertThat(model.groups()).isEqualTo(4);
            assertThat(model.parameters().segments(3)).hasSize(1);
            assertThat(model.parameters().segments(0)).hasSize(4);
        }
    }

    @Test
    void fullSizeHasAsManyParametersAsFastais() {
        // 24,000,000 + 7,160,832 + 10,626,048 + 2,486,400 + 60,000
        assertThat(LanguageModel.parameterCount(AwdLstmConfig.defaults(60000))).isEqualTo(44_333_280);
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1)) {
            assertThat(model.parameters().count()).isEqualTo(LanguageModel.parameterCount(CONFIG));
        }
    }

    @Test
    void anUntiedDecoderHasItsOwnMatrixAndNoBiasMeansNone() {
        AwdLstmConfig config = new AwdLstmConfig(30, 5, 7, 2, 1, 0, 0, 0, 0, 0, false, false);
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, config, 1)) {
            assertThat(model.parameters().has(LanguageModel.DECODER)).isTrue();
            assertThat(model.parameters().has(LanguageModel.DECODER_BIAS)).isFalse();
            assertThat(model.parameters().doubles(LanguageModel.DECODER))
                    .isNotEqualTo(model.parameters().doubles(LanguageModel.ENCODER));
        }
    }

    @Test
    void weightsStartUniformlyWithinFastaisBounds() {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, CONFIG, 3)) {
            for (Parameter parameter : model.parameters().all()) {
                double[] values = model.parameters().doubles(parameter.name());
                if (parameter.name().equals(LanguageModel.DECODER_BIAS)) {
                    assertThat(values).containsOnly(0);
                    continue;
                }
                double bound = parameter.group() == 3 ? 0.1 : 1 / Math.sqrt(CONFIG.hiddenSize(parameter.group()));
                assertUniform(parameter.name(), values, bound);
            }
            // Up to fastai 1.0.60 the padding row starts like the others.
            double[] encoder = model.parameters().doubles(LanguageModel.ENCODER);
            assertThat(Arrays.copyOfRange(encoder, 20, 40)).doesNotContain(0);
        }
    }

    @Test
    void drawingInBlocksGivesTheNumbersOfTheDefinition() {
        RandomKey key = new RandomKey(0x123456789ABCDEFL, RandomKey.Purpose.INITIALISATION, 3, 0);
        long start = 1L << 20;
        for (int length : new int[] {1, 5, 8191, 8192, 20_003}) {
            float[] drawn = new float[length];
            Initialisation.draw(key, start, 0.1, drawn);
            for (int i = 0; i < length; i++) {
                assertThat(drawn[i]).isEqualTo((float) ((2 * Philox.uniform(key, start + i) - 1) * 0.1));
            }
        }
    }

    /** Six standard deviations of the mean and of the mean square of n uniform numbers. */
    private static void assertUniform(String name, double[] values, double bound) {
        double n = values.length;
        double mean = Arrays.stream(values).sum() / n;
        double square = Arrays.stream(values).map(v -> v * v).sum() / n;
        assertThat(Arrays.stream(values).map(Math::abs).max().orElseThrow())
                .as(name)
                .isLessThanOrEqualTo(bound)
                .isGreaterThan(bound * (1 - 20 / n));
        assertThat(mean).as(name).isCloseTo(0, within(6 * bound / Math.sqrt(3 * n)));
        assertThat(square).as(name).isCloseTo(bound * bound / 3, within(6 * bound * bound * Math.sqrt(4 / 45.0 / n)));
    }

    @ParameterizedTest
    @MethodSource("dev.tarn.model.OnEveryBackend#available")
    void theSeedDecidesTheSameWeightsOnEveryBackend(TestDevice device) {
        try (Backend reference = OnEveryBackend.reference();
                Backend backend = device.open();
                LanguageModel expected = new LanguageModel(reference, CONFIG, 5);
                LanguageModel got = new LanguageModel(backend, CONFIG, 5);
                LanguageModel other = new LanguageModel(backend, CONFIG, 6)) {
            for (Parameter parameter : expected.parameters().all()) {
                String name = parameter.name();
                assertThat(got.parameters().doubles(name))
                        .isEqualTo(expected.parameters().doubles(name));
                if (!name.equals(LanguageModel.DECODER_BIAS)) {
                    assertThat(other.parameters().doubles(name))
                            .isNotEqualTo(expected.parameters().doubles(name));
                }
            }
        }
    }

    @Test
    void theMemoryFormulaCountsEveryTensorOfAWorkspace() {
        for (boolean training : List.of(true, false)) {
            for (int layers = 1; layers <= 4; layers++) {
                AwdLstmConfig config = CONFIG.withSizes(12, layers == 4 ? 5 : 17, layers);
                try (Backend backend = OnEveryBackend.reference();
                        LanguageModel model = new LanguageModel(backend, config, 1);
                        LmWorkspace workspace = training ? model.workspace(3, 7) : model.evaluationWorkspace(3, 7)) {
                    long ids = 2L * 3 * 7 * Integer.BYTES;
                    long reals = (LmWorkspace.activationBytes(config, 3, 7, training) - ids) / Float.BYTES;
                    assertThat(workspace.arenaBytes()).isEqualTo(ids + reals * Double.BYTES);
                }
            }
        }
    }

    @Test
    void aWorkspaceThatDoesNotFitSaysHowMuchItNeedsAndWhatWouldNeedHalf() {
        try (Backend backend = OnEveryBackend.reference();
                LanguageModel model = new LanguageModel(backend, CONFIG, 1)) {
            assertThatThrownBy(() -> model.workspace(3_000_000, 1000))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("--bs 3000000")
                    .hasMessageContaining("MiB")
                    .hasMessageContaining("--bs 1500000");
        }
    }
}
