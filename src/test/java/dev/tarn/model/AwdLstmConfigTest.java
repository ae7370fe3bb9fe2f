package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import org.junit.jupiter.api.Test;

class AwdLstmConfigTest {

    private static final AwdLstmConfig FASTAI = AwdLstmConfig.defaults(60000);

    @Test
    void layersGoFromEmbeddingSizeThroughHiddenSizeBackToEmbeddingSize() {
        assertThat(FASTAI.inputSize(0)).isEqualTo(400);
        assertThat(FASTAI.hiddenSize(0)).isEqualTo(1152);
        assertThat(FASTAI.inputSize(1)).isEqualTo(1152);
        assertThat(FASTAI.hiddenSize(1)).isEqualTo(1152);
        assertThat(FASTAI.inputSize(2)).isEqualTo(1152);
        assertThat(FASTAI.hiddenSize(2)).isEqualTo(400);
        assertThat(FASTAI.groups()).isEqualTo(4);
        AwdLstmConfig single = FASTAI.withSizes(30, 50, 1);
        assertThat(single.inputSize(0)).isEqualTo(30);
        assertThat(single.hiddenSize(0)).isEqualTo(30);
    }

    @Test
    void dropMultScalesAllFiveDropoutsAndNothingElse() {
        assertThat(FASTAI.scaledDropout(0.5))
                .isEqualTo(new AwdLstmConfig(60000, 400, 1152, 3, 1, 0.01, 0.125, 0.1, 0.075, 0.05, true, true));
        assertThat(FASTAI.scaledDropout(1)).isEqualTo(FASTAI);
        assertThat(FASTAI.scaledDropout(0).inputP()).isZero();
    }

    @Test
    void aDropMultThatReachesOneIsRefusedWithTheDropoutThatDoes() {
        assertThatThrownBy(() -> FASTAI.scaledDropout(4))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("drop-mult 4.0")
                .hasMessageContaining("0.25")
                .hasMessageContaining("below 4.0");
        for (double wrong : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> FASTAI.scaledDropout(wrong)).isInstanceOf(ConfigException.class);
        }
    }

    @Test
    void sizesAndProbabilitiesOutOfRangeAreNamedWithTheirValue() {
        assertThatThrownBy(() -> FASTAI.withSizes(0, 1, 1))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("emb-sz is 0");
        assertThatThrownBy(() -> FASTAI.withSizes(1, -3, 1)).hasMessageContaining("n-hid is -3");
        assertThatThrownBy(() -> FASTAI.withSizes(1, 1, 0)).hasMessageContaining("n-layers is 0");
        assertThatThrownBy(() -> AwdLstmConfig.defaults(0)).hasMessageContaining("vocabulary is 0");
        assertThatThrownBy(() -> AwdLstmConfig.defaults(1)).hasMessageContaining("pad-token is 1");
        assertThatThrownBy(() -> dropouts(1, 0, 0, 0, 0)).hasMessageContaining("embed-p is 1.0");
        assertThatThrownBy(() -> dropouts(0, -0.1, 0, 0, 0)).hasMessageContaining("input-p is -0.1");
        assertThatThrownBy(() -> dropouts(0, 0, Double.NaN, 0, 0)).hasMessageContaining("weight-p is NaN");
        assertThatThrownBy(() -> dropouts(0, 0, 0, 2, 0)).hasMessageContaining("hidden-p is 2.0");
        // Rounds to 1 in single precision, where 1/(1-p) has no value.
        assertThatThrownBy(() -> dropouts(0, 0, 0, 0, 1 - 1e-12)).hasMessageContaining("output-p");
        assertThat(dropouts(0, 0, 0, 0, 0).outputP()).isZero();
    }

    private static AwdLstmConfig dropouts(double embed, double input, double weight, double hidden, double output) {
        return new AwdLstmConfig(10, 4, 6, 2, -1, embed, input, weight, hidden, output, true, true);
    }
}
