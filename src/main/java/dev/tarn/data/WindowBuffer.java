package dev.tarn.data;

import org.jspecify.annotations.Nullable;

/** The reused arrays of a stream's windows, and the turn from rows of tokens to time-major inputs and targets. */
final class WindowBuffer {

    private final int batch;
    private final int[] inputs;
    private final int[] targets;
    private final int[] row;
    private final @Nullable Batch[] byLength;

    WindowBuffer(StreamOptions options) {
        this.batch = options.batch();
        int maxSteps = options.maxSteps();
        this.inputs = new int[maxSteps * batch];
        this.targets = new int[maxSteps * batch];
        this.row = new int[maxSteps + 1];
        this.byLength = new Batch[maxSteps + 1];
    }

    /** Fills stream {@code b} with {@code steps} tokens from {@code start} on and the one after them. */
    void fill(int b, DocumentSequence sequence, long start, int steps) {
        sequence.read(start, row, 0, steps + 1);
        for (int t = 0, at = b; t < steps; t++, at += batch) {
            inputs[at] = row[t];
            targets[at] = row[t + 1];
        }
    }

    /** The batch object of a length; made once. */
    Batch batch(int steps) {
        Batch made = byLength[steps];
        if (made == null) {
            made = new Batch(inputs, targets, steps, batch);
            byLength[steps] = made;
        }
        return made;
    }
}
