package dev.tarn.infer;

/** From logits to probabilities, in double precision. */
public final class Probabilities {

    private Probabilities() {}

    /**
     * The softmax of a row of logits.
     *
     * @param from where the row begins in {@code logits}
     * @param probabilities [C] out; its length says how long the row is
     */
    public static void softmax(double[] logits, int from, double[] probabilities) {
        double highest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < probabilities.length; c++) {
            highest = Math.max(highest, logits[from + c]);
        }
        double total = 0;
        for (int c = 0; c < probabilities.length; c++) {
            probabilities[c] = Math.exp(logits[from + c] - highest);
            total += probabilities[c];
        }
        for (int c = 0; c < probabilities.length; c++) {
            probabilities[c] /= total;
        }
    }

    /** The likeliest class; the first of equal ones. */
    public static int largest(double[] probabilities) {
        int largest = 0;
        for (int c = 1; c < probabilities.length; c++) {
            largest = probabilities[c] > probabilities[largest] ? c : largest;
        }
        return largest;
    }

    /** Cross-entropy of a label, in nats; finite even where the probability has underflowed. */
    public static double loss(double[] probabilities, int label) {
        return -Math.log(Math.max(probabilities[label], Double.MIN_NORMAL));
    }
}
