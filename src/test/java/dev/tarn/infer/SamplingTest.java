package dev.tarn.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.ConfigException;
import dev.tarn.testkit.Seeds;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SamplingTest {

    private static final double[] PROBABILITIES = {0.1, 0.2, 0.4, 0.25, 0.05};

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @Test
    void temperatureOneDrawsFromTheModelsOwnDistribution() {
        assertShares(new Sampling(1, 0, false, 0), 0.1, 0.2, 0.4, 0.25, 0.05);
    }

    @Test
    void theUnknownTokenIsNeverDrawnByDefault() {
        assertShares(Sampling.DEFAULT, 0, 0.2, 0.4, 0.25, 0.05);
    }

    @Test
    void temperatureRaisesProbabilitiesToItsInverse() {
        assertShares(new Sampling(0.5, 0, false, 0), 0.01, 0.04, 0.16, 0.0625, 0.0025);
        assertShares(
                new Sampling(2, 0, false, 0), Math.sqrt(0.1), Math.sqrt(0.2), Math.sqrt(0.4), 0.5, Math.sqrt(0.05));
    }

    @Test
    void topKKeepsTheLikeliestAndOneIsGreedy() {
        assertShares(new Sampling(1, 2, false, 0), 0, 0, 0.4, 0.25, 0);
        assertShares(new Sampling(1, 1, false, 0), 0, 0, 1, 0, 0);
        assertShares(new Sampling(1, 4, true, 0), 0, 0.2, 0.4, 0.25, 0.05);
        assertShares(new Sampling(1, 100, false, 0), PROBABILITIES);
    }

    @Test
    void theLowerIdWinsATieOfTopK() {
        double[] logits = {1, 3, 2, 3, 3};
        new Sampling(1, 2, false, 0).weights(logits, 0);
        assertThat(logits).containsExactly(0, 1, 0, 1, 0);
    }

    @Test
    void minPForbidsWhatTheModelGivesLessAndIsIgnoredWhereNothingReachesIt() {
        assertShares(new Sampling(1, 0, false, 0.21), 0, 0, 0.4, 0.25, 0);
        // The threshold is on the model's probability: before the temperature, after the unknown token is forbidden.
        assertShares(new Sampling(0.5, 0, true, 0.09), 0, 0.04, 0.16, 0.0625, 0);
        assertShares(new Sampling(1, 0, false, 0.41), PROBABILITIES);
    }

    @Test
    void topPKeepsTheFewestLikeliestTokensWithThatProbability() {
        assertShares(new Sampling(1, 0, false, 0, 0.39), 0, 0, 0.4, 0, 0);
        assertShares(new Sampling(1, 0, false, 0, 0.41), 0, 0, 0.4, 0.25, 0);
        assertShares(new Sampling(1, 0, false, 0, 0.94), 0.1, 0.2, 0.4, 0.25, 0);
        assertShares(new Sampling(1, 0, false, 0, 1), PROBABILITIES);
        // Its share is of what the others leave (0.4 of 0.9 and of 0.65), and the temperature comes after it.
        assertShares(new Sampling(1, 0, true, 0, 0.43), 0, 0, 0.4, 0, 0);
        assertShares(new Sampling(1, 2, false, 0, 0.61), 0, 0, 0.4, 0, 0);
        assertShares(new Sampling(0.5, 0, false, 0, 0.6), 0, 0, 0.16, 0.0625, 0);
    }

    @Test
    void largeLogitsDoNotOverflow() {
        double[] logits = {800, 1000, 999};
        Sampling.DEFAULT.weights(logits, 0);
        assertThat(logits[0]).isZero();
        assertThat(logits[1]).isOne();
        assertThat(logits[2]).isCloseTo(Math.exp(-1), within(1e-12));
    }

    @Test
    void aUniformNumberFallsIntoTheShareOfItsToken() {
        double[] weights = {0, 1, 0, 3, 0};
        assertThat(Sampling.draw(weights, 0)).isEqualTo(1);
        assertThat(Sampling.draw(weights, 0.2499)).isEqualTo(1);
        assertThat(Sampling.draw(weights, 0.25)).isEqualTo(3);
        assertThat(Sampling.draw(weights, Math.nextDown(1.0))).isEqualTo(3);
        double[] many = seeds.doubles(1000, 1);
        Arrays.setAll(many, i -> i % 3 == 0 ? 0 : Math.abs(many[i]));
        for (int i = 0; i < 1000; i++) {
            assertThat(many[Sampling.draw(many, seeds.random().nextDouble())]).isPositive();
        }
    }

    @Test
    void valuesOutOfRangeAreNamed() {
        assertThatThrownBy(() -> new Sampling(0, 0, true, 0))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("temperature is 0.0");
        assertThatThrownBy(() -> new Sampling(Double.NaN, 0, true, 0)).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> new Sampling(1, -1, true, 0)).hasMessageContaining("top-k is -1");
        assertThatThrownBy(() -> new Sampling(1, 0, true, 1)).hasMessageContaining("min-p is 1.0");
        assertThatThrownBy(() -> new Sampling(1, 0, true, 0, 0)).hasMessageContaining("top-p is 0.0");
        assertThatThrownBy(() -> new Sampling(1, 0, true, 0, 1.1)).hasMessageContaining("top-p is 1.1");
    }

    private static void assertShares(Sampling sampling, double... shares) {
        double[] weights =
                Arrays.stream(PROBABILITIES).map(p -> Math.log(p) + 5).toArray();
        sampling.weights(weights, 0);
        double sum = Arrays.stream(weights).sum();
        double expectedSum = Arrays.stream(shares).sum();
        for (int i = 0; i < weights.length; i++) {
            assertThat(weights[i] / sum).as("token %d", i).isCloseTo(shares[i] / expectedSum, within(1e-12));
        }
    }
}
