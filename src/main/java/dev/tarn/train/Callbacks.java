package dev.tarn.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The callbacks of a learner in their order; plain loops, since they run in every step. */
final class Callbacks {

    private final Callback[] all;

    Callbacks(List<Callback> callbacks) {
        List<Callback> sorted = new ArrayList<>(callbacks);
        sorted.sort(Comparator.comparingInt(Callback::order));
        all = sorted.toArray(Callback[]::new);
    }

    /** The ones that also take part in a learning rate search. */
    Callbacks forLrFind() {
        List<Callback> some = new ArrayList<>();
        for (Callback callback : all) {
            if (callback.runsInLrFind()) {
                some.add(callback);
            }
        }
        return new Callbacks(some);
    }

    void onTrainBegin(Learner learner) {
        for (Callback callback : all) {
            callback.onTrainBegin(learner);
        }
    }

    void onEpochBegin(Learner learner) {
        for (Callback callback : all) {
            callback.onEpochBegin(learner);
        }
    }

    void onBatchBegin(Step step) {
        for (Callback callback : all) {
            callback.onBatchBegin(step);
        }
    }

    void onLossBegin(Step step) {
        for (Callback callback : all) {
            callback.onLossBegin(step);
        }
    }

    void onBackwardBegin(Step step) {
        for (Callback callback : all) {
            callback.onBackwardBegin(step);
        }
    }

    void onBackwardEnd(Step step) {
        for (Callback callback : all) {
            callback.onBackwardEnd(step);
        }
    }

    void onStepEnd(Step step) {
        for (Callback callback : all) {
            callback.onStepEnd(step);
        }
    }

    void onBatchEnd(Step step) {
        for (Callback callback : all) {
            callback.onBatchEnd(step);
        }
    }

    void onLossKnown(StepLoss loss) {
        for (Callback callback : all) {
            callback.onLossKnown(loss);
        }
    }

    void onEpochEnd(Learner learner, EpochRow row) {
        for (Callback callback : all) {
            callback.onEpochEnd(learner, row);
        }
    }

    /** Every callback hears of the end, even when another one fails on it. */
    void onTrainEnd(Learner learner, @Nullable RuntimeException failure) {
        RuntimeException first = null;
        for (Callback callback : all) {
            try {
                callback.onTrainEnd(learner, failure);
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            if (failure != null) {
                failure.addSuppressed(first);
            } else {
                throw first;
            }
        }
    }
}
