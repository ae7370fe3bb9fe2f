package dev.tarn.backend;

import org.jspecify.annotations.Nullable;

/**
 * The linear decoder together with its loss: {@code logits = x w' + b}, mean cross-entropy over rows. It is one operation
 * because the logits are the largest thing in a step: a device may work on them in pieces, or overwrite them in place,
 * and never has to keep log-probabilities.
 *
 * <p>Order of use: {@link #load} whenever weights changed, then any of the others. Rows are the flattened [T,B] of a
 * window, at most {@code maxRows} of them.
 */
public interface Decoder extends AutoCloseable {

    /** Entries of the {@code stats} tensor. */
    int STATS = 2;

    /**
     * Takes the weights for the calls that follow. A backend copies them or reads them later, so they must not change
     * until the last of those calls, and a change takes another load.
     *
     * @param w [V,E] in
     * @param b [V] in, or null for none
     */
    void load(Tensor w, @Nullable Tensor b);

    /**
     * The loss alone.
     *
     * @param x [N,E] (or [T,B,E]) in
     * @param targets [N] (or [T,B]) ids in
     * @param stats [2] out: mean cross-entropy in nats; number of rows whose largest logit is the target (the lowest
     *     index wins a tie)
     */
    void loss(Tensor x, Tensor targets, Tensor stats);

    /**
     * The loss and its gradients.
     *
     * @param x [N,E] in
     * @param targets [N] ids in
     * @param stats [2] out, as {@link #loss}; the second entry is NaN, since counting costs a pass over the logits
     * @param dx [N,E] out; must not alias x
     * @param dw [V,E] out, or null when frozen
     * @param db [V] out, or null when there is no bias or it is frozen
     * @param sum whether dw and db are overwritten or added to
     */
    void lossAndGradients(
            Tensor x,
            Tensor targets,
            Tensor stats,
            Tensor dx,
            @Nullable Tensor dw,
            @Nullable Tensor db,
            GradientSum sum);

    /** As the other one, adding to dw and db. */
    default void lossAndGradients(
            Tensor x, Tensor targets, Tensor stats, Tensor dx, @Nullable Tensor dw, @Nullable Tensor db) {
        lossAndGradients(x, targets, stats, dx, dw, db, GradientSum.CONTINUE);
    }

    /**
     * The logits themselves, for generation and inspection.
     *
     * @param x [N,E] in
     * @param logits [N,V] out
     */
    void logits(Tensor x, Tensor logits);

    @Override
    void close();
}
