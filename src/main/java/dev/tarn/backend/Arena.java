package dev.tarn.backend;

/**
 * A region of device memory that is freed as one when it is closed. Everything that a run needs is taken from an arena
 * before the first step. Fresh tensors hold zeros. Thread-safety: none.
 */
public interface Arena extends AutoCloseable {

    /**
     * Allocates a tensor of real numbers.
     *
     * @param name what it holds, for error messages: {@code "logits"}
     * @throws dev.tarn.OutOfDeviceMemoryException if it does not fit; the message names the tensor, its shape and size
     */
    Tensor real(String name, int... shape);

    /** Allocates a tensor of int32 ids; otherwise as {@link #real}. */
    Tensor ids(String name, int... shape);

    /** Bytes taken so far. */
    long bytes();

    /** Frees every tensor of this arena; using one afterwards is undefined. */
    @Override
    void close();
}
