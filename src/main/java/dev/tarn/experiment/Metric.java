package dev.tarn.experiment;

import java.util.Locale;

/** What arms are compared by. */
public enum Metric {
    /** On the validation text, at the training length. */
    PERPLEXITY("perplexity", "%.2f", 1),
    /** Over the second half of sequences far longer than the training windows, from a zero state. */
    PERPLEXITY_BEYOND("perplexity beyond", "%.2f", 1),
    /** Mean ‖h‖ of the last layer there. */
    NORM_BEYOND("norm of h beyond", "%.3f", 1),
    /** By which share that is above ‖h‖ at the training length. */
    NORM_DRIFT("drift of the norm, %", "%.2f", 100),
    /** The classifier's, on the test documents. */
    ACCURACY("accuracy, %", "%.2f", 100);

    private final String title;
    private final String format;
    private final double scale;

    Metric(String title, String format, double scale) {
        this.title = title;
        this.format = format;
        this.scale = scale;
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
        return switch (this) {
            case PERPLEXITY -> found.lm().perplexity();
            case PERPLEXITY_BEYOND -> found.lm().perplexityBeyond();
            case NORM_BEYOND -> found.lm().normBeyond();
            case NORM_DRIFT -> found.lm().normDrift();
            case ACCURACY -> {
                ClfResult clf = found.clf();
                yield clf == null ? Double.NaN : clf.accuracy();
            }
        };
    }

    /** A value as it stands in a table: shares in percent. */
    String text(double number) {
        return Double.isFinite(number) ? String.format(Locale.ROOT, format, shown(number)) : "-";
    }

    /** The same for the axis of a plot. */
    double shown(double number) {
        return number * scale;
    }
}
