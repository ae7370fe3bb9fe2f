package dev.tarn.train;

import dev.tarn.infer.Probabilities;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.IntFunction;

/**
 * How well a classifier does on labelled documents.
 *
 * @param classes their names
 * @param validation loss, accuracy and confusion matrix
 * @param topLosses the documents with the largest losses, the largest first
 */
public record ClassifierReport(List<String> classes, Validation validation, List<TopLoss> topLosses) {

    /**
     * A document that was taken for something else, or hardly for what it is.
     *
     * @param origin where it comes from
     * @param probability of its own class
     */
    public record TopLoss(String origin, int actual, int predicted, double probability, double loss) {}

    public ClassifierReport {
        classes = List.copyOf(classes);
        topLosses = List.copyOf(topLosses);
    }

    /**
     * Measures probabilities.
     *
     * @param probabilities [N][C]
     * @param labels [N] the classes of the documents
     * @param origins names a document
     * @param top how many of the largest losses to keep
     */
    static ClassifierReport of(
            List<String> classes, double[][] probabilities, int[] labels, IntFunction<String> origins, int top) {
        ConfusionMatrix confusion = new ConfusionMatrix(classes.size());
        Comparator<TopLoss> byLoss = Comparator.comparingDouble(TopLoss::loss);
        PriorityQueue<TopLoss> worst = new PriorityQueue<>(byLoss);
        double sum = 0;
        for (int i = 0; i < labels.length; i++) {
            int predicted = Probabilities.largest(probabilities[i]);
            double loss = Probabilities.loss(probabilities[i], labels[i]);
            confusion.add(labels[i], predicted);
            sum += loss;
            worst.add(new TopLoss(origins.apply(i), labels[i], predicted, probabilities[i][labels[i]], loss));
            if (worst.size() > top) {
                worst.remove();
            }
        }
        List<TopLoss> sorted = new ArrayList<>(worst);
        sorted.sort(byLoss.reversed());
        Validation validation = new Validation(sum / labels.length, confusion.accuracy(), labels.length, confusion);
        return new ClassifierReport(classes, validation, sorted);
    }

    /** {@link Validation#confusion()}. */
    public ConfusionMatrix confusion() {
        ConfusionMatrix confusion = validation.confusion();
        if (confusion == null) {
            throw new IllegalStateException("a report without a confusion matrix");
        }
        return confusion;
    }
}
