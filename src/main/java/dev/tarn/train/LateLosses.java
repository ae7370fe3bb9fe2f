package dev.tarn.train;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.Readback;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Tensor;

/**
 * Reads the numbers of a step one step late, so that nothing waits for the device: {@link #record} queues the copies behind
 * the step, {@link #take} waits for them when the next step is already queued.
 */
final class LateLosses {

    private final Readback stats;
    private final Readback penalties;
    private final Readback clip;
    private final double[] statValues = new double[Decoder.STATS];
    private final double[] penaltyValues = new double[Regularization.VALUES];
    private final double[] clipValues = new double[2];
    private boolean pending;
    private boolean clipped;
    private int epoch;
    private long iteration;
    private long step;
    private int steps;
    private int tokens;

    LateLosses(Backend backend, Task task, Tensor clipTensor) {
        stats = backend.readback(task.stats());
        penalties = backend.readback(task.penalties());
        clip = backend.readback(clipTensor);
    }

    void record(Step of, boolean clipped) {
        stats.record();
        penalties.record();
        if (clipped) {
            clip.record();
        }
        this.clipped = clipped;
        pending = true;
        epoch = of.epoch();
        iteration = of.iteration();
        step = of.step();
        steps = of.steps();
        tokens = of.tokens();
    }

    boolean isPending() {
        return pending;
    }

    /** Forgets what a fit that failed left behind. */
    void discard() {
        pending = false;
    }

    /** Waits for the recorded numbers and adds the loss to {@code smoothing}. */
    StepLoss take(Smoothing smoothing) {
        pending = false;
        stats.await(statValues);
        penalties.await(penaltyValues);
        clipValues[0] = Double.NaN;
        if (clipped) {
            clip.await(clipValues);
        }
        return new StepLoss(
                epoch,
                iteration,
                step,
                steps,
                tokens,
                statValues[0],
                smoothing.add(statValues[0]),
                penaltyValues[0],
                penaltyValues[1],
                penaltyValues[2],
                clipValues[0]);
    }
}
