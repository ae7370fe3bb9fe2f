package dev.tarn.train;

import dev.tarn.ConfigException;
import dev.tarn.backend.Regularization.RegMask;

/**
 * How a {@link Learner} trains.
 *
 * @param optimizer which optimizer, with its weight decay
 * @param clip largest global norm of the gradients; 0 does not clip
 * @param validState what validation after an epoch starts from
 * @param regMask what the regularizers leave out of batches of documents
 * @param seed of the dropout masks
 */
public record LearnerOptions(
        OptimizerConfig optimizer, double clip, ValidState validState, RegMask regMask, long seed) {

    public LearnerOptions {
        if (!(clip >= 0)) {
            throw new ConfigException("--clip " + clip + " is not a number from 0 on; 0 does not clip, 0.25 is usual.");
        }
    }

    /** With padding left out of the regularizers. */
    public LearnerOptions(OptimizerConfig optimizer, double clip, ValidState validState, long seed) {
        this(optimizer, clip, validState, RegMask.PADDING, seed);
    }

    /** fastai's Adam, no clipping, validation from a zero state. */
    public static LearnerOptions of(long seed) {
        return new LearnerOptions(OptimizerConfig.AdamConfig.DEFAULT, 0, ValidState.RESET, seed);
    }

    public LearnerOptions withOptimizer(OptimizerConfig optimizer) {
        return new LearnerOptions(optimizer, clip, validState, regMask, seed);
    }

    /** With the norm of the gradients clipped, or only measured where {@code clip} is infinite. */
    public LearnerOptions withClip(double clip) {
        return new LearnerOptions(optimizer, clip, validState, regMask, seed);
    }

    public LearnerOptions withValidState(ValidState validState) {
        return new LearnerOptions(optimizer, clip, validState, regMask, seed);
    }

    public LearnerOptions withRegMask(RegMask regMask) {
        return new LearnerOptions(optimizer, clip, validState, regMask, seed);
    }
}
