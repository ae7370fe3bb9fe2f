package dev.tarn.data;

import dev.tarn.ConfigException;

/**
 * How to read {@link Tokens} as batches.
 *
 * @param windows how windows are cut
 * @param batch B, the number of parallel streams, at least 1 ({@code --bs})
 * @param bptt the nominal number of steps of a window, at least 1
 * @param shuffle whether documents stand in another order in every epoch
 * @param backwards whether documents come in reverse order and their tokens too
 * @param seed the seed of the run; window lengths and shuffles follow from it and the epoch alone
 */
public record StreamOptions(Windows windows, int batch, int bptt, boolean shuffle, boolean backwards, long seed) {

    private static final int MAX_CELLS = 1 << 28;

    public StreamOptions {
        if (batch < 1) {
            throw new ConfigException("The batch size is " + batch + ", but it must be at least 1: set --bs.");
        }
        if (bptt < 1) {
            throw new ConfigException("bptt is " + bptt + ", but it must be at least 1: set --bptt.");
        }
        long cells = batch * ((long) bptt + BpttWindows.EXTRA_STEPS);
        if (cells > MAX_CELLS) {
            throw new ConfigException("A batch size of " + batch + " with bptt " + bptt + " makes windows of up to "
                    + cells + " tokens, more than the " + MAX_CELLS + " that are allowed: lower --bs or --bptt.");
        }
    }

    /** Training as Merity et al.: variable windows, shuffled documents, forwards. */
    public static StreamOptions variable(int batch, int bptt, long seed) {
        return new StreamOptions(Windows.VARIABLE, batch, bptt, true, false, seed);
    }

    /** Training as fastai from 1.0.42 on: fixed ragged windows, shuffled documents, forwards. */
    public static StreamOptions fixed(int batch, int bptt, long seed) {
        return new StreamOptions(Windows.FIXED, batch, bptt, true, false, seed);
    }

    /** Validation: contiguous windows in the order of the documents, the same in every epoch. */
    public static StreamOptions evaluation(int batch, int bptt) {
        return new StreamOptions(Windows.CONTIGUOUS, batch, bptt, false, false, 0);
    }

    public StreamOptions withShuffle(boolean value) {
        return new StreamOptions(windows, batch, bptt, value, backwards, seed);
    }

    public StreamOptions withBackwards(boolean value) {
        return new StreamOptions(windows, batch, bptt, shuffle, value, seed);
    }

    /** The number of steps of the longest window that can come; workspaces are sized for it. */
    public int maxSteps() {
        return windows == Windows.VARIABLE ? BpttWindows.maxSteps(bptt) : bptt;
    }
}
