package dev.tarn.experiment;

/** Student's t distribution with a whole number of degrees of freedom. */
final class StudentT {

    private StudentT() {}

    /**
     * The value that a share of the distribution lies below.
     *
     * @param share from 0.5 to below 1
     * @param degrees of freedom, at least 1
     */
    static double quantile(double share, int degrees) {
        if (!(share >= 0.5 && share < 1) || degrees < 1) {
            throw new IllegalArgumentException("share " + share + ", degrees " + degrees);
        }
        double low = 0;
        double high = 1;
        while (cumulative(high, degrees) < share) {
            low = high;
            high *= 2;
        }
        for (double middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2) {
            if (cumulative(middle, degrees) < share) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /** The share below t ≥ 0, by the finite sums of Abramowitz &amp; Stegun (1964), 26.7.3 and 26.7.4. */
    static double cumulative(double t, int degrees) {
        double theta = Math.atan(t / Math.sqrt(degrees));
        double cosine = Math.cos(theta);
        boolean odd = degrees % 2 == 1;
        double term = odd ? cosine : 1;
        double sum = 0;
        for (int k = odd ? 2 : 1; k < degrees; k += 2) {
            sum += term;
            term *= cosine * cosine * k / (k + 1);
        }
        double within = Math.sin(theta) * sum;
        return 0.5 + (odd ? (theta + within) / Math.PI : within / 2);
    }
}
