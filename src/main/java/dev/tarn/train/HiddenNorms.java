package dev.tarn.train;

import dev.tarn.model.LmWorkspace;
import org.jspecify.annotations.Nullable;

/**
 * Keeps, for every layer and time step of a window, mean and deviation of the norms of the layer's output over all
 * sequences and windows of the epoch: the figure of Krueger &amp; Memisevic (2016) from training data, with dropped
 * recurrent weights as training has them. Reads one step late, like the loss.
 *
 * <p>The last layer's norms come out of its regularizer; those of the layers below take a pass over their outputs (see
 * {@link LayerNorms}). A training without this callback pays for none of it.
 */
public final class HiddenNorms implements Callback {

    private @Nullable LayerNorms norms;

    /** By layer and time step. */
    private Moments[][] moments = new Moments[0][];

    /** How many layers there are; 0 before training. */
    public int layers() {
        return moments.length;
    }

    /** How many time steps have been seen. */
    public int steps() {
        int steps = 0;
        while (layers() > 0 && steps < moments[0].length && moments[0][steps].count() > 0) {
            steps++;
        }
        return steps;
    }

    /** Mean norm of a layer's output at every time step. */
    public double[] mean(int layer) {
        double[] mean = new double[steps()];
        for (int t = 0; t < mean.length; t++) {
            mean[t] = moments[layer][t].mean();
        }
        return mean;
    }

    /** Standard deviation of the norm of a layer's output at every time step. */
    public double[] deviation(int layer) {
        double[] deviation = new double[steps()];
        for (int t = 0; t < deviation.length; t++) {
            deviation[t] = moments[layer][t].deviation();
        }
        return deviation;
    }

    @Override
    public void onTrainBegin(Learner learner) {
        LmWorkspace workspace = learner.workspace();
        norms = new LayerNorms(workspace.model().backend(), workspace);
        moments = new Moments[workspace.layers()][workspace.maxSteps()];
        for (Moments[] layer : moments) {
            for (int t = 0; t < layer.length; t++) {
                layer[t] = new Moments();
            }
        }
    }

    @Override
    public void onEpochBegin(Learner learner) {
        for (Moments[] layer : moments) {
            for (Moments step : layer) {
                step.clear();
            }
        }
    }

    @Override
    public void onLossBegin(Step step) {
        step.recordNorms();
    }

    @Override
    public void onBatchEnd(Step step) {
        take();
        if (norms != null) {
            norms.record(step.steps(), true);
        }
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        take();
    }

    @Override
    public void onTrainEnd(Learner learner, @Nullable RuntimeException failure) {
        if (norms != null) {
            norms.close();
            norms = null;
        }
    }

    private void take() {
        if (norms == null) {
            return;
        }
        int steps = norms.take();
        for (int layer = 0; layer < moments.length; layer++) {
            for (int t = 0; t < steps; t++) {
                for (int b = 0; b < norms.batch(); b++) {
                    moments[layer][t].add(norms.norm(layer, t, b));
                }
            }
        }
    }
}
