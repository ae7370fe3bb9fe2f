package dev.tarn.train;

import dev.tarn.backend.Regularization;
import java.util.Arrays;

/**
 * The step that is being taken, as callbacks see and change it. There is one object for all steps of a fit, so that a step
 * allocates nothing; do not keep it.
 */
public final class Step {

    private final Learner learner;
    private final double[] lr;
    private final double[] effectiveLr;
    private int steps;
    private int tokens;
    private int epoch;
    private int window;
    private int windows;
    private long iteration;
    private long step;
    private double momentum;
    private double lrScale = 1;
    private Regularization regularization = Regularization.NONE;
    private boolean recordNorms;

    Step(Learner learner, int groups) {
        this.learner = learner;
        this.lr = new double[groups];
        this.effectiveLr = new double[groups];
    }

    void begin(Schedule schedule, long iteration, long step) {
        this.iteration = iteration;
        this.step = step;
        schedule.rates(iteration, lr);
        momentum = schedule.momentum(iteration);
        lrScale = 1;
        regularization = Regularization.NONE;
        recordNorms = false;
    }

    void size(int steps, int tokens) {
        this.steps = steps;
        this.tokens = tokens;
    }

    void place(int epoch, int window, int windows) {
        this.epoch = epoch;
        this.window = window;
        this.windows = windows;
    }

    /** The learner that takes the step. */
    public Learner learner() {
        return learner;
    }

    /** The epoch of this fit, from 0. */
    public int epoch() {
        return epoch;
    }

    /** The window within the epoch, from 0. */
    public int window() {
        return window;
    }

    /** How many windows the epoch has. */
    public int windows() {
        return windows;
    }

    /** Steps of this fit before this one. */
    public long iteration() {
        return iteration;
    }

    /** Steps of the learner's life before this one; the key of the dropout masks. */
    public long step() {
        return step;
    }

    /** T, the time steps of the window, or the tokens of the longest document of the batch. */
    public int steps() {
        return steps;
    }

    /** How many tokens the step reads, padding not counted. */
    public int tokens() {
        return tokens;
    }

    /** The scheduled rate of every group. Belongs to the step: read, do not write. */
    public double[] lr() {
        return lr;
    }

    /** Adam's beta1 or SGD's momentum. */
    public double momentum() {
        return momentum;
    }

    /** Changes the momentum of this step alone. */
    public void momentum(double momentum) {
        this.momentum = momentum;
    }

    /** Multiplies the rate that this step uses, for every group by its own ratio; the scheduled rates stay. */
    public void scaleLr(double factor) {
        lrScale *= factor;
    }

    /** The scheduled rates times the scale of this step. Belongs to the step. */
    public double[] effectiveLr() {
        for (int group = 0; group < lr.length; group++) {
            effectiveLr[group] = lr[group] * lrScale;
        }
        return effectiveLr;
    }

    public Regularization regularization() {
        return regularization;
    }

    /** Sets what is added to the loss of this step. */
    public void regularization(Regularization regularization) {
        this.regularization = regularization;
    }

    public boolean recordsNorms() {
        return recordNorms;
    }

    /** Asks for the norms of h of this step, in {@link dev.tarn.model.LmWorkspace#norms()}. */
    public void recordNorms() {
        recordNorms = true;
    }

    @Override
    public String toString() {
        return "step " + step + " (window " + window + " of " + windows + " in epoch " + epoch + "), T=" + steps
                + ", lr " + Arrays.toString(lr);
    }
}
