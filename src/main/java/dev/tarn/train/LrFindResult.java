package dev.tarn.train;

import java.util.Arrays;
import java.util.OptionalDouble;

/**
 * What a learning rate search saw: pair i is the rate of iteration i (last group) with the smoothed loss of its window,
 * measured before the step with that rate was taken. Suggestions leave out the first 10 and the last 5 pairs, as fastai's
 * plot does, and are empty when too few are left. Immutable.
 */
public final class LrFindResult {

    /** Pairs left out at the start, where the smoothed loss is young. */
    public static final int SKIP_START = 10;

    /** Pairs left out at the end, where the loss has exploded. */
    public static final int SKIP_END = 5;

    private final double[] lrs;
    private final double[] losses;

    LrFindResult(double[] lrs, double[] losses) {
        this.lrs = lrs.clone();
        this.losses = losses.clone();
    }

    /** The rates, ascending. */
    public double[] lrs() {
        return lrs.clone();
    }

    /** The smoothed losses; the last may be no number. */
    public double[] losses() {
        return losses.clone();
    }

    /** The rate where the loss falls steepest by the index (fastai's "min numerical gradient"). */
    public OptionalDouble steepest() {
        double[] kept = keptLosses();
        if (kept.length < 2) {
            return OptionalDouble.empty();
        }
        int steepest = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < kept.length; i++) {
            int before = Math.max(0, i - 1);
            int after = Math.min(kept.length - 1, i + 1);
            double slope = (kept[after] - kept[before]) / (after - before);
            if (slope < least) {
                least = slope;
                steepest = i;
            }
        }
        return at(steepest);
    }

    /** A tenth of the rate with the lowest loss. */
    public OptionalDouble minimumOverTen() {
        double[] kept = keptLosses();
        if (kept.length == 0) {
            return OptionalDouble.empty();
        }
        int lowest = 0;
        for (int i = 1; i < kept.length; i++) {
            if (kept[i] < kept[lowest]) {
                lowest = i;
            }
        }
        return OptionalDouble.of(at(lowest).orElseThrow() / 10);
    }

    /**
     * A point about half way down the longest valley (fastai v2's default). The valley is the longest strictly falling
     * subsequence of the losses; it is taken to reach as many indices back from its last one as it has members, and the
     * point lies a third and a sixth of that, each rounded down, after its start.
     */
    public OptionalDouble valley() {
        double[] kept = keptLosses();
        if (kept.length == 0) {
            return OptionalDouble.empty();
        }
        int[] length = new int[kept.length];
        int end = 0;
        for (int i = 0; i < kept.length; i++) {
            length[i] = 1;
            for (int j = 0; j < i; j++) {
                if (kept[i] < kept[j]) {
                    length[i] = Math.max(length[i], length[j] + 1);
                }
            }
            if (length[i] > length[end]) {
                end = i;
            }
        }
        int start = end - length[end];
        double third = (end - start) / 3.0;
        return at(Math.max(0, start + (int) third + (int) (third / 2)));
    }

    private OptionalDouble at(int kept) {
        return OptionalDouble.of(lrs[SKIP_START + kept]);
    }

    /** The losses that suggestions look at; ends before the first that is no number. */
    private double[] keptLosses() {
        int end = losses.length - SKIP_END;
        if (end <= SKIP_START) {
            return new double[0];
        }
        double[] kept = Arrays.copyOfRange(losses, SKIP_START, end);
        for (int i = 0; i < kept.length; i++) {
            if (!Double.isFinite(kept[i])) {
                return Arrays.copyOf(kept, i);
            }
        }
        return kept;
    }
}
