package dev.tarn.backend.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * One piece of native memory, filled with zeros, on a cache line boundary. It is freed by {@link #close} and by nothing
 * else: no garbage collector decides how long native code may use it.
 */
final class Block implements AutoCloseable {

    /** A cache line, and the width of the widest vector register. */
    static final int ALIGNMENT = 64;

    /** What one NIO buffer can address, less the alignment. */
    static final long MAX_BYTES = Integer.MAX_VALUE - 2L * ALIGNMENT;

    private final Pointer allocation;
    private final long address;
    private final long bytes;
    private final ByteBuffer buffer;
    private boolean closed;

    private Block(Pointer allocation, long bytes) {
        this.allocation = allocation;
        this.address = (allocation.address() + ALIGNMENT - 1) & -ALIGNMENT;
        this.bytes = bytes;
        this.buffer = new Address.Span(address, bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Takes memory from the system, or returns null if it has none. */
    static @Nullable Block allocate(long bytes) {
        // calloc leaves large blocks untouched until their first use, so a generous arena costs nothing.
        Pointer allocation = Pointer.calloc(1, bytes + ALIGNMENT);
        return allocation == null || allocation.isNull() ? null : new Block(allocation, bytes);
    }

    long address() {
        return address;
    }

    long bytes() {
        return bytes;
    }

    FloatBuffer floats() {
        return buffer.asFloatBuffer();
    }

    IntBuffer ints() {
        return buffer.asIntBuffer();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Pointer.free(allocation);
        }
    }
}
