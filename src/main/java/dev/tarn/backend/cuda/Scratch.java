package dev.tarn.backend.cuda;

import org.jspecify.annotations.Nullable;

/**
 * Memory for the inside of an operation. All operations share it, since the stream runs them one after the other; what one
 * leaves there is of no use to the next. It grows where a plan is made, so that no step allocates.
 */
final class Scratch implements AutoCloseable {

    private final DeviceMemory memory;
    private final String name;
    private @Nullable DevicePointer pointer;
    private long bytes;

    Scratch(DeviceMemory memory, String name) {
        this.memory = memory;
        this.name = name;
    }

    /** Sees to it that there are this many bytes. */
    void reserve(long wanted) {
        if (wanted > bytes) {
            close();
            pointer = memory.take(name, wanted);
            bytes = wanted;
        }
    }

    /** Where it starts, until the next {@link #reserve}. Aligned for everything. */
    DevicePointer pointer() {
        if (pointer == null) {
            throw new IllegalStateException(name + " was not reserved");
        }
        return pointer;
    }

    @Override
    public void close() {
        if (pointer != null) {
            memory.giveBack(pointer);
            pointer = null;
            bytes = 0;
        }
    }
}
