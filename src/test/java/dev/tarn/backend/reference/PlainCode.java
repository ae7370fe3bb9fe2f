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
        return in(precision, value -> (float) value, value -> nearest(value, dropped(precision)));
    }

    /** As {@link #in(Precision)}, but results go to one of the two nearest numbers at random, the nearer more often. */
    public static Backend in(Precision precision, Random random) {
        return in(precision, value -> upOrDown(value, random), value -> upOrDown(value, dropped(precision), random));
    }

    private static Backend in(Precision precision, DoubleUnaryOperator results, DoubleUnaryOperator factors) {
        return switch (precision) {
            case F64 -> new ReferenceBackend();
            case F32 -> new ReferenceBackend(new Rounded(results, value -> value));
            case TF32, BF16 -> new ReferenceBackend(new Rounded(results, factors));
        };
    }

    /** How many of the lowest bits of a single-precision number its factors lack. */
    private static int dropped(Precision precision) {
        return switch (precision) {
            case F64, F32 -> 0;
            case TF32 -> 13;
            case BF16 -> 16;
        };
    }

    private record Rounded(DoubleUnaryOperator results, DoubleUnaryOperator factors) implements Arithmetic {

        @Override
        public double round(double value) {
            return results.applyAsDouble(value);
        }

        @Override
        public double factor(double value) {
            return factors.applyAsDouble(value);
        }
    }

    private static double upOrDown(double value, Random random) {
        float nearest = (float) value;
        if (nearest == value || !Float.isFinite(nearest)) {
            return nearest;
        }
        return choose(value, nearest, nearest < value ? Math.nextUp(nearest) : Math.nextDown(nearest), random);
    }

    private static double upOrDown(double value, int dropped, Random random) {
        float single = (float) value;
        int mask = -1 << dropped;
        int bits = Float.floatToRawIntBits(single);
        float towardsZero = Float.intBitsToFloat(bits & mask);
        if (towardsZero == single || !Float.isFinite(single)) {
            return single;
        }
        return choose(value, towardsZero, Float.intBitsToFloat((bits & mask) - mask), random);
    }

    private static double choose(double value, float one, float other, Random random) {
        double share = (value - one) / ((double) other - one);
        return random.nextDouble() < share ? other : one;
    }

    /** The nearest number without the lowest bits, ties to even. */
    static double nearest(double value, int dropped) {
        float single = (float) value;
        if (dropped == 0 || !Float.isFinite(single)) {
            return single;
        }
        int bits = Float.floatToRawIntBits(single);
        int mask = -1 << dropped;
        int roundUp = ~mask / 2 + ((bits >>> dropped) & 1);
        return Float.intBitsToFloat((bits + roundUp) & mask);
    }
}
