package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.nio.file.Path;
import java.util.Set;

/**
 * A file of named tensors, opened and checked; values are read when asked for, into arrays that the caller owns.
 *
 * <p>Ownership: holds the file open until closed. Thread-safety: may be read by several threads.
 */
public interface TensorSource extends AutoCloseable {

    /** The file. */
    Path file();

    /** The names of all tensors in the order of the file. */
    Set<String> names();

    /** Whether there is a tensor of this name. */
    boolean has(String name);

    /**
     * A copy of the dimensions of a tensor; empty for a scalar.
     *
     * @throws CheckpointException if there is none of this name
     */
    int[] shape(String name);

    /** The element type of a tensor. */
    DType dtype(String name);

    /** The values in single precision, row-major, rounded where the type is wider. */
    float[] floats(String name);

    /**
     * The values of a tensor of an integer type.
     *
     * @throws CheckpointException if the type is not one
     */
    long[] longs(String name);

    /** Closes the file; values can no longer be read, names and shapes can. */
    @Override
    void close();
}
