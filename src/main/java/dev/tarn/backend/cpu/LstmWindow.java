package dev.tarn.backend.cpu;

import org.jspecify.annotations.Nullable;

/** What a forward of {@link CpuLstm} writes besides its output, and keeps for the backward where it trains. */
final class LstmWindow {

    private final CpuTensor gates;
    private final CpuTensor cells;
    private final @Nullable CpuTensor h;
    private int keptSteps;

    /**
     * Over memory of the plan for a window that is kept, over {@link LstmScratch} for inference.
     *
     * @param h null in single precision
     */
    LstmWindow(CpuTensor gates, CpuTensor cells, @Nullable CpuTensor h) {
        this.gates = gates;
        this.cells = cells;
        this.h = h;
    }

    /** Activated gates i, f, g, o of every step, [T,B,4H]; in f32 overwritten by their gradients in the backward. */
    CpuTensor gates() {
        return gates;
    }

    /** c_t of every step, [T,B,H]. */
    CpuTensor cells() {
        return cells;
    }

    /** In bf16, the address of the state before each step and after the last, [T+1,B,H] in bf16. */
    long h() {
        return h == null ? 0 : h.address();
    }

    /** The steps of the last training forward that no backward has used, or 0. */
    int keptSteps() {
        return keptSteps;
    }

    void keep(int steps) {
        keptSteps = steps;
    }
}
