package dev.tarn.train;

import it.unimi.dsi.fastutil.doubles.DoubleArrayList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what a fit went through: rate, momentum and loss of every step, a row for every epoch. The rate is the scheduled one
 * of the last group, as fastai records it. A resumed fit records from where it was resumed.
 */
public final class Recorder implements Callback {

    /** Before everybody else, so that others find the newest values here. */
    public static final int ORDER = -10;

    private final DoubleArrayList lrs = new DoubleArrayList();
    private final DoubleArrayList moms = new DoubleArrayList();
    private final DoubleArrayList losses = new DoubleArrayList();
    private final DoubleArrayList smoothLosses = new DoubleArrayList();
    private final List<EpochRow> epochs = new ArrayList<>();
    private @Nullable StepLoss last;

    @Override
    public int order() {
        return ORDER;
    }

    @Override
    public void onTrainBegin(Learner learner) {
        lrs.clear();
        moms.clear();
        losses.clear();
        smoothLosses.clear();
        epochs.clear();
        last = null;
    }

    @Override
    public void onBatchBegin(Step step) {
        lrs.add(step.lr()[step.lr().length - 1]);
        moms.add(step.momentum());
    }

    @Override
    public void onLossKnown(StepLoss loss) {
        losses.add(loss.loss());
        smoothLosses.add(loss.smooth());
        last = loss;
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        epochs.add(row);
    }

    /** The scheduled rate of the last group at every step. */
    public double[] lrs() {
        return lrs.toDoubleArray();
    }

    /** The momentum at every step. */
    public double[] moms() {
        return moms.toDoubleArray();
    }

    /** The cross-entropy of every step whose numbers are known. */
    public double[] losses() {
        return losses.toDoubleArray();
    }

    /** The smoothed cross-entropy of every step whose numbers are known. */
    public double[] smoothLosses() {
        return smoothLosses.toDoubleArray();
    }

    /** What the last step that is known measured, or null before the first. */
    public @Nullable StepLoss last() {
        return last;
    }

    /** The epochs that have ended. */
    public List<EpochRow> epochs() {
        return Collections.unmodifiableList(epochs);
    }
}
