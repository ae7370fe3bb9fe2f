package dev.tarn.train;

import java.util.ArrayList;
import java.util.List;

/** Keeps what every step and epoch of a fit measured. */
final class Recording implements Callback {

    final List<StepLoss> losses = new ArrayList<>();
    final List<double[]> lrs = new ArrayList<>();
    final List<Double> moms = new ArrayList<>();
    final List<EpochRow> rows = new ArrayList<>();

    @Override
    public void onBatchBegin(Step step) {
        lrs.add(step.lr().clone());
        moms.add(step.momentum());
    }

    @Override
    public void onLossKnown(StepLoss loss) {
        losses.add(loss);
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        rows.add(row);
    }

    double[] ce() {
        return losses.stream().mapToDouble(StepLoss::loss).toArray();
    }

    double[] total() {
        return losses.stream().mapToDouble(StepLoss::total).toArray();
    }

    double[] gradientNorms() {
        return losses.stream().mapToDouble(StepLoss::gradientNorm).toArray();
    }

    double[] smooth() {
        return losses.stream().mapToDouble(StepLoss::smooth).toArray();
    }
}
