package dev.tarn.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;
import dev.tarn.testkit.Gradients;
import dev.tarn.testkit.Seeds;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EmbeddingGradientTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final Desk desk = new Desk();

    @Test
    void theGradientByTheTableMatchesDifferencesUnderEveryMask() {
        int vocabulary = 5;
        int embSz = 3;
        Tensor ids = desk.ids(seeds.ids(8, vocabulary), 4, 2);
        double[] w = seeds.doubles(vocabulary * embSz, 1);
        double[] upstream = seeds.doubles(8 * embSz, 1);
        Tensor out = desk.zeros(4, 2, embSz);
        for (Mask rows : List.of(Mask.NONE, Desk.drawn(0.4, seeds.seed()), given(vocabulary))) {
            for (Mask input : List.of(Mask.NONE, Desk.drawn(0.4, seeds.seed()), given(2 * embSz))) {
                Tensor dw = desk.zeros(vocabulary, embSz);
                desk.backend.embedBackward(desk.put(upstream, 4, 2, embSz), ids, rows, input, -1, dw);
                Gradients.assertMatch("w", w, desk.read(dw), ignored -> {
                    desk.backend.embed(desk.put(w, vocabulary, embSz), ids, rows, input, out);
                    return Desk.dot(upstream, desk.read(out));
                });
            }
        }
    }

    private Mask given(int size) {
        return new Mask.Given(desk.put(seeds.doubles(size, 1), size));
    }

    @Test
    void thePaddingRowIsLookedUpButGetsNoGradient() {
        Tensor w = desk.put(new double[] {1, 2, 3}, 3, 1);
        Tensor ids = desk.ids(new int[] {1, 2, 1}, 3, 1);
        Tensor out = desk.zeros(3, 1, 1);
        desk.backend.embed(w, ids, Mask.NONE, Mask.NONE, out);
        assertThat(desk.read(out)).containsExactly(2, 3, 2);
        Tensor dw = desk.put(new double[] {10, 10, 10}, 3, 1);
        desk.backend.embedBackward(out, ids, Mask.NONE, Mask.NONE, 1, dw);
        assertThat(desk.read(dw)).containsExactly(10, 10, 13);
    }

    @Test
    void anIdOutsideTheTableIsRefused() {
        Tensor w = desk.zeros(3, 1);
        for (int wrong : new int[] {-1, 3}) {
            Tensor ids = desk.ids(new int[] {0, wrong}, 2, 1);
            assertThatThrownBy(() -> desk.backend.embed(w, ids, Mask.NONE, Mask.NONE, desk.zeros(2, 1, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("embed: id " + wrong + " at position 1 is outside 0..2");
            assertThatThrownBy(() -> desk.backend.embedBackward(desk.zeros(2, 1, 1), ids, Mask.NONE, Mask.NONE, -1, w))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void lockedDropoutIsItsOwnGradient() {
        double[] x = seeds.doubles(3 * 2 * 4, 1);
        double[] upstream = seeds.doubles(x.length, 1);
        for (Mask mask : List.of(Mask.NONE, Desk.drawn(0.4, seeds.seed()), given(2 * 4))) {
            Tensor dx = desk.zeros(3, 2, 4);
            desk.backend.lockedDropout(desk.put(upstream, 3, 2, 4), mask, dx);
            Tensor out = desk.zeros(3, 2, 4);
            Gradients.assertMatch("x", x, desk.read(dx), ignored -> {
                desk.backend.lockedDropout(desk.put(x, 3, 2, 4), mask, out);
                return Desk.dot(upstream, desk.read(out));
            });
        }
    }

    @Test
    void lockedDropoutUsesOneMaskForAllTimeStepsAndAnotherForEverySequence() {
        double[] ones = new double[2 * 3 * 50];
        Arrays.fill(ones, 1);
        Tensor x = desk.put(ones, 2, 3, 50);
        desk.backend.lockedDropout(x, Desk.drawn(0.5, seeds.seed()), x);
        double[] out = desk.read(x);
        assertThat(Arrays.copyOfRange(out, 150, 300)).isEqualTo(Arrays.copyOfRange(out, 0, 150));
        assertThat(Arrays.copyOfRange(out, 0, 50)).isNotEqualTo(Arrays.copyOfRange(out, 50, 100));
    }
}
