package dev.tarn.backend.reference;

import dev.tarn.OutOfDeviceMemoryException;
import dev.tarn.backend.Arena;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/** Counts what it hands out; the garbage collector frees it. */
final class ReferenceArena implements Arena {

    /** The longest array that every JVM can make. */
    private static final long LONGEST_ARRAY = Integer.MAX_VALUE - 8L;

    private final String name;
    private long bytes;

    ReferenceArena(String name) {
        this.name = name;
    }

    @Override
    public Tensor real(String tensorName, int... shape) {
        return take(tensorName, Double.BYTES, shape, ReferenceTensor::reals);
    }

    @Override
    public Tensor ids(String tensorName, int... shape) {
        return take(tensorName, Integer.BYTES, shape, ReferenceTensor::ids);
    }

    private interface Maker {
        Tensor make(int... shape);
    }

    private Tensor take(String tensorName, int elementBytes, int[] shape, Maker maker) {
        long size = Shapes.size(shape);
        long wanted = Math.multiplyExact(size, elementBytes);
        if (size > LONGEST_ARRAY) {
            throw tooLarge(tensorName, shape, wanted, "a Java array has at most " + LONGEST_ARRAY + " elements", null);
        }
        try {
            Tensor tensor = maker.make(shape);
            bytes += wanted;
            return tensor;
        } catch (OutOfMemoryError e) {
            long heap = Runtime.getRuntime().maxMemory();
            throw tooLarge(tensorName, shape, wanted, "the Java heap holds at most " + heap + " bytes", e);
        }
    }

    private OutOfDeviceMemoryException tooLarge(
            String tensorName, int[] shape, long wanted, String limit, @Nullable Error cause) {
        String message = "Out of memory on reference: " + tensorName + " " + Shapes.text(shape) + " in arena " + name
                + " needs " + wanted + " bytes, but " + limit + "; use --device cpu or a smaller --batch-size.";
        return cause == null ? new OutOfDeviceMemoryException(message) : new OutOfDeviceMemoryException(message, cause);
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        bytes = 0;
    }
}
