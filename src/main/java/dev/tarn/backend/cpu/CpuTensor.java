package dev.tarn.backend.cpu;

import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Floats or ids in a {@link Block}. Java reads and writes them through bulk copies to and from small arrays, which the
 * compiler vectorises loops over; oneDNN gets the {@link #address}. Ownership: the arena's.
 */
final class CpuTensor implements Tensor {

    private final Kind kind;
    private final Block block;
    private final FloatBuffer floats;
    private final IntBuffer ints;

    /** Where the tensor starts, in elements from the start of the block. */
    private final int base;

    private final int[] shape;
    private final int size;

    private CpuTensor(Kind kind, Block block, FloatBuffer floats, IntBuffer ints, int base, int[] shape, int size) {
        this.kind = kind;
        this.block = block;
        this.floats = floats;
        this.ints = ints;
        this.base = base;
        this.shape = shape;
        this.size = size;
    }

    static CpuTensor over(Block block, Kind kind, int... shape) {
        return new CpuTensor(
                kind, block, block.floats(), block.ints(), 0, shape.clone(), Math.toIntExact(Shapes.size(shape)));
    }

    /** The tensor as this backend knows it. */
    static CpuTensor of(Tensor tensor) {
        if (tensor instanceof CpuTensor own) {
            return own;
        }
        throw new IllegalArgumentException(
                "a tensor of " + tensor.getClass().getSimpleName() + " was handed to the cpu backend");
    }

    long address() {
        return block.address() + (long) Float.BYTES * base;
    }

    /** The address of one element. */
    long address(long element) {
        return address() + Float.BYTES * element;
    }

    /** Copies {@code count} floats from element {@code from} on to the start of {@code tile}. */
    void get(long from, float[] tile, int count) {
        floats.get(base + (int) from, tile, 0, count);
    }

    void get(long from, float[] tile, int at, int count) {
        floats.get(base + (int) from, tile, at, count);
    }

    void put(long from, float[] tile, int count) {
        floats.put(base + (int) from, tile, 0, count);
    }

    void put(long from, float[] tile, int at, int count) {
        floats.put(base + (int) from, tile, at, count);
    }

    float real(long index) {
        return floats.get(base + (int) index);
    }

    void setReal(long index, float value) {
        floats.put(base + (int) index, value);
    }

    int id(long index) {
        return ints.get(base + (int) index);
    }

    void getIds(int[] target, int count) {
        ints.get(base, target, 0, count);
    }

    void putIds(int[] source, int count) {
        ints.put(base, source, 0, count);
    }

    /** Copies {@code count} ids from element {@code from} on to the start of {@code tile}. */
    void getIds(long from, int[] tile, int count) {
        ints.get(base + (int) from, tile, 0, count);
    }

    void putIds(long from, int[] tile, int count) {
        ints.put(base + (int) from, tile, 0, count);
    }

    /** Copies a vector to a row of this matrix. */
    void copyRow(int row, CpuTensor vector) {
        floats.put(base + row * shape[1], vector.floats, vector.base, vector.size);
    }

    /** Copies as many elements as this has from element {@code start} of another on; they do not overlap. */
    void copyFrom(CpuTensor source, long start) {
        floats.put(base, source.floats, source.base + (int) start, size);
    }

    /** Sets every element to zero, in ids as in reals. */
    void zero() {
        zero(0, size);
    }

    void zero(long from, int count) {
        Address.zero(address(from), (long) Float.BYTES * count);
    }

    int length() {
        return size;
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public int rank() {
        return shape.length;
    }

    @Override
    public int dim(int axis) {
        return shape[axis];
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Tensor view(long offset, int... newShape) {
        int newSize = (int) Shapes.view(this, offset, newShape);
        return new CpuTensor(kind, block, floats, ints, base + (int) offset, newShape.clone(), newSize);
    }

    @Override
    public String toString() {
        return kind + " " + Shapes.text(shape);
    }
}
