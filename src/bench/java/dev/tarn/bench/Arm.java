package dev.tarn.bench;

import java.util.Map;

/** Who is measured, and in what environment. */
enum Arm {
    /** The peer as a user gets it. */
    LIBTORCH("libtorch", ArmProcess.Side.LIBTORCH, false),
    /** The peer with an allocator that keeps its large tensors instead of returning them to the kernel every step. */
    LIBTORCH_TUNED("libtorch-tuned", ArmProcess.Side.LIBTORCH, true),
    /** As the launcher starts it. */
    TARN("tarn", ArmProcess.Side.TARN, false);

    private final String label;
    private final ArmProcess.Side side;
    private final boolean tunedAllocator;

    Arm(String label, ArmProcess.Side side, boolean tunedAllocator) {
        this.label = label;
        this.side = side;
        this.tunedAllocator = tunedAllocator;
    }

    String label() {
        return label;
    }

    ArmProcess.Side side() {
        return side;
    }

    /** Variables on top of those that set the number of threads for everyone. */
    Map<String, String> environment(int threads) {
        if (this == TARN) {
            return Map.of("OMP_NUM_THREADS", "1", "TARN_THREADS", Integer.toString(threads));
        }
        // glibc reads these when the process starts.
        return tunedAllocator
                ? Map.of(
                        "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1",
                        "MALLOC_MMAP_THRESHOLD_", "8589934592",
                        "MALLOC_TRIM_THRESHOLD_", "17179869184",
                        "MALLOC_ARENA_MAX", "1")
                : Map.of();
    }
}
