package dev.tarn.train;

import org.jspecify.annotations.Nullable;

/**
 * How well a language model predicts the tokens of a text, or a classifier the labels of documents.
 *
 * @param loss mean cross-entropy over all predictions, in nats
 * @param accuracy share of the predictions whose likeliest token or class was right
 * @param predictions how many there were
 * @param confusion which classes were taken for which; null for a language model
 */
public record Validation(
        double loss,
        double accuracy,
        long predictions,
        @Nullable ConfusionMatrix confusion) {

    /** Stands for no validation set. */
    public static final Validation NONE = new Validation(Double.NaN, Double.NaN, 0);

    /** Of a language model. */
    public Validation(double loss, double accuracy, long predictions) {
        this(loss, accuracy, predictions, null);
    }

    /** {@code exp(loss)}. */
    public double perplexity() {
        return Math.exp(loss);
    }

    /** {@link ConfusionMatrix#f1()}, NaN where there are no classes. */
    public double f1() {
        return confusion == null ? Double.NaN : confusion.f1();
    }
}
