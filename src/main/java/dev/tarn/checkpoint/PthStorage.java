package dev.tarn.checkpoint;

/**
 * A block of numbers in a {@code .pth} file, which several tensors may show parts of.
 *
 * <p>A pickle mentions it before it is known where in the file it lies, so that is told later, by {@link #locate}.
 */
final class PthStorage {

    private final String key;
    private final DType dtype;
    private final long numel;
    private long position = -1;

    PthStorage(String key, DType dtype, long numel) {
        this.key = key;
        this.dtype = dtype;
        this.numel = numel;
    }

    String key() {
        return key;
    }

    DType dtype() {
        return dtype;
    }

    /** The number of elements. */
    long numel() {
        return numel;
    }

    /** The number of bytes; {@link PthLayout} has seen that it fits into a long. */
    long bytes() {
        return numel * dtype.bytes();
    }

    /** Where in the file the first element lies. */
    long position() {
        return position;
    }

    boolean isLocated() {
        return position >= 0;
    }

    void locate(long start) {
        position = start;
    }
}
