package dev.tarn.experiment;

/**
 * Some numbers that were drawn alike, in short.
 *
 * @param n how many
 * @param mean NaN if there are none
 * @param sd standard deviation with n - 1 in the divisor; NaN for fewer than two
 * @param low lower end of the 95 % interval of the mean by Student's t; NaN for fewer than two
 * @param high upper end of it
 */
public record Summary(int n, double mean, double sd, double low, double high) {

    private static final double UPPER_SHARE = 0.975;

    /** Of numbers; one that is not finite makes all but {@code n} NaN. */
    public static Summary of(double... values) {
        int n = values.length;
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double mean = finite(sum / n);
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        if (n < 2) {
            return new Summary(n, mean, Double.NaN, Double.NaN, Double.NaN);
        }
        double sd = Math.sqrt(squares / (n - 1));
        double reach = StudentT.quantile(UPPER_SHARE, n - 1) * sd / Math.sqrt(n);
        return new Summary(n, mean, sd, mean - reach, mean + reach);
    }

    /**
     * Of the differences {@code values[i] - others[i]}.
     *
     * @param values of one arm
     * @param others of another, with the same seeds in the same order
     */
    public static Summary ofDifferences(double[] values, double[] others) {
        if (values.length != others.length) {
            throw new IllegalArgumentException(values.length + " values and " + others.length + " others");
        }
        double[] differences = new double[values.length];
        for (int i = 0; i < differences.length; i++) {
            differences[i] = values[i] - others[i];
        }
        return of(differences);
    }

    private static double finite(double value) {
        return Double.isFinite(value) ? value : Double.NaN;
    }
}
