package dev.tarn.backend.cpu;

/** Sums of squares in double, several at once, so that one addition need not wait for the other. */
final class Squares {

    private Squares() {}

    /** {@code Σ x²}. */
    static double of(float[] x, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 3 < count; k += 4) {
            s0 += (double) x[k] * x[k];
            s1 += (double) x[k + 1] * x[k + 1];
            s2 += (double) x[k + 2] * x[k + 2];
            s3 += (double) x[k + 3] * x[k + 3];
        }
        for (; k < count; k++) {
            s0 += (double) x[k] * x[k];
        }
        return s0 + s1 + (s2 + s3);
    }

    /** {@code Σ (m∘x)²}. */
    static double ofProducts(float[] x, float[] m, int count) {
        double s0 = 0;
        double s1 = 0;
        int k = 0;
        for (; k + 1 < count; k += 2) {
            double p0 = x[k] * m[k];
            double p1 = x[k + 1] * m[k + 1];
            s0 += p0 * p0;
            s1 += p1 * p1;
        }
        if (k < count) {
            double p = x[k] * m[k];
            s0 += p * p;
        }
        return s0 + s1;
    }

    /** {@code Σ (x - y)²}. */
    static double ofDifferences(float[] x, float[] y, int count) {
        double s0 = 0;
        double s1 = 0;
        int k = 0;
        for (; k + 1 < count; k += 2) {
            double d0 = (double) x[k] - y[k];
            double d1 = (double) x[k + 1] - y[k + 1];
            s0 += d0 * d0;
            s1 += d1 * d1;
        }
        if (k < count) {
            double d = (double) x[k] - y[k];
            s0 += d * d;
        }
        return s0 + s1;
    }
}
