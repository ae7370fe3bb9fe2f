package dev.tarn.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Decoder;
import dev.tarn.backend.Tensor;
import dev.tarn.testkit.Gradients;
import dev.tarn.testkit.Seeds;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecoderGradientTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final Desk desk = new Desk();

    @ParameterizedTest
    @CsvSource({"1,1,1,true", "5,4,3,true", "2,7,1,false", "7,3,4,false"})
    void everyGradientMatchesDifferences(int rows, int vocabulary, int embSz, boolean hasBias) {
        double[] x = seeds.doubles(rows * embSz, 1);
        double[] w = seeds.doubles(vocabulary * embSz, 1);
        double[] b = seeds.doubles(vocabulary, 1);
        Tensor targets = desk.ids(seeds.ids(rows, vocabulary), rows);
        Tensor stats = desk.zeros(2);

        Decoder decoder = desk.backend.decoder(vocabulary, embSz, rows + 1);
        ToDoubleFunction<double[]> loss = ignored -> {
            decoder.load(desk.put(w, vocabulary, embSz), hasBias ? desk.put(b, vocabulary) : null);
            decoder.loss(desk.put(x, rows, embSz), targets, stats);
            return desk.read(stats)[0];
        };
        double before = loss.applyAsDouble(x);
        Tensor dx = desk.zeros(rows, embSz);
        Tensor dw = desk.zeros(vocabulary, embSz);
        Tensor db = desk.zeros(vocabulary);
        decoder.lossAndGradients(desk.put(x, rows, embSz), targets, stats, dx, dw, db);

        assertThat(desk.read(stats)).containsExactly(before, Double.NaN);
        Gradients.assertMatch("x", x, desk.read(dx), loss);
        Gradients.assertMatch("w", w, desk.read(dw), loss);
        if (hasBias) {
            Gradients.assertMatch("b", b, desk.read(db), loss);
        }
    }

    @Test
    void equalLogitsCostTheLogarithmOfTheVocabularyAndTheLowestIndexWinsATie() {
        Decoder decoder = desk.backend.decoder(5, 2, 3);
        decoder.load(desk.zeros(5, 2), null);
        Tensor stats = desk.zeros(2);
        decoder.loss(desk.put(seeds.doubles(6, 1), 3, 2), desk.ids(new int[] {0, 4, 0}, 3), stats);
        assertThat(desk.read(stats)[0]).isCloseTo(Math.log(5), within(1e-15));
        assertThat(desk.read(stats)[1]).isEqualTo(2);
    }

    @Test
    void logitsThatWouldOverflowAnExponentialStillGiveALoss() {
        Decoder decoder = desk.backend.decoder(3, 1, 1);
        decoder.load(desk.put(new double[] {1, -1, 0}, 3, 1), null);
        Tensor stats = desk.zeros(2);
        decoder.loss(desk.put(new double[] {10_000}, 1, 1), desk.ids(new int[] {1}, 1), stats);
        assertThat(desk.read(stats)).containsExactly(20_000, 0);
    }

    @Test
    void aTargetOutsideTheVocabularyIsRefused() {
        Decoder decoder = desk.backend.decoder(3, 1, 2);
        decoder.load(desk.zeros(3, 1), null);
        Tensor x = desk.zeros(2, 1);
        Tensor targets = desk.ids(new int[] {2, 3}, 2);
        assertThatThrownBy(() -> decoder.loss(x, targets, desk.zeros(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("id 3 at position 1 is outside 0..2");
    }
}
