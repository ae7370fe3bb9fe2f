package dev.tarn.backend.cuda;

import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/** Floats or ids in device memory; Java never sees the elements. Ownership: the arena's. */
final class CudaTensor implements Tensor {

    /** Bytes of a float and of an id. */
    static final int ELEMENT = 4;

    private static final int VECTOR = 16;

    private final Kind kind;
    private final DevicePointer pointer;
    private final int[] shape;
    private final long size;

    private CudaTensor(Kind kind, DevicePointer pointer, int[] shape) {
        this.kind = kind;
        this.pointer = pointer;
        this.shape = shape;
        this.size = Shapes.size(shape);
    }

    static CudaTensor at(DevicePointer pointer, Kind kind, int... shape) {
        return new CudaTensor(kind, pointer, shape.clone());
    }

    /** The tensor as this backend knows it. */
    static CudaTensor of(Tensor tensor) {
        if (tensor instanceof CudaTensor own) {
            return own;
        }
        throw new IllegalArgumentException(
                "a tensor of " + tensor.getClass().getSimpleName() + " was handed to the cuda backend");
    }

    static @Nullable CudaTensor orNull(@Nullable Tensor tensor) {
        return tensor == null ? null : of(tensor);
    }

    DevicePointer pointer() {
        return pointer;
    }

    long address() {
        return pointer.address();
    }

    long bytes() {
        return size * ELEMENT;
    }

    /** Whether 16 bytes can be read at once from the first element on. */
    boolean isAligned() {
        return pointer.isAligned(VECTOR);
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
    public CudaTensor view(long offset, int... newShape) {
        Shapes.view(this, offset, newShape);
        return new CudaTensor(kind, pointer.plus(offset * ELEMENT), newShape.clone());
    }

    @Override
    public String toString() {
        return Shapes.text(this);
    }
}
