package dev.tarn.data;

/**
 * One window of token ids, time-major: the token of stream {@code b} at time {@code t} is element {@code t*B + b}, and its
 * target, the token that follows it, has the same index.
 *
 * <p><em>Ownership:</em> the arrays belong to the stream that made the batch and are overwritten by its next window. They
 * may be longer than {@code steps * batch}; what lies behind is left over from earlier windows.
 *
 * @param inputs [T,B] token ids
 * @param targets [T,B] token ids, the inputs shifted by one token
 * @param steps T, at least 1
 * @param batch B, the number of parallel streams
 */
// Copying the arrays would allocate for every window; a batch is a view, and nobody compares two.
@SuppressWarnings("ArrayRecordComponent")
public record Batch(int[] inputs, int[] targets, int steps, int batch) {

    /** The number of predictions in this window, {@code T * B}. */
    public int predictions() {
        return steps * batch;
    }

    /** The input token of stream {@code b} at time {@code t}. */
    public int input(int t, int b) {
        return inputs[t * batch + b];
    }

    /** The target of stream {@code b} at time {@code t}. */
    public int target(int t, int b) {
        return targets[t * batch + b];
    }
}
