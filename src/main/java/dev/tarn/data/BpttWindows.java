package dev.tarn.data;

import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.util.Arrays;

/**
 * Variable-length backpropagation (Merity et al. 2017, arXiv:1708.02182, section 5): window lengths are random so that
 * the same tokens do not always stand at the same place of a window.
 *
 * <p>A length is {@code max(5, trunc(N(base, 5)))}, where {@code base} is bptt with probability 0.95 and bptt/2 (not
 * rounded) otherwise. The deviation is 5 steps whatever bptt is, and truncation takes half a step off the mean: for
 * bptt 70 the mean is 67.74 and the deviation 9.13.
 *
 * <h2>Where this differs from its sources</h2>
 *
 * <ul>
 *   <li>Lengths end at bptt + 25, as in fastai 1.0.21 to 1.0.39; the authors' program has no upper end. At 5 standard
 *       deviations that touches 3 draws in ten million and bounds memory.
 *   <li>fastai forces the very first window to bptt + 25 so that the allocator meets the worst case first. Memory is
 *       sized for it beforehand here, so the first window is drawn like any other.
 *   <li>An epoch goes on until every token of a stream was predicted. The authors stop when one prediction is left and
 *       fastai after (n-1)/bptt windows, which loses about 3 % of an epoch. The last window is what is left, so it may be
 *       shorter than 5 steps, down to 1.
 *   <li>The learning rate follows the steps that a window really has ({@link #lrRatio}). The authors and fastai scale by
 *       the drawn length even where the last window is cut shorter: a window of 13 steps then learns at the rate of one of
 *       64, although its gradient is a mean over fewer tokens.
 *   <li>Lengths of an epoch follow from (seed, epoch) alone. They are known before the epoch starts, so the number of
 *       windows is exact for one-cycle, and a run can go on in the middle.
 * </ul>
 */
public final class BpttWindows {

    /** Probability that a window is drawn around bptt, not around half of it. */
    public static final double FULL_PROBABILITY = 0.95;

    /** Standard deviation of a length in steps, before truncation. */
    public static final double DEVIATION = 5;

    /** The least length that is drawn. */
    public static final int MIN_STEPS = 5;

    /** By how many steps a window may be longer than bptt. */
    public static final int EXTRA_STEPS = 25;

    private BpttWindows() {}

    /**
     * The length that a pair of random numbers stands for.
     *
     * @param u uniform in [0, 1): below 0.95 the window is drawn around bptt, else around bptt/2
     * @param z standard normal
     * @param bptt the nominal length, at least 1
     * @return steps, from 5 to bptt + 25
     */
    public static int steps(double u, double z, int bptt) {
        return Math.min(maxSteps(bptt), uncapped(base(u, bptt) + DEVIATION * z));
    }

    /** The longest window for a nominal length, {@code bptt + 25}. */
    public static int maxSteps(int bptt) {
        return bptt + EXTRA_STEPS;
    }

    /**
     * By what the scheduled learning rate of each parameter group is multiplied for a window, {@code steps / bptt}. The
     * product is used for that step only and never written back (fastai multiplied the stored rate, which compounds, and
     * gave every group the rate of the last).
     */
    public static double lrRatio(int steps, int bptt) {
        return (double) steps / bptt;
    }

    /** The mean around which a window is drawn. */
    static double base(double u, int bptt) {
        return u < FULL_PROBABILITY ? bptt : bptt / 2.0;
    }

    /** The authors' length for a normal number that already has its mean and deviation. */
    static int uncapped(double normal) {
        return Math.max(MIN_STEPS, (int) normal);
    }

    /**
     * The lengths of all windows of an epoch. Window w takes {@code uniform53} number 4w and {@code gaussian} number 2w+1
     * of the stream (seed, BPTT, 0, epoch), which are separate words of it.
     *
     * @param positions predictions to cover per stream, at least 1
     * @return lengths whose sum is {@code positions}; the last may be shorter than any drawn one
     */
    static int[] drawn(long positions, int bptt, long seed, long epoch) {
        RandomKey key = new RandomKey(seed, RandomKey.Purpose.BPTT, 0, epoch);
        IntArrayList lengths = new IntArrayList((int) (positions / bptt + positions / (8L * bptt) + 8));
        long left = positions;
        for (long window = 0; left > 0; window++) {
            int steps = steps(Philox.uniform53(key, 4 * window), Philox.gaussian(key, 2 * window + 1), bptt);
            lengths.add((int) Math.min(left, steps));
            left -= steps;
        }
        return lengths.toIntArray();
    }

    /** The lengths of windows of {@code bptt} steps over {@code positions} predictions; the last may be shorter. */
    static int[] regular(long positions, int bptt) {
        int[] lengths = new int[(int) ((positions + bptt - 1) / bptt)];
        Arrays.fill(lengths, bptt);
        lengths[lengths.length - 1] = (int) (positions - (lengths.length - 1L) * bptt);
        return lengths;
    }
}
