package dev.tarn.backend.cpu;

import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Working memory of which only one operation at a time has need, as large as the largest of them asked for when it was
 * planned. It may move when another plan is made, so its address is asked for at each use.
 */
final class SharedBlock implements AutoCloseable {

    private final HostMemory memory;
    private final String name;
    private @Nullable Block block;
    private @Nullable CpuTensor floats;

    SharedBlock(HostMemory memory, String name) {
        this.memory = memory;
        this.name = name;
    }

    /** Makes sure that there are this many bytes. */
    void reserve(long bytes) {
        if (block == null || block.bytes() < bytes) {
            close();
            Block larger = memory.take(name, bytes);
            block = larger;
            floats = CpuTensor.over(larger, Tensor.Kind.REAL, (int) (bytes / Float.BYTES));
        }
    }

    long address() {
        return block == null ? 0 : block.address();
    }

    CpuTensor floats() {
        if (floats == null) {
            throw new IllegalStateException("no memory was reserved for " + name);
        }
        return floats;
    }

    @Override
    public void close() {
        if (block != null) {
            memory.giveBack(block);
            block = null;
            floats = null;
        }
    }
}
