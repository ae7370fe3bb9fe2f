package dev.tarn.experiment;

import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What arms are compared by. */
public enum Metric {
    /** On the validation text, at the training length. */
    PERPLEXITY("perplexity", "%.2f", false, lm(LmResult::perplexity)),
    /** Over the second half of sequences far longer than the training windows, from a zero state. */
    PERPLEXITY_BEYOND("perplexity beyond", "%.2f", false, lm(LmResult::perplexityBeyond)),
    /** Mean ‖h‖ of the last layer there. */
    NORM_BEYOND("norm of h beyond", "%.3f", false, lm(LmResult::normBeyond)),
    /** By which share that is above ‖h‖ at the training length. */
    NORM_DRIFT("drift of the norm, %", "%.2f", true, lm(LmResult::normDrift)),
    /** The classifier's, on the test documents. */
    ACCURACY("accuracy, %", "%.2f", true, Metric::accuracy);

    private final String title;
    private final String format;
    private final double scale;
    private final ToDoubleFunction<Results.Found> value;

    Metric(String title, String format, boolean isShare, ToDoubleFunction<Results.Found> value) {
        this.title = title;
        this.format = format;
        this.scale = isShare ? 100 : 1;
        this.value = value;
    }

    private static ToDoubleFunction<Results.Found> lm(ToDoubleFunction<LmResult> of) {
        return found -> of.applyAsDouble(found.lm());
    }

    private static double accuracy(Results.Found found) {
        ClfResult clf = found.clf();
        return clf == null ? Double.NaN : clf.accuracy();
    }

    /** For the head of a column. */
    public String title() {
        return title;
    }

    /** The key in JSON. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What was found in a cell; not finite if nothing. Shares are from 0 to 1. */
    public double of(Results.Found found) {
        return value.applyAsDouble(found);
    }

    /** A value as it stands in a table: shares in percent. */
    String text(double number) {
        return Double.isFinite(number) ? String.format(Locale.ROOT, format, number * scale) : "-";
    }

    /** For the axis of a plot. */
    double shown(double number) {
        return number * scale;
    }
}
