package dev.tarn.train;

import dev.tarn.backend.Readback;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Keeps, for each time step of a window, mean and deviation of the norms of the last layer's output over all sequences and
 * windows of the epoch: the figure of Krueger &amp; Memisevic (2016) from training data. Reads one step late, like the loss.
 */
public final class HiddenNorms implements Callback {

    private double[][] values = new double[0][];
    private long[] count = new long[0];
    private double[] mean = new double[0];
    private double[] squares = new double[0];

    /** By window length, since the norms of a shorter window are another tensor. */
    private @Nullable Readback[] readbacks = new Readback[0];

    private int pendingSteps;
    private int batch;

    /** How many time steps have been seen. */
    public int steps() {
        int steps = 0;
        while (steps < count.length && count[steps] > 0) {
            steps++;
        }
        return steps;
    }

    /** Mean norm of every time step. */
    public double[] mean() {
        return Arrays.copyOf(mean, steps());
    }

    /** Standard deviation of the norm of every time step. */
    public double[] deviation() {
        double[] deviation = new double[steps()];
        for (int t = 0; t < deviation.length; t++) {
            deviation[t] = Math.sqrt(squares[t] / count[t]);
        }
        return deviation;
    }

    @Override
    public void onTrainBegin(Learner learner) {
        batch = learner.workspace().batch();
        int longest = learner.workspace().maxSteps();
        readbacks = new Readback[longest + 1];
        pendingSteps = 0;
        values = new double[longest + 1][];
        count = new long[longest];
        mean = new double[longest];
        squares = new double[longest];
    }

    @Override
    public void onEpochBegin(Learner learner) {
        Arrays.fill(count, 0);
        Arrays.fill(mean, 0);
        Arrays.fill(squares, 0);
    }

    @Override
    public void onLossBegin(Step step) {
        step.recordNorms();
    }

    @Override
    public void onBatchEnd(Step step) {
        take();
        int steps = step.steps();
        Readback readback = readbacks[steps];
        if (readback == null) {
            Learner learner = step.learner();
            readback = learner.model().backend().readback(learner.workspace().norms());
            readbacks[steps] = readback;
            values[steps] = new double[steps * batch];
        }
        readback.record();
        pendingSteps = steps;
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        take();
    }

    private void take() {
        Readback readback = readbacks.length == 0 ? null : readbacks[pendingSteps];
        if (readback == null) {
            return;
        }
        readback.await(values[pendingSteps]);
        for (int at = 0; at < pendingSteps * batch; at++) {
            int t = at / batch;
            double norm = values[pendingSteps][at];
            double difference = norm - mean[t];
            count[t]++;
            mean[t] += difference / count[t];
            squares[t] += difference * (norm - mean[t]);
        }
        pendingSteps = 0;
    }
}
