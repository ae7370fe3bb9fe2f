package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {

    @Test
    void measuresOfTwoClassesAreThoseOfThePositiveOne() {
        ConfusionMatrix matrix = matrix(new int[][] {{50, 10}, {5, 35}});
        assertThat(matrix.total()).isEqualTo(100);
        assertThat(matrix.accuracy()).isEqualTo(0.85);
        assertThat(matrix.precision(1)).isCloseTo(35 / 45.0, within(1e-15));
        assertThat(matrix.recall(1)).isCloseTo(35 / 40.0, within(1e-15));
        assertThat(matrix.f1()).isCloseTo(70 / 85.0, within(1e-15)).isEqualTo(matrix.f1(1));
        assertThat(matrix.support(0)).isEqualTo(60);
        assertThat(matrix.predicted(0)).isEqualTo(55);
    }

    @Test
    void measuresOfMoreClassesAreTheMeanAndOfAnEmptyOneZero() {
        ConfusionMatrix matrix = matrix(new int[][] {{2, 0, 0}, {1, 1, 0}, {0, 0, 0}});
        assertThat(matrix.precision(2)).isZero();
        assertThat(matrix.recall(2)).isZero();
        assertThat(matrix.f1()).isCloseTo((4 / 5.0 + 2 / 3.0 + 0) / 3, within(1e-15));
        assertThat(new ConfusionMatrix(2).accuracy()).isNaN();
        assertThat(matrix)
                .isEqualTo(matrix(new int[][] {{2, 0, 0}, {1, 1, 0}, {0, 0, 0}}))
                .isNotEqualTo(matrix(new int[2][2]));
    }

    @Test
    void reportsKeepTheLargestLossesInOrder() {
        double[][] probabilities = {{0.9, 0.1}, {0.8, 0.2}, {0.3, 0.7}, {0.01, 0.99}};
        int[] labels = {0, 1, 0, 1};
        ClassifierReport report = ClassifierReport.of(List.of("neg", "pos"), probabilities, labels, i -> "d" + i, 2);
        assertThat(report.topLosses())
                .extracting(ClassifierReport.TopLoss::origin)
                .containsExactly("d1", "d2");
        assertThat(report.topLosses().get(0)).isEqualTo(new ClassifierReport.TopLoss("d1", 1, 0, 0.2, -Math.log(0.2)));
        assertThat(report.validation().loss())
                .isCloseTo(-(Math.log(0.9) + Math.log(0.2) + Math.log(0.3) + Math.log(0.99)) / 4, within(1e-15));
        assertThat(report.validation().accuracy()).isEqualTo(0.5);
    }

    private static ConfusionMatrix matrix(int[][] counts) {
        ConfusionMatrix matrix = new ConfusionMatrix(counts.length);
        for (int actual = 0; actual < counts.length; actual++) {
            for (int predicted = 0; predicted < counts.length; predicted++) {
                for (int i = 0; i < counts[actual][predicted]; i++) {
                    matrix.add(actual, predicted);
                }
            }
        }
        return matrix;
    }
}
