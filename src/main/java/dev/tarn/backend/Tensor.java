package dev.tarn.backend;

/**
 * A dense row-major block of device memory with a shape; a handle without mathematics.
 *
 * <p>{@link Kind#REAL} elements are double on {@code reference} and float elsewhere; {@link Kind#IDS} elements are
 * 32-bit integers everywhere. Ownership: the {@link Arena} that allocated it; a view dies with the arena of its origin.
 */
public interface Tensor {

    /** What the elements are. */
    enum Kind {
        /** Real numbers in the working precision of the backend. */
        REAL,
        /** Token ids or targets, int32. */
        IDS
    }

    Kind kind();

    /** The number of dimensions. */
    int rank();

    /** The length of one dimension. */
    int dim(int axis);

    /** The number of elements, the product of all dimensions. */
    long size();

    /**
     * A view of {@code product(shape)} elements that starts {@code offset} elements into this tensor.
     *
     * @throws IllegalArgumentException if the view would reach beyond the end
     */
    Tensor view(long offset, int... shape);

    /** The first {@code rows} entries along dimension 0, as a view: a shorter window of a time-major tensor. */
    default Tensor first(int rows) {
        int[] shape = shape();
        shape[0] = rows;
        return view(0, shape);
    }

    /** A copy of the dimensions. */
    default int[] shape() {
        int[] shape = new int[rank()];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = dim(axis);
        }
        return shape;
    }
}
