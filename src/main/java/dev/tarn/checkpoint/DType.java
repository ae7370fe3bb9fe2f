package dev.tarn.checkpoint;

import java.nio.ByteBuffer;

/** The element types of a safetensors file, under the names that the header uses. All are little-endian. */
public enum DType {
    F64(8, false),
    F32(4, false),
    F16(2, false),
    BF16(2, false),
    I64(8, true),
    I32(4, true),
    I16(2, true),
    I8(1, true),
    U8(1, true),
    BOOL(1, true);

    private final int bytes;
    private final boolean integer;

    DType(int bytes, boolean integer) {
        this.bytes = bytes;
        this.integer = integer;
    }

    /** The size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Whether every value is a whole number (BOOL counts: 0 or 1). */
    public boolean isInteger() {
        return integer;
    }

    /** Reads one element; exact except for I64 beyond 2^53. The buffer must be little-endian. */
    double real(ByteBuffer source) {
        return switch (this) {
            case F64 -> source.getDouble();
            case F32 -> source.getFloat();
            case F16 -> halfToFloat(source.getShort());
            case BF16 -> Float.intBitsToFloat(source.getShort() << 16);
            default -> integer(source);
        };
    }

    /** Reads one element of an integer type. */
    long integer(ByteBuffer source) {
        return switch (this) {
            case I64 -> source.getLong();
            case I32 -> source.getInt();
            case I16 -> source.getShort();
            case I8 -> source.get();
            case U8 -> source.get() & 0xff;
            case BOOL -> source.get() == 0 ? 0 : 1;
            default -> throw new IllegalArgumentException(this + " does not hold integers");
        };
    }

    /** IEEE 754 binary16 to binary32, which represents every value of it exactly. */
    static float halfToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >>> 10) & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0) {
            // Subnormal: fraction · 2^-24.
            float magnitude = fraction * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        int bits = exponent == 0x1f ? 0x7f800000 : (exponent + 127 - 15) << 23;
        return Float.intBitsToFloat(sign | bits | (fraction << 13));
    }
}
