package dev.tarn.testkit;

import static org.assertj.core.api.Assertions.fail;

import java.util.List;

/**
 * How far a result may be from the exact one. The bound is derived, not chosen: twice what plain code in the same
 * precision loses against double on the same numbers, and a few units in the last place of the largest value for the
 * cases in which plain code was lucky.
 */
public final class Tolerance {

    /** Times the error of plain code. */
    private static final double FACTOR = 2;

    /** Units in the last place, in single precision, of the largest value. */
    private static final double ULPS = 4;

    private Tolerance() {}

    /**
     * The largest error allowed per element.
     *
     * @param plain what plain code got, in one run or several that were rounded differently; the worst counts
     * @param began the largest value that was added to: adding rounds at its size, however small the sum becomes
     */
    public static double allowed(double[] exact, List<double[]> plain, double began) {
        double lost = 0;
        double largest = began;
        for (int i = 0; i < exact.length; i++) {
            if (!Double.isNaN(exact[i])) {
                for (double[] run : plain) {
                    lost = Math.max(lost, Math.abs(run[i] - exact[i]));
                }
                largest = Math.max(largest, Math.abs(exact[i]));
            }
        }
        return FACTOR * lost + ULPS * Math.ulp((float) largest);
    }

    /** Fails unless every element of {@code got} is within {@link #allowed} of the exact one; NaN equals NaN alone. */
    public static void assertWithin(String what, double[] exact, List<double[]> plain, double[] got) {
        assertWithin(what, exact, got, allowed(exact, plain, 0));
    }

    /** Fails unless every element of {@code got} is within {@code allowed} of the exact one; NaN equals NaN alone. */
    public static void assertWithin(String what, double[] exact, double[] got, double allowed) {
        if (got.length != exact.length) {
            fail("%s has %d elements, expected %d", what, got.length, exact.length);
        }
        int worst = -1;
        double worstError = allowed;
        for (int i = 0; i < exact.length; i++) {
            double error = error(exact[i], got[i]);
            if (error > worstError) {
                worst = i;
                worstError = error;
            }
        }
        if (worst >= 0) {
            fail(
                    "%s[%d] is %s, expected %s; the error %.3g is above the allowed %.3g",
                    what, worst, got[worst], exact[worst], worstError, allowed);
        }
    }

    private static double error(double exact, double got) {
        if (Double.compare(exact, got) == 0) {
            return 0;
        }
        double error = Math.abs(got - exact);
        return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
    }
}
