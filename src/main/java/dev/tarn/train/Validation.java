package dev.tarn.train;

/**
 * How well a model predicts a text.
 *
 * @param loss mean cross-entropy over all predictions, in nats
 * @param accuracy share of the predictions whose likeliest token was right
 * @param predictions how many there were
 */
public record Validation(double loss, double accuracy, long predictions) {

    /** Stands for no validation set. */
    public static final Validation NONE = new Validation(Double.NaN, Double.NaN, 0);

    /** {@code exp(loss)}. */
    public double perplexity() {
        return Math.exp(loss);
    }
}
