package dev.tarn.backend.reference;

import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;

/** A stretch of a Java array with a shape. Ownership: the garbage collector's. */
final class ReferenceTensor implements Tensor {

    private static final double[] NO_REALS = {};
    private static final int[] NO_IDS = {};

    private final Kind kind;
    private final double[] reals;
    private final int[] ids;
    private final int offset;
    private final int[] shape;
    private final int size;

    private ReferenceTensor(Kind kind, double[] reals, int[] ids, int offset, int[] shape, int size) {
        this.kind = kind;
        this.reals = reals;
        this.ids = ids;
        this.offset = offset;
        this.shape = shape;
        this.size = size;
    }

    static ReferenceTensor reals(int... shape) {
        int size = Math.toIntExact(Shapes.size(shape));
        return new ReferenceTensor(Kind.REAL, new double[size], NO_IDS, 0, shape.clone(), size);
    }

    static ReferenceTensor ids(int... shape) {
        int size = Math.toIntExact(Shapes.size(shape));
        return new ReferenceTensor(Kind.IDS, NO_REALS, new int[size], 0, shape.clone(), size);
    }

    /** The tensor as this backend knows it. */
    static ReferenceTensor of(Tensor tensor) {
        if (tensor instanceof ReferenceTensor own) {
            return own;
        }
        throw new IllegalArgumentException(
                "a tensor of " + tensor.getClass().getSimpleName() + " was handed to the reference backend");
    }

    double real(long index) {
        return reals[offset + (int) index];
    }

    void setReal(long index, double value) {
        reals[offset + (int) index] = value;
    }

    int id(int index) {
        return ids[offset + index];
    }

    void setId(int index, int value) {
        ids[offset + index] = value;
    }

    /** All but the last dimension as rows, the last as columns; one dimension is one row. */
    Matrix matrix() {
        int columns = shape[shape.length - 1];
        return new Matrix(reals, offset, columns == 0 ? 0 : size / columns, columns);
    }

    /** One time step of a [T,B,*] tensor as a matrix [B,*]. */
    Matrix step(int t) {
        return matrix().rows(t * shape[1], shape[1]);
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
    public Tensor view(long from, int... newShape) {
        int newSize = (int) Shapes.view(this, from, newShape);
        return new ReferenceTensor(kind, reals, ids, offset + (int) from, newShape.clone(), newSize);
    }

    @Override
    public String toString() {
        return kind + " " + Shapes.text(shape);
    }
}
