package dev.tarn.checkpoint;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.function.Supplier;

/**
 * A tensor to be written: its name, type and shape now, its values when its turn comes.
 *
 * @param name as PyTorch would call it; any text but {@code __metadata__}
 * @param shape row-major; empty for a scalar; a dimension may be 0
 * @param values asked once per file, and held only while this tensor is written; a {@link FloatBuffer} for F32, a
 *     {@link DoubleBuffer} for F64, an {@link IntBuffer} for I32, a {@link LongBuffer} for I64, and a {@link ByteBuffer} of
 *     little-endian bytes for any type; from its position to its limit it holds exactly the tensor
 */
@SuppressWarnings("ArrayRecordComponent")
public record TensorEntry(String name, DType dtype, int[] shape, Supplier<? extends Buffer> values) {

    public TensorEntry {
        if (name.equals(SafeTensors.METADATA)) {
            throw new IllegalArgumentException("A tensor cannot be named " + name);
        }
        shape = shape.clone();
        elements(shape);
    }

    /** F32 from an array that is fetched when it is written. */
    public static TensorEntry floats(String name, int[] shape, Supplier<float[]> values) {
        return new TensorEntry(name, DType.F32, shape, () -> FloatBuffer.wrap(values.get()));
    }

    /** F32 from a whole array, which is not copied and must not change until written. */
    public static TensorEntry floats(String name, int[] shape, float[] values) {
        return floats(name, shape, values, 0);
    }

    /** F32 from the part of a flat array that begins at {@code offset}; not copied. */
    public static TensorEntry floats(String name, int[] shape, float[] flat, int offset) {
        int size = Math.toIntExact(elements(shape));
        return new TensorEntry(name, DType.F32, shape, () -> FloatBuffer.wrap(flat, offset, size));
    }

    /** F64 from an array, which is not copied. */
    public static TensorEntry doubles(String name, int[] shape, double[] values) {
        return new TensorEntry(name, DType.F64, shape, () -> DoubleBuffer.wrap(values));
    }

    /** I32 from an array, which is not copied. */
    public static TensorEntry ints(String name, int[] shape, int[] values) {
        return new TensorEntry(name, DType.I32, shape, () -> IntBuffer.wrap(values));
    }

    /** I64 from an array, which is not copied. */
    public static TensorEntry longs(String name, int[] shape, long[] values) {
        return new TensorEntry(name, DType.I64, shape, () -> LongBuffer.wrap(values));
    }

    /** A copy of the dimensions. */
    @Override
    public int[] shape() {
        return shape.clone();
    }

    /** The number of elements, the product of the dimensions. */
    public long size() {
        return elements(shape);
    }

    /** The product of the dimensions; 1 for a scalar. */
    static long elements(int[] shape) {
        long product = 1;
        for (int dimension : shape) {
            if (dimension < 0) {
                throw new IllegalArgumentException("A tensor cannot have a dimension of " + dimension);
            }
            product = Math.multiplyExact(product, dimension);
        }
        return product;
    }
}
