package dev.tarn.backend.cpu;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Hands out one {@link Block} per tensor and frees them all together. */
final class CpuArena implements Arena {

    private final HostMemory memory;
    private final String name;
    private final List<Block> blocks = new ArrayList<>();
    private long bytes;

    CpuArena(HostMemory memory, String name) {
        this.memory = memory;
        this.name = name;
    }

    @Override
    public CpuTensor real(String tensorName, int... shape) {
        return tensor(Tensor.Kind.REAL, tensorName, shape);
    }

    @Override
    public CpuTensor ids(String tensorName, int... shape) {
        return tensor(Tensor.Kind.IDS, tensorName, shape);
    }

    private CpuTensor tensor(Tensor.Kind kind, String tensorName, int... shape) {
        String what = tensorName + " " + Shapes.text(shape) + " in arena " + name;
        return CpuTensor.over(take(what, Math.multiplyExact(Shapes.size(shape), Float.BYTES)), kind, shape);
    }

    /** Memory in a layout of oneDNN's. */
    Block block(String blockName, long size) {
        return take(blockName + " in arena " + name, size);
    }

    private Block take(String what, long size) {
        Block block = memory.take(what, size);
        blocks.add(block);
        bytes += size;
        return block;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        blocks.forEach(memory::giveBack);
        blocks.clear();
        bytes = 0;
    }
}
