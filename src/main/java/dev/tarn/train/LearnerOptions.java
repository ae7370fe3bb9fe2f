package dev.tarn.train;

import dev.tarn.ConfigException;

/**
 * How a {@link Learner} trains.
 *
 * @param optimizer which optimizer, with its weight decay
 * @param clip largest global norm of the gradients; 0 does not clip
 * @param validState what validation after an epoch starts from
 * @param seed of the dropout masks
 */
public record LearnerOptions(OptimizerConfig optimizer, double clip, ValidState validState, long seed) {

    public LearnerOptions {
        if (!(clip >= 0)) {
            throw new ConfigException("--clip " + clip + " is not a number from 0 on; 0 does not clip, 0.25 is usual.");
        }
    }

    /** fastai's Adam, no clipping, validation from a zero state. */
    public static LearnerOptions of(long seed) {
        return new LearnerOptions(OptimizerConfig.AdamConfig.DEFAULT, 0, ValidState.RESET, seed);
    }

    public LearnerOptions withOptimizer(OptimizerConfig optimizer) {
        return new LearnerOptions(optimizer, clip, validState, seed);
    }

    /** With the norm of the gradients clipped, or only measured where {@code clip} is infinite. */
    public LearnerOptions withClip(double clip) {
        return new LearnerOptions(optimizer, clip, validState, seed);
    }

    public LearnerOptions withValidState(ValidState validState) {
        return new LearnerOptions(optimizer, clip, validState, seed);
    }
}
