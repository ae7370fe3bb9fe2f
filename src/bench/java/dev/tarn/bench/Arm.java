package dev.tarn.bench;

import java.util.Map;

/** Who is measured, and in what environment. */
enum Arm {
    /** The peer as a user gets it. */
    LIBTORCH("libtorch", ArmProcess.Side.LIBTORCH, Map.of()),
    /** The peer with an allocator that keeps its large tensors instead of returning them to the kernel every step. */
    LIBTORCH_TUNED(
            "libtorch-tuned",
            ArmProcess.Side.LIBTORCH,
            Map.of(
                    "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1",
                    "MALLOC_MMAP_THRESHOLD_", "8589934592",
                    "MALLOC_TRIM_THRESHOLD_", "17179869184",
                    "MALLOC_ARENA_MAX", "1")),
    TARN("tarn", ArmProcess.Side.TARN, Map.of());

    private final String label;
    private final ArmProcess.Side side;
    private final Map<String, String> environment;

    Arm(String label, ArmProcess.Side side, Map<String, String> environment) {
        this.label = label;
        this.side = side;
        this.environment = environment;
    }

    String label() {
        return label;
    }

    ArmProcess.Side side() {
        return side;
    }

    /** Variables on top of the number of threads. */
    Map<String, String> environment() {
        return environment;
    }
}
