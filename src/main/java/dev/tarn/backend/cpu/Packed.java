package dev.tarn.backend.cpu;

/** The weights of a product in the layouts that its kernels prefer, refreshed from a matrix in single precision. */
final class Packed {

    private final Block block;
    private final Team team;
    private final Split user;
    private final int k;
    private final int n;
    private final boolean isTransposed;
    private final Split pack;

    /**
     * Takes memory for the weights of a product.
     *
     * @param k rows of the weights
     * @param n columns of the weights
     * @param isTransposed whether the matrix to pack is [n,k] in memory rather than [k,n]
     */
    Packed(Team team, Owned owned, CpuArena arena, String name, Split user, int k, int n, boolean isTransposed) {
        this.team = team;
        this.user = user;
        this.k = k;
        this.n = n;
        this.isTransposed = isTransposed;
        block = arena.block(name, user.packedBytes());
        pack = Split.packing(team, owned, user, OneDnn.F32, k, n, isTransposed);
    }

    void packFrom(long source) {
        pack.run(source, block.address());
    }

    /** Restores the matrix, as far as the precision of the packed weights goes. */
    void unpackTo(long target) {
        try (Owned once = new Owned()) {
            Split.unpacking(team, once, user, OneDnn.F32, k, n, isTransposed).run(block.address(), target);
        }
    }

    long address() {
        return block.address();
    }
}
