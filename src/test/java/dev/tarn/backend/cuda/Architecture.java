package dev.tarn.backend.cuda;

/**
 * What a multiprocessor of a GPU offers to blocks, from the table of compute capabilities in the CUDA C++ Programming
 * Guide. All have 65536 registers, handed to warps by 256, warps counted by four.
 *
 * @param threads the most that can be resident
 * @param blocks likewise
 * @param sharedBytes shared memory
 */
record Architecture(String name, int threads, int blocks, int sharedBytes) {

    private static final int REGISTERS = 65536;
    private static final int REGISTER_UNIT = 256;
    private static final int WARP = 32;
    private static final int WARP_UNIT = 4;

    /** What the driver keeps of each block's shared memory, from compute capability 8.0 on. */
    private static final int RESERVED_BYTES = 1024;

    private static final int SHARED_UNIT = 128;

    /** How many blocks of a kernel can be resident, apart from shared memory that is asked for at the launch. */
    int residentBlocks(int blockThreads, int registers, int blockSharedBytes) {
        int warps = ceil(blockThreads, WARP) / WARP;
        int byRegisters = REGISTERS / ceil(registers * WARP, REGISTER_UNIT) / WARP_UNIT * WARP_UNIT / warps;
        int shared = ceil(blockSharedBytes + (name.equals("sm_75") ? 0 : RESERVED_BYTES), SHARED_UNIT);
        int byShared = shared == 0 ? blocks : sharedBytes / shared;
        return Math.min(Math.min(blocks, threads / blockThreads), Math.min(byRegisters, byShared));
    }

    private static int ceil(int value, int unit) {
        return (value + unit - 1) / unit * unit;
    }
}
