package dev.tarn.backend.reference;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Precision;

/** The reference's own loops in the arithmetic of another precision: what plain code loses in it. */
public final class PlainCode {

    private static final Arithmetic SINGLE = new Arithmetic() {

        @Override
        public double round(double value) {
            return (float) value;
        }

        @Override
        public double factor(double value) {
            return value;
        }
    };

    private static final Arithmetic BFLOAT16_FACTORS = new Arithmetic() {

        @Override
        public double round(double value) {
            return (float) value;
        }

        @Override
        public double factor(double value) {
            return bfloat16((float) value);
        }
    };

    private PlainCode() {}

    /** A backend that rounds as the precision says. */
    public static Backend in(Precision precision) {
        return switch (precision) {
            case F64 -> new ReferenceBackend();
            case F32 -> new ReferenceBackend(SINGLE);
            case BF16 -> new ReferenceBackend(BFLOAT16_FACTORS);
        };
    }

    /** The nearest number with eight significant bits, ties to even. */
    static float bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int roundUp = 0x7FFF + ((bits >>> 16) & 1);
        return Float.isFinite(value) ? Float.intBitsToFloat((bits + roundUp) & 0xFFFF0000) : value;
    }
}
