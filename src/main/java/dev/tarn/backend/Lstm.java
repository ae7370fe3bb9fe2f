package dev.tarn.backend;

import org.jspecify.annotations.Nullable;

/**
 * One LSTM layer on a device: a plan for fixed (B, I, H) and any T up to the longest window.
 *
 * <p>{@code a = x_t wIh' + bIh + h_{t-1} (m∘wHh)' + bHh; i,f,o = σ(a_i,a_f,a_o); g = tanh(a_g);
 * c_t = f∘c_{t-1} + i∘g; h_t = o∘tanh(c_t)}.
 *
 * <p>Order of use: {@link #load} whenever weights or mask changed → {@link #forward} → after a training forward at most
 * one {@link #backward} with the same tensors. A plan of several windows keeps one training forward for each: choose with
 * {@link #window} before both, and {@link #load} the weights and the mask of that forward again before its backward.
 * A forward without training leaves what the windows keep alone.
 *
 * <p>Ownership: packed weights and workspace belong to the plan and are freed by {@link #close}.
 */
public interface Lstm extends AutoCloseable {

    /**
     * Takes the weights for the calls that follow, the recurrent matrix multiplied by its mask. A backend copies them or
     * reads them later, so they must not change until the last of those calls, and a change takes another load.
     *
     * @param weightDrop mask over the 4H*H elements of {@code wHh} (element {@code row*H+column}); the same draw serves
     *     all time steps
     */
    void load(LstmWeights weights, Mask weightDrop);

    /**
     * Chooses which of the plan's windows the training forwards and backwards that follow keep in and read from.
     *
     * @param window 0, as at first, to the number of windows less one
     */
    void window(int window);

    /**
     * @param x [T,B,I] in
     * @param h0 [B,H] in, the state before the first step
     * @param c0 [B,H] in
     * @param y [T,B,H] out, h_t of every step; must not alias x
     * @param hT [B,H] out, the state after the last step; must not alias h0
     * @param cT [B,H] out; must not alias c0
     * @param training true keeps what {@link #backward} needs in the chosen window
     */
    void forward(Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT, boolean training);

    /**
     * @param x [T,B,I] in, as given to {@link #forward}
     * @param h0 [B,H] in, likewise
     * @param c0 [B,H] in, likewise
     * @param y [T,B,H] in, what forward wrote
     * @param dy [T,B,H] in, the gradient of the loss by y; may be overwritten
     * @param dhT [B,H] in, the gradient by the last h, or null for zero
     * @param dcT [B,H] in, the gradient by the last c, or null for zero
     * @param dx [T,B,I] out, or null when it is not wanted
     * @param dh0 [B,H] out, or null; must not alias dhT
     * @param dc0 [B,H] out, or null; must not alias dcT
     * @param gradients out, {@code wHh} of the raw matrix, masked by the loaded weight drop; null when the layer is frozen
     * @param sum whether gradients are overwritten or added to
     */
    void backward(
            Tensor x,
            Tensor h0,
            Tensor c0,
            Tensor y,
            Tensor dy,
            @Nullable Tensor dhT,
            @Nullable Tensor dcT,
            @Nullable Tensor dx,
            @Nullable Tensor dh0,
            @Nullable Tensor dc0,
            @Nullable LstmWeights gradients,
            GradientSum sum);

    /** As the other one, adding to the gradients. */
    default void backward(
            Tensor x,
            Tensor h0,
            Tensor c0,
            Tensor y,
            Tensor dy,
            @Nullable Tensor dhT,
            @Nullable Tensor dcT,
            @Nullable Tensor dx,
            @Nullable Tensor dh0,
            @Nullable Tensor dc0,
            @Nullable LstmWeights gradients) {
        backward(x, h0, c0, y, dy, dhT, dcT, dx, dh0, dc0, gradients, GradientSum.CONTINUE);
    }

    @Override
    void close();
}
