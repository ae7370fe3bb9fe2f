package dev.tarn.train;

import dev.tarn.data.Batch;
import java.util.ArrayList;
import java.util.List;

/** Windows given beforehand. */
final class ScriptedBatches extends Scripted<Batch> {

    ScriptedBatches(List<List<Batch>> epochs) {
        super(epochs);
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

    @Override
    public int batch() {
        return current().get(0).batch();
    }

    @Override
    int steps(Batch batch) {
        return batch.steps();
    }
}
