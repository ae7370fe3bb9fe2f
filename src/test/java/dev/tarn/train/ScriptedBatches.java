package dev.tarn.train;

import dev.tarn.data.Batch;
import dev.tarn.data.Cursor;
import java.util.ArrayList;
import java.util.List;

/** Windows given beforehand: those of one epoch after the other, and after the last epoch the first again. */
final class ScriptedBatches implements BatchSource {

    private final List<List<Batch>> epochs;
    private int epoch;
    private int window;

    ScriptedBatches(List<List<Batch>> epochs) {
        this.epochs = epochs;
    }

    /**
     * Cuts recorded batches into epochs.
     *
     * @param x [n,B,T] ids, batch first as fastai has them
     * @param y likewise
     */
    static ScriptedBatches of(int[] x, int[] y, int batch, int steps, int windowsPerEpoch) {
        List<List<Batch>> epochs = new ArrayList<>();
        int size = batch * steps;
        for (int window = 0; window * size < x.length; window++) {
            if (window % windowsPerEpoch == 0) {
                epochs.add(new ArrayList<>());
            }
            epochs.get(epochs.size() - 1)
                    .add(new Batch(
                            timeMajor(x, window * size, batch, steps),
                            timeMajor(y, window * size, batch, steps),
                            steps,
                            batch));
        }
        return new ScriptedBatches(epochs);
    }

    private static int[] timeMajor(int[] ids, int from, int batch, int steps) {
        int[] turned = new int[batch * steps];
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < steps; t++) {
                turned[t * batch + b] = ids[from + b * steps + t];
            }
        }
        return turned;
    }

    private List<Batch> current() {
        return epochs.get(epoch % epochs.size());
    }

    @Override
    public int batch() {
        return current().get(0).batch();
    }

    @Override
    public int maxSteps() {
        return epochs.stream()
                .flatMap(List::stream)
                .mapToInt(Batch::steps)
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
    public Batch next() {
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
