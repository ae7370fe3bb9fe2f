package dev.tarn.testkit;

import static org.assertj.core.api.Assertions.fail;

import java.util.function.ToDoubleFunction;

/** Checks a gradient against differences of the function itself, in double precision. */
public final class Gradients {

    /**
     * Small enough for the four-point formula's error, h⁴ times a fifth derivative that is large where a norm is small, and
     * large enough for the rounding error, 1e-16/h.
     */
    private static final double STEP = 3e-4;

    /** Relative to the largest entry, or absolute below 1; what is left of both errors, with room. */
    private static final double TOLERANCE = 1e-8;

    private Gradients() {}

    /**
     * Fails unless {@code gradient} is the gradient of {@code function} at {@code at}.
     *
     * @param at where; changed for each call of the function and restored
     * @param gradient what is to be checked, one entry per element of {@code at}
     */
    public static void assertMatch(String what, double[] at, double[] gradient, ToDoubleFunction<double[]> function) {
        if (at.length != gradient.length) {
            fail("%s: the gradient has %d entries for %d arguments", what, gradient.length, at.length);
        }
        double scale = 1;
        for (double entry : gradient) {
            scale = Math.max(scale, Math.abs(entry));
        }
        for (int i = 0; i < at.length; i++) {
            double difference = difference(at, i, function);
            if (!(Math.abs(gradient[i] - difference) <= TOLERANCE * scale)) {
                fail("%s: entry %d is %s, but differences give %s", what, i, gradient[i], difference);
            }
        }
    }

    /** {@code (f(x-2h) - 8f(x-h) + 8f(x+h) - f(x+2h)) / 12h}, exact up to the fourth power of h. */
    private static double difference(double[] at, int i, ToDoubleFunction<double[]> function) {
        double here = at[i];
        double[] weights = {1, -8, 8, -1};
        double[] offsets = {-2, -1, 1, 2};
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
            at[i] = here + offsets[k] * STEP;
            sum += weights[k] * function.applyAsDouble(at);
        }
        at[i] = here;
        return sum / (12 * STEP);
    }
}
