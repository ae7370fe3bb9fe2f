package dev.tarn.checkpoint;

import java.util.Arrays;

/**
 * A tensor of a {@code .pth} file: which elements of a storage it shows, and in which order. Nothing of it is read yet.
 *
 * @param offset of the first element, counted in elements
 * @param shape row-major; empty for a scalar
 * @param strides how many elements further the next one along each axis lies; 0 where an axis repeats
 */
@SuppressWarnings("ArrayRecordComponent")
record PthTensor(PthStorage storage, long offset, int[] shape, long[] strides) {

    /** The number of elements. */
    long size() {
        return TensorEntry.elements(shape);
    }

    /** Whether the elements lie one behind the other in row-major order. */
    boolean isContiguous() {
        long expected = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            if (shape[axis] != 1 && strides[axis] != expected) {
                return size() == 0;
            }
            expected *= shape[axis];
        }
        return true;
    }

    /** Whether another tensor shows the same elements in the same order, as a tied weight does. */
    boolean isAliasOf(PthTensor other) {
        return storage == other.storage
                && offset == other.offset
                && Arrays.equals(shape, other.shape)
                && Arrays.equals(strides, other.strides);
    }

    /** The index, within the storage, of the last element that it shows; {@code offset} where it shows none. */
    long last() {
        long last = offset;
        for (int axis = 0; axis < shape.length; axis++) {
            last += Math.max(0, shape[axis] - 1) * strides[axis];
        }
        return last;
    }
}
