package dev.tarn.experiment;

import dev.tarn.run.JsonEvent;

/**
 * What the classifier of a cell came to.
 *
 * @param loss mean cross-entropy over the test documents, in nats; NaN where the training diverged
 * @param accuracy the share of test documents whose likeliest class is the right one
 * @param documents how many were tested
 * @param failure why the training ended early, or empty
 */
public record ClfResult(double loss, double accuracy, long documents, String failure) {

    private static final String KIND = "clf";

    static ClfResult diverged(String sentence) {
        return new ClfResult(Double.NaN, Double.NaN, 0, sentence);
    }

    /** Whether the training diverged. */
    public boolean hasDiverged() {
        return !failure.isEmpty();
    }

    JsonEvent toJson() {
        return JsonEvent.of(KIND)
                .with("loss", loss)
                .with("accuracy", accuracy)
                .with("documents", documents)
                .with("failure", failure);
    }

    static ClfResult of(JsonEvent json) {
        return new ClfResult(
                json.real("loss"), json.real("accuracy"), (long) json.real("documents"), json.text("failure"));
    }
}
