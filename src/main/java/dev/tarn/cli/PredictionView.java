package dev.tarn.cli;

import dev.tarn.infer.Occlusion.Influence;
import dev.tarn.infer.Prediction;
import dev.tarn.infer.Predictor;
import dev.tarn.run.JsonEvent;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Predicts a stream of texts batch by batch and prints what is found in their order: with {@code --json} a line each, else
 * a table with the label, the probability of every class and the beginning of the text. No more than a batch is in memory,
 * and a batch is printed before the next is read.
 */
final class PredictionView {

    /** How much of a text a row of the table shows. */
    private static final int SHOWN = 60;

    /** How many of the tokens with the largest influence a row of the table names. */
    private static final int SHOWN_TOKENS = 5;

    private final Console console;
    private final Predictor predictor;
    private final @Nullable BiFunction<String, Prediction, List<Influence>> explain;

    /** @param explain the influence of each token of a text, or null where nobody asked */
    PredictionView(
            Console console, Predictor predictor, @Nullable BiFunction<String, Prediction, List<Influence>> explain) {
        this.console = console;
        this.predictor = predictor;
        this.explain = explain;
    }

    /** Prints the predictions of all texts; returns how many there were. */
    long print(Iterator<List<String>> batches) {
        console.line(header());
        long count = 0;
        while (batches.hasNext()) {
            List<String> texts = batches.next();
            List<Prediction> predictions = predictor.predict(texts);
            for (int i = 0; i < texts.size(); i++) {
                print(texts.get(i), predictions.get(i));
            }
            count += texts.size();
        }
        return count;
    }

    private void print(String text, Prediction prediction) {
        List<Influence> influences = explain == null ? null : explain.apply(text, prediction);
        if (!console.isJson()) {
            console.line(row(text, prediction, influences));
            return;
        }
        JsonEvent probabilities = JsonEvent.object();
        for (int i = 0; i < predictor.labels().size(); i++) {
            probabilities.with(
                    predictor.labels().get(i), prediction.probabilities().get(i));
        }
        JsonEvent event =
                JsonEvent.of("prediction").with("label", prediction.label()).with("probabilities", probabilities);
        if (influences != null) {
            event.with(
                    "influences",
                    influences.stream().map(PredictionView::object).toList());
        }
        console.result("", event);
    }

    private static JsonEvent object(Influence influence) {
        return JsonEvent.object().with("token", influence.token()).with("influence", influence.influence());
    }

    private String header() {
        StringBuilder header = new StringBuilder("label");
        for (String label : predictor.labels()) {
            header.append('\t').append(label);
        }
        header.append("\ttext");
        return header.append(explain == null ? "" : "\tinfluence").toString();
    }

    private static String row(String text, Prediction prediction, @Nullable List<Influence> influences) {
        StringBuilder row = new StringBuilder(prediction.label());
        for (double probability : prediction.probabilities()) {
            row.append(String.format(Locale.ROOT, "\t%.4f", probability));
        }
        int shown =
                text.offsetByCodePoints(0, Math.min(SHOWN, text.codePointCount(0, Math.min(text.length(), 2 * SHOWN))));
        row.append('\t').append(text.substring(0, shown).replaceAll("\\p{Cntrl}", " "));
        row.append(shown < text.length() ? "..." : "");
        if (influences != null) {
            row.append('\t');
            influences.stream()
                    .sorted((a, b) -> Double.compare(Math.abs(b.influence()), Math.abs(a.influence())))
                    .limit(SHOWN_TOKENS)
                    .forEach(influence -> row.append(
                            String.format(Locale.ROOT, "%s %+.3f  ", influence.token(), influence.influence())));
        }
        return row.toString().stripTrailing();
    }
}
