package dev.tarn.train;

import dev.tarn.data.Cursor;
import dev.tarn.data.DocumentBatch;
import dev.tarn.data.DocumentBatches;
import java.util.Arrays;
import java.util.List;

/** Batches of documents given beforehand: those of one epoch after the other, and after the last epoch the first again. */
final class ScriptedDocuments implements LabelledBatchSource {

    private final int batch;
    private final List<List<DocumentBatch>> epochs;
    private int epoch;
    private int window;

    ScriptedDocuments(int batch, List<List<DocumentBatch>> epochs) {
        this.batch = batch;
        this.epochs = epochs;
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

    private List<DocumentBatch> current() {
        return epochs.get(epoch % epochs.size());
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    public int longest() {
        return epochs.stream()
                .flatMap(List::stream)
                .mapToInt(DocumentBatch::steps)
                .max()
                .orElseThrow();
    }

    @Override
    public int windows(long epoch) {
        return epochs.get((int) epoch % epochs.size()).size();
    }

    @Override
    public boolean hasNext() {
        return window < current().size();
    }

    @Override
    public DocumentBatch next() {
        return current().get(window++);
    }

    @Override
    public Cursor cursor() {
        return new Cursor(epoch, window);
    }

    @Override
    public void seek(Cursor cursor) {
        epoch = (int) cursor.epoch();
        window = cursor.window();
    }
}
