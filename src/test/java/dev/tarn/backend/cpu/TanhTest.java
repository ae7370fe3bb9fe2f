package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The quotient that stands in for tanh. */
class TanhTest {

    private static final double ALLOWED = 3.3e-7;

    @Test
    void isWithinAFewUnitsInTheLastPlaceEverywhere() {
        for (double x = 1e-30; x < 100; x *= 1.0003) {
            float at = (float) x;
            double exact = Math.tanh(at);
            assertThat(Math.abs(Tanh.of(at) - exact) / exact).as("tanh(%s)", at).isLessThan(ALLOWED);
            assertThat(Tanh.of(-at)).isEqualTo(-Tanh.of(at));
        }
    }

    @Test
    void leavesMinusOneToOneByRoundingAtMost() {
        for (float x = 0; x < 12; x += 1e-4f) {
            assertThat(Tanh.of(x)).as("tanh(%s)", x).isBetween(0f, Math.nextUp(1f));
        }
        assertThat(Tanh.of(Float.POSITIVE_INFINITY)).isBetween(1 - (float) ALLOWED, Math.nextUp(1f));
        assertThat(Tanh.of(Float.NaN)).isNaN();
        assertThat(Tanh.of(0f)).isZero();
    }
}
