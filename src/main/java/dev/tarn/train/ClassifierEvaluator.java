package dev.tarn.train;

import dev.tarn.backend.Readback;
import dev.tarn.data.Cursor;
import dev.tarn.data.DocumentBatch;
import dev.tarn.data.DocumentBatches;
import dev.tarn.data.Documents;
import dev.tarn.infer.Probabilities;
import dev.tarn.model.ClassifierWorkspace;
import dev.tarn.model.TextClassifier;
import org.jspecify.annotations.Nullable;

/**
 * Measures a classifier on documents, each counting the same. Reads the logits of a batch while the next one runs; what is
 * calculated from them is calculated here, in double precision. Ownership: an own workspace, unless it was lent one.
 * Thread-safety: none.
 */
public final class ClassifierEvaluator implements AutoCloseable {

    /** Is told what a classifier says of a document. */
    public interface Listener {

        /**
         * @param document its place in the split
         * @param label its class, or -1 where it has none
         * @param probabilities [C] of the classes; overwritten by the next document's
         */
        void accept(int document, int label, double[] probabilities);
    }

    private final TextClassifier model;
    private final BatchSource<DocumentBatch> source;
    private final ClassifierWorkspace workspace;
    private final boolean owned;
    private final Readback logits;
    private final double[] values;
    private final double[] probabilities;
    private final int[] labels;
    private final int[] documents;
    private double loss;

    ClassifierEvaluator(TextClassifier model, BatchSource<DocumentBatch> source) {
        this(model, source, model.evaluationWorkspace(source.batch(), source.longest()), true);
    }

    /** Uses the training workspace. */
    ClassifierEvaluator(
            TextClassifier model, BatchSource<DocumentBatch> source, ClassifierWorkspace workspace, boolean owned) {
        this.model = model;
        this.source = source;
        this.workspace = workspace;
        this.owned = owned;
        int classes = model.config().classes();
        logits = model.backend().readback(workspace.logits());
        values = new double[workspace.batch() * classes];
        probabilities = new double[classes];
        labels = new int[workspace.batch()];
        documents = new int[workspace.batch()];
    }

    /**
     * Measures a model on the documents that have labels.
     *
     * @param listener told of every document, or null
     */
    public static Validation evaluate(TextClassifier model, DocumentBatches documents, @Nullable Listener listener) {
        try (ClassifierEvaluator evaluator = new ClassifierEvaluator(model, BatchSource.of(documents))) {
            return evaluator.run(listener);
        }
    }

    /**
     * Goes over all documents once.
     *
     * @param listener told of every document, or null
     */
    Validation run(@Nullable Listener listener) {
        ConfusionMatrix confusion = new ConfusionMatrix(model.config().classes());
        loss = 0;
        int pending = 0;
        source.seek(new Cursor(0, 0));
        while (source.hasNext()) {
            DocumentBatch batch = source.next();
            workspace.forward(batch.ids(), batch.steps());
            take(pending, confusion, listener);
            logits.record();
            pending = batch.rows();
            System.arraycopy(batch.labels(), 0, labels, 0, pending);
            System.arraycopy(batch.documents(), 0, documents, 0, pending);
        }
        take(pending, confusion, listener);
        return new Validation(loss / confusion.total(), confusion.accuracy(), confusion.total(), confusion);
    }

    private void take(int pending, ConfusionMatrix confusion, @Nullable Listener listener) {
        if (pending == 0) {
            return;
        }
        logits.await(values);
        for (int row = 0; row < pending; row++) {
            Probabilities.softmax(values, row * probabilities.length, probabilities);
            if (labels[row] != Documents.UNLABELLED) {
                loss += Probabilities.loss(probabilities, labels[row]);
                confusion.add(labels[row], Probabilities.largest(probabilities));
            }
            if (listener != null) {
                listener.accept(documents[row], labels[row], probabilities);
            }
        }
    }

    @Override
    public void close() {
        if (owned) {
            workspace.close();
        }
    }
}
