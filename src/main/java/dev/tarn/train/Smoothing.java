package dev.tarn.train;

/**
 * The exponentially weighted mean of a loss, without the pull of its zero start: {@code m = 0.98 m + 0.02 x},
 * {@code value = m / (1 - 0.98^k)} after k numbers. This is the training loss that fastai prints. Thread-safety: none.
 */
public final class Smoothing {

    /** How much of the mean each new number leaves. */
    public static final double BETA = 0.98;

    private double mean;
    private long count;

    /** Takes one number and returns the new value. */
    public double add(double x) {
        mean = BETA * mean + (1 - BETA) * x;
        count++;
        return value();
    }

    /** The smoothed value, NaN before the first number. */
    public double value() {
        return count == 0 ? Double.NaN : mean / (1 - Math.pow(BETA, (double) count));
    }

    /** The raw mean, for {@link #restore}. */
    public double mean() {
        return mean;
    }

    /** How many numbers were taken. */
    public long count() {
        return count;
    }

    /** Goes on from a saved state. */
    public void restore(double mean, long count) {
        this.mean = mean;
        this.count = count;
    }
}
