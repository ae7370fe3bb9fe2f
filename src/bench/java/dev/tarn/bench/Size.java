package dev.tarn.bench;

import java.util.List;

/**
 * What one step works on; the model is always 400-1152-1152-400 with a tied decoder.
 *
 * @param vocab V
 * @param batch B
 * @param steps T, the window length
 * @param timedSteps how many steps a process times unless told otherwise
 */
record Size(String name, int vocab, int batch, int steps, int timedSteps) {

    static final int EMB_SZ = 400;
    static final int N_HID = 1152;
    static final int N_LAYERS = 3;

    /** For {@code --check} and for warming caches: small enough to be over in seconds. */
    static final Size CHECK = new Size("check", 1000, 8, 20, 6);

    private static final List<Size> ALL = List.of(
            new Size("S", 10_000, 32, 70, 8),
            new Size("M", 30_000, 48, 70, 6),
            new Size("L", 60_000, 64, 70, 5),
            CHECK);

    static Size named(String name) {
        return ALL.stream()
                .filter(size -> size.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("size " + name + " is unknown; there are S, M and L"));
    }

    static int inputSize(int layer) {
        return layer == 0 ? EMB_SZ : N_HID;
    }

    static int hiddenSize(int layer) {
        return layer == N_LAYERS - 1 ? EMB_SZ : N_HID;
    }

    /** Tokens that a step consumes, T·B. */
    int tokens() {
        return steps * batch;
    }

    /**
     * Floating-point operations of the matrix products of one training step: forward, gradient by the input and gradient
     * by the weights cost {@code 2·m·n·k} each, for every LSTM layer and the decoder.
     */
    double flops() {
        double weights = (double) vocab * EMB_SZ;
        for (int layer = 0; layer < N_LAYERS; layer++) {
            weights += 4.0 * hiddenSize(layer) * (inputSize(layer) + hiddenSize(layer));
        }
        return 3 * 2 * weights * tokens();
    }
}
