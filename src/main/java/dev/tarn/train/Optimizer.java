package dev.tarn.train;

import dev.tarn.backend.Tensor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Owns the moments of a parameter set and applies one update to it; the arithmetic is the backend's. Made by
 * {@link OptimizerConfig#create}. Ownership: moments live until {@link #close}; parameters and gradients belong to the
 * model. Thread-safety: none.
 */
public sealed interface Optimizer extends AutoCloseable permits Adam, Sgd, NtAsgd {

    /**
     * Submits one update of all segments.
     *
     * @param lr rate of every group for this step
     * @param momentum of this step; the first beta of Adam
     * @param clip as {@link dev.tarn.backend.Backend#clip} wrote it, or null
     */
    void step(double[] lr, double momentum, @Nullable Tensor clip);

    /** How many updates were made. */
    long steps();

    /** Hears the validation loss at the end of an epoch. */
    default void validated(double validLoss) {}

    /** Puts the weights that should be judged and kept into the parameters; the same ones except for {@link NtAsgd}. */
    default void useEvaluationWeights() {}

    /** Puts the weights that training goes on with back. */
    default void useTrainingWeights() {}

    /**
     * What, besides the weights for evaluation, is needed to go on exactly. Call between {@link #useEvaluationWeights} and
     * {@link #useTrainingWeights}.
     *
     * @param tensors receives name and tensor of everything that lies on the device
     */
    OptimizerState save(BiConsumer<String, Tensor> tensors);

    /**
     * Goes on from a saved state, with the weights for evaluation in the parameters.
     *
     * @param tensors fills the tensor that it is given with what was saved under the name
     * @throws dev.tarn.CheckpointException if the state is another optimizer's
     */
    void restore(OptimizerState state, BiConsumer<String, Tensor> tensors);

    @Override
    void close();
}
