package dev.tarn.train;

import java.util.Arrays;

/**
 * How often documents of each class were taken for each class, and the measures that follow from that. A measure whose
 * divisor is 0 is 0, as scikit-learn has it. Thread-safety: none.
 */
public final class ConfusionMatrix {

    private final long[][] counts;

    /** @param classes C, at least 2 */
    public ConfusionMatrix(int classes) {
        counts = new long[classes][classes];
    }

    /** Counts a document. */
    public void add(int actual, int predicted) {
        counts[actual][predicted]++;
    }

    /** C. */
    public int classes() {
        return counts.length;
    }

    /** How many documents of one class were taken for another, or for the same. */
    public long count(int actual, int predicted) {
        return counts[actual][predicted];
    }

    /** How many documents were counted. */
    public long total() {
        return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
    }

    /** How many documents are of a class. */
    public long support(int label) {
        return Arrays.stream(counts[label]).sum();
    }

    /** How many documents were taken for a class. */
    public long predicted(int label) {
        return Arrays.stream(counts).mapToLong(row -> row[label]).sum();
    }

    /** The share of the documents that were taken for what they are; NaN without any. */
    public double accuracy() {
        long right = 0;
        for (int label = 0; label < counts.length; label++) {
            right += counts[label][label];
        }
        return (double) right / total();
    }

    /** Of the documents that were taken for a class, the share that is of it. */
    public double precision(int label) {
        return ratio(counts[label][label], predicted(label));
    }

    /** Of the documents of a class, the share that was taken for it. */
    public double recall(int label) {
        return ratio(counts[label][label], support(label));
    }

    /** The harmonic mean of precision and recall of a class. */
    public double f1(int label) {
        return ratio(2 * counts[label][label], support(label) + predicted(label));
    }

    /** Of two classes that of the second, the positive one; of more the mean over all classes (macro). */
    public double f1() {
        if (counts.length == 2) {
            return f1(1);
        }
        double sum = 0;
        for (int label = 0; label < counts.length; label++) {
            sum += f1(label);
        }
        return sum / counts.length;
    }

    private static double ratio(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConfusionMatrix matrix && Arrays.deepEquals(counts, matrix.counts);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(counts);
    }

    @Override
    public String toString() {
        return Arrays.deepToString(counts);
    }
}
