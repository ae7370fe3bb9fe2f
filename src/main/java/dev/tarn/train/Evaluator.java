package dev.tarn.train;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.Readback;
import dev.tarn.data.Batch;
import dev.tarn.data.Cursor;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;

/**
 * Measures a model on a text, each prediction counting the same. Reads the loss of a window while the next one runs.
 * Ownership: an own workspace, unless it was lent one. Thread-safety: none.
 */
public final class Evaluator implements AutoCloseable {

    private final BatchSource<Batch> source;
    private final LmWorkspace workspace;
    private final boolean owned;
    private final Readback stats;
    private final double[] values = new double[Decoder.STATS];
    private double loss;
    private double correct;
    private long predictions;

    Evaluator(LanguageModel model, BatchSource<Batch> source) {
        this(model.backend(), source, model.evaluationWorkspace(source.batch(), source.longest()), true);
    }

    /** Uses the training workspace, whose state it spoils. */
    Evaluator(Backend backend, BatchSource<Batch> source, LmWorkspace workspace, boolean owned) {
        this.source = source;
        this.workspace = workspace;
        this.owned = owned;
        this.stats = backend.readback(workspace.stats());
    }

    /** Reads a text with a model; the stream's windows are the ones that count. */
    public static Validation evaluate(LanguageModel model, LanguageModelStream text) {
        try (Evaluator evaluator = new Evaluator(model, BatchSource.of(text))) {
            return evaluator.run(true);
        }
    }

    LmWorkspace workspace() {
        return workspace;
    }

    /** Goes over the whole text once, from a zero state or from the one that the workspace has. */
    Validation run(boolean reset) {
        if (reset) {
            workspace.resetState();
        }
        loss = 0;
        correct = 0;
        predictions = 0;
        int pending = 0;
        source.seek(new Cursor(0, 0));
        while (source.hasNext()) {
            Batch batch = source.next();
            workspace.evaluate(batch.inputs(), batch.targets(), batch.steps());
            take(pending);
            stats.record();
            pending = batch.predictions();
        }
        take(pending);
        return new Validation(loss / predictions, correct / predictions, predictions);
    }

    private void take(int pending) {
        if (pending > 0) {
            stats.await(values);
            loss += values[0] * pending;
            correct += values[1];
            predictions += pending;
        }
    }

    @Override
    public void close() {
        if (owned) {
            workspace.close();
        }
    }
}
