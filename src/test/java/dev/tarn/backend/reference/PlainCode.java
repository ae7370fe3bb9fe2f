package dev.tarn.backend.reference;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Precision;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/**
 * The reference's own loops in the arithmetic of another precision: what plain code loses in it. Rounding to nearest is one
 * sample of that, and a lucky one where the result is a single number; rounding each result up or down at random gives
 * more (the stochastic arithmetic of Vignes, 1993, "A stochastic arithmetic for reliable scientific computation").
 */
public final class PlainCode {

    private PlainCode() {}

    /** A backend that rounds to nearest as the precision says. */
    public static Backend in(Precision precision) {
        return precision == Precision.F64
                ? new ReferenceBackend()
                : new ReferenceBackend(new Rounded(value -> (float) value, precision));
    }

    /** As {@link #in(Precision)}, but results go to one of the two nearest numbers at random, the nearer more often. */
    public static Backend in(Precision precision, Random random) {
        return new ReferenceBackend(new Rounded(value -> upOrDown(value, random), precision));
    }

    private record Rounded(DoubleUnaryOperator rounding, Precision precision) implements Arithmetic {

        @Override
        public double round(double value) {
            return rounding.applyAsDouble(value);
        }

        @Override
        public double factor(double value) {
            return precision == Precision.BF16 ? bfloat16((float) value) : value;
        }
    }

    private static double upOrDown(double value, Random random) {
        float nearest = (float) value;
        if (nearest == value || !Float.isFinite(nearest)) {
            return nearest;
        }
        float other = nearest < value ? Math.nextUp(nearest) : Math.nextDown(nearest);
        double share = (value - nearest) / ((double) other - nearest);
        return random.nextDouble() < share ? other : nearest;
    }

    /** The nearest number with eight significant bits, ties to even. */
    static float bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int roundUp = 0x7FFF + ((bits >>> 16) & 1);
        return Float.isFinite(value) ? Float.intBitsToFloat((bits + roundUp) & 0xFFFF0000) : value;
    }
}
