package dev.tarn.train;

import dev.tarn.data.DocumentBatch;
import dev.tarn.data.DocumentBatches;
import java.util.Arrays;
import java.util.List;

/** Batches of documents given beforehand. */
final class ScriptedDocuments extends Scripted<DocumentBatch> {

    private final int batch;

    ScriptedDocuments(int batch, List<List<DocumentBatch>> epochs) {
        super(epochs);
        this.batch = batch;
    }

    /**
     * A recorded batch.
     *
     * @param x [rows,T] ids, batch first as fastai has them
     * @param batch B, at least the rows
     */
    static DocumentBatch batch(int[] x, int[] labels, int batch) {
        int rows = labels.length;
        int steps = x.length / rows;
        int[] ids = new int[steps * batch];
        Arrays.fill(ids, DocumentBatches.PADDING);
        for (int row = 0; row < rows; row++) {
            for (int t = 0; t < steps; t++) {
                ids[t * batch + row] = x[row * steps + t];
            }
        }
        return new DocumentBatch(ids, steps, batch, rows, labels, new int[rows]);
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    int steps(DocumentBatch batch) {
        return batch.steps();
    }
}
