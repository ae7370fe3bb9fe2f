package dev.tarn.train;

import org.jspecify.annotations.Nullable;

/**
 * The moments of training at which others may step in, under fastai v1's names. Every method does nothing unless it is
 * overridden.
 *
 * <p>A step is submitted to the device as a whole: forward, loss and backward are one call, and may run long after the hooks
 * around it. So {@link #onLossBegin} and {@link #onBackwardBegin} come before that call: what they set takes part in it.
 * What a step measured is told later, by {@link #onLossKnown}. Hooks that submit work of their own do so in order with the
 * rest; hooks that download make the device wait.
 */
public interface Callback {

    /** Callbacks with a lower order are called first; equal ones in the order in which they were given. */
    default int order() {
        return 0;
    }

    /**
     * Whether this callback also takes part in a learning rate search, with {@link #onBatchBegin} to {@link #onBatchEnd}
     * alone. True for those that change what a step does, false for those that watch or save.
     */
    default boolean runsInLrFind() {
        return false;
    }

    /** Called once when a fit starts or is resumed, before anything else; for setting up. */
    default void onTrainBegin(Learner learner) {}

    /**
     * Called at the start of an epoch, when its first window can be read and the hidden state is zero; also when training
     * is resumed in the middle of one.
     */
    default void onEpochBegin(Learner learner) {}

    /** Called before the forward pass with the window and its scheduled rates; for changing rates or momentum. */
    default void onBatchBegin(Step step) {}

    /** Called before the loss is computed; for choosing what is measured on the way. */
    default void onLossBegin(Step step) {}

    /** Called before backward; for adding to the loss and for scaling the rate to the window, as RNNTrainer does. */
    default void onBackwardBegin(Step step) {}

    /** Called when the gradients are summed and not yet clipped or used; for changing them. */
    default void onBackwardEnd(Step step) {}

    /** Called after the weights changed and before the gradients are cleared. */
    default void onStepEnd(Step step) {}

    /** Called at the end of a step; for counting, and for saving every so many steps. */
    default void onBatchEnd(Step step) {}

    /**
     * Called when the numbers of a step have come back, while the next step runs or at the end of the epoch; in order, once
     * for every step. Not one of fastai's, which waits for the device instead.
     */
    default void onLossKnown(StepLoss loss) {}

    /** Called at the end of an epoch, after validation; for reports, checkpoints and early stopping. */
    default void onEpochEnd(Learner learner, EpochRow row) {}

    /**
     * Called once when a fit ends; for cleaning up.
     *
     * @param failure what ended it early, or null
     */
    default void onTrainEnd(Learner learner, @Nullable RuntimeException failure) {}
}
