package dev.tarn.infer;

import java.util.Arrays;
import java.util.List;

/**
 * What a classifier says of a text.
 *
 * @param label the name of the likeliest class
 * @param index its place among the classes
 * @param probabilities of every class, in the order of {@link Predictor#labels}
 */
public record Prediction(String label, int index, List<Double> probabilities) {

    /** The prediction with these probabilities; of equal ones the first class wins. */
    public static Prediction of(List<String> labels, double... probabilities) {
        if (probabilities.length == 0 || labels.size() != probabilities.length) {
            throw new IllegalArgumentException(
                    probabilities.length + " probabilities for " + labels.size() + " labels");
        }
        int best = 0;
        for (int i = 1; i < probabilities.length; i++) {
            best = probabilities[i] > probabilities[best] ? i : best;
        }
        return new Prediction(
                labels.get(best), best, Arrays.stream(probabilities).boxed().toList());
    }

    /** The probability of the likeliest class. */
    public double probability() {
        return probabilities.get(index);
    }
}
