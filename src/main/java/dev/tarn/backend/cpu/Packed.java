package dev.tarn.backend.cpu;

import org.bytedeco.dnnl.memory;

/** The weights of a product in the layout that its kernel prefers, refreshed from a matrix in single precision. */
final class Packed {

    private final Block block;
    private final memory.desc layout;
    private final Kernel pack;

    /**
     * Takes memory for the weights of a kernel.
     *
     * @param source how the matrix to pack lies in memory
     */
    Packed(OneDnn dnn, Owned owned, CpuArena arena, String name, memory.desc source, Kernel user) {
        layout = user.layout(Kernel.WEIGHTS);
        block = arena.block(name, layout.get_size());
        pack = dnn.copy(owned, source, layout);
    }

    void packFrom(long source) {
        pack.run(source, block.address());
    }

    long address() {
        return block.address();
    }

    memory.desc layout() {
        return layout;
    }
}
