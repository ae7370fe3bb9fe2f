package dev.tarn.cli;

import dev.tarn.experiment.Cell;
import dev.tarn.experiment.ClfResult;
import dev.tarn.experiment.ExperimentView;
import dev.tarn.experiment.LmResult;
import dev.tarn.run.JsonEvent;
import dev.tarn.train.Callback;
import java.util.List;
import java.util.Locale;

/** What a user sees of an experiment: which cell is trained, its training, and what it came to. */
final class ExperimentProgress implements ExperimentView {

    private final Console console;

    ExperimentProgress(Console console) {
        this.console = console;
    }

    @Override
    public void note(String sentence) {
        console.note(sentence);
    }

    @Override
    public void begins(Cell cell, String part) {
        if (console.isJson()) {
            console.result("", event("begins", cell).with("part", part));
        } else {
            console.note(cell + ": " + part);
        }
    }

    @Override
    public void ends(Cell cell, LmResult result) {
        console.result(
                result.hasDiverged()
                        ? cell + ": " + result.failure()
                        : String.format(
                                Locale.ROOT,
                                "%s: perplexity %.2f, beyond %.2f, norm of h beyond %.3f",
                                cell,
                                result.perplexity(),
                                result.perplexityBeyond(),
                                result.normBeyond()),
                event("lm", cell)
                        .with("perplexity", result.perplexity())
                        .with("perplexity_beyond", result.perplexityBeyond())
                        .with("norm_beyond", result.normBeyond())
                        .with("failure", result.failure()));
    }

    @Override
    public void ends(Cell cell, ClfResult result) {
        console.result(
                result.hasDiverged()
                        ? cell + ": " + result.failure()
                        : String.format(
                                Locale.ROOT,
                                "%s: accuracy %.4f over %,d documents",
                                cell,
                                result.accuracy(),
                                result.documents()),
                event("clf", cell).with("accuracy", result.accuracy()).with("failure", result.failure()));
    }

    private static JsonEvent event(String kind, Cell cell) {
        return JsonEvent.of(kind).with("arm", cell.arm().name()).with("seed", cell.seed());
    }

    @Override
    public List<Callback> watchers() {
        return TrainingView.of(console);
    }
}
