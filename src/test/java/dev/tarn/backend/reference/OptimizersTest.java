package dev.tarn.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class OptimizersTest {

    private static final List<Segment> BOTH = List.of(new Segment(0, 1, 0), new Segment(1, 1, 1));

    private final Desk desk = new Desk();

    @Test
    void theFirstAdamStepMovesEachParameterByItsRateAgainstTheSignOfItsGradient() {
        Tensor p = desk.put(new double[] {1, 1}, 2);
        Tensor g = desk.put(new double[] {7, -0.001}, 2);
        Tensor m = desk.zeros(2);
        Tensor v = desk.zeros(2);
        adam(p, g, m, v, new double[] {0.1, 0.01}, new double[2], true, 0.8, 1);
        assertThat(desk.read(p)[0]).isCloseTo(0.9, within(1e-8));
        assertThat(desk.read(p)[1]).isCloseTo(1.01, within(1e-6));
        assertThat(desk.read(m)[0]).isCloseTo(0.2 * 7, within(1e-15));
        assertThat(desk.read(v)[0]).isCloseTo(0.01 * 49, within(1e-15));
        assertThat(desk.read(g)).containsExactly(7, -0.001);
    }

    @Test
    void theSecondAdamStepCorrectsItsBiasWithTheCurrentMomentum() {
        Tensor p = desk.put(new double[] {0, 0}, 2);
        Tensor m = desk.put(new double[] {0.3, 0}, 2);
        Tensor v = desk.put(new double[] {0.04, 0}, 2);
        adam(p, desk.put(new double[] {1, 0}, 2), m, v, new double[] {0.1, 0.1}, new double[2], true, 0.7, 2);
        double mean = 0.7 * 0.3 + 0.3;
        double square = 0.99 * 0.04 + 0.01;
        double expected = -0.1 / (1 - 0.49) * mean / (Math.sqrt(square) / Math.sqrt(1 - 0.9801) + 1e-8);
        assertThat(desk.read(p)[0]).isCloseTo(expected, within(1e-14));
        assertThat(desk.read(p)[1]).isZero();
    }

    @Test
    void decoupledDecayShrinksTheParameterAndCoupledDecayEntersTheGradient() {
        double[] lr = {0.1, 0.1};
        double[] wd = {0.5, 0};
        Tensor decoupled = desk.put(new double[] {2, 2}, 2);
        adam(decoupled, desk.zeros(2), desk.zeros(2), desk.zeros(2), lr, wd, true, 0.8, 1);
        assertThat(desk.read(decoupled)[0]).isCloseTo(2 - 0.1 * 0.5 * 2, within(1e-15));
        assertThat(desk.read(decoupled)[1]).isEqualTo(2);

        Tensor coupled = desk.put(new double[] {2, 2}, 2);
        Tensor m = desk.zeros(2);
        adam(coupled, desk.zeros(2), m, desk.zeros(2), lr, wd, false, 0.8, 1);
        assertThat(desk.read(m)[0]).isCloseTo(0.2 * 0.5 * 2, within(1e-15));
        assertThat(desk.read(coupled)[0]).isCloseTo(1.9, within(1e-7));
    }

    private void adam(
            Tensor p, Tensor g, Tensor m, Tensor v, double[] lr, double[] wd, boolean decoupled, double b1, long step) {
        desk.backend.adam(p, g, m, v, BOTH, lr, wd, decoupled, b1, 0.99, 1e-8, step, null);
    }

    @Test
    void clippingScalesByTheNormOfTheSegmentsThatCountAndNeverUp() {
        Tensor g = desk.put(new double[] {3, 4, 100}, 3);
        Tensor clip = desk.zeros(2);
        List<Segment> firstTwo = List.of(new Segment(0, 2, 0));
        desk.backend.clip(g, firstTwo, 0.5, clip);
        assertThat(desk.read(clip)).containsExactly(5, 0.5 / (5 + 1e-6));
        desk.backend.clip(g, firstTwo, 10, clip);
        assertThat(desk.read(clip)).containsExactly(5, 1);
        desk.backend.clip(g, List.of(), 0.5, clip);
        assertThat(desk.read(clip)).containsExactly(0, 1);
    }

    @Test
    void sgdTakesTheFirstGradientAsItsBufferAndThenCarriesMomentum() {
        Tensor p = desk.put(new double[] {1, 1}, 2);
        Tensor g = desk.put(new double[] {2, 2}, 2);
        Tensor buffer = desk.put(new double[] {99, 99}, 2);
        double[] lr = {0.1, 0.2};
        desk.backend.sgd(p, g, buffer, BOTH, lr, new double[2], true, 0.9, 1, null);
        assertThat(desk.read(p)).containsExactly(1 - 0.2, 1 - 0.4);
        desk.backend.sgd(p, g, buffer, BOTH, lr, new double[2], true, 0.9, 2, null);
        assertThat(desk.read(buffer)[0]).isCloseTo(0.9 * 2 + 2, within(1e-15));
        assertThat(desk.read(p)[0]).isCloseTo(0.8 - 0.38, within(1e-15));
    }

    @Test
    void sgdClipsTheGradientBeforeCoupledDecayIsAdded() {
        Tensor p = desk.put(new double[] {1, 1}, 2);
        Tensor g = desk.put(new double[] {2, 0}, 2);
        Tensor clip = desk.put(new double[] {4, 0.5}, 2);
        desk.backend.sgd(p, g, null, BOTH, new double[] {1, 1}, new double[] {0.25, 0.25}, false, 0, 1, clip);
        assertThat(desk.read(p)).containsExactly(1 - (1 + 0.25), 1 - 0.25);
    }

    @Test
    void theAverageMovesTowardsTheParametersByItsWeight() {
        Tensor p = desk.put(new double[] {1, 5, 9}, 3);
        Tensor average = desk.put(new double[] {3, 3, 3}, 3);
        desk.backend.average(p, average, List.of(new Segment(0, 2, 0)), 0.5);
        assertThat(desk.read(average)).containsExactly(2, 4, 3);
        desk.backend.average(p, average, List.of(new Segment(0, 3, 0)), 1);
        assertThat(desk.read(average)).containsExactly(1, 5, 9);
    }
}
