package dev.tarn.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SummaryTest {

    @Test
    void meanDeviationAndIntervalAreThoseByHand() {
        // Squares of the deviations 1, 0 and 1 over 2; t of 2 degrees is 4.303, and 4.303 / sqrt(3) is 2.484.
        Summary summary = Summary.of(3, 4, 5);
        assertThat(summary.n()).isEqualTo(3);
        assertThat(summary.mean()).isEqualTo(4);
        assertThat(summary.sd()).isEqualTo(1);
        assertThat(summary.low()).isCloseTo(4 - 2.484, within(5e-4));
        assertThat(summary.high()).isCloseTo(4 + 2.484, within(5e-4));
    }

    @Test
    void differencesAreTakenPairByPair() {
        // 1, 2, 3, 4: mean 2.5, squares 2.25 + 0.25 + 0.25 + 2.25 over 3; t of 3 degrees is 3.182.
        Summary summary = Summary.ofDifferences(new double[] {11, 22, 33, 44}, new double[] {10, 20, 30, 40});
        assertThat(summary.n()).isEqualTo(4);
        assertThat(summary.mean()).isEqualTo(2.5);
        assertThat(summary.sd()).isCloseTo(1.29099, within(1e-5));
        assertThat(summary.low()).isCloseTo(2.5 - 3.18245 * 1.29099 / 2, within(1e-4));
    }

    @Test
    void fewerThanTwoHaveNoDeviation() {
        assertThat(Summary.of(7)).isEqualTo(new Summary(1, 7, Double.NaN, Double.NaN, Double.NaN));
        assertThat(Summary.of()).isEqualTo(new Summary(0, Double.NaN, Double.NaN, Double.NaN, Double.NaN));
    }

    /** From the tables that every book has. */
    @ParameterizedTest
    @CsvSource({
        "1, 0.975, 12.7062",
        "2, 0.975, 4.30265",
        "3, 0.975, 3.18245",
        "4, 0.975, 2.77645",
        "5, 0.95, 2.01505",
        "7, 0.99, 2.99795",
        "10, 0.975, 2.22814",
        "30, 0.975, 2.04227",
        "120, 0.975, 1.97993",
        "9, 0.5, 0"
    })
    void quantilesAreThoseOfTheTables(int degrees, double share, double expected) {
        assertThat(StudentT.quantile(share, degrees)).isCloseTo(expected, within(6e-5));
    }
}
