package dev.tarn.nn;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;

/**
 * One LSTM layer that carries its state from window to window (truncated back-propagation through time): a window starts
 * from the state that the one before it ended with, and no gradient crosses the border.
 *
 * <p>The state lies in two pairs of tensors that take turns, since the backward of a window still needs the state that it
 * started from while its end state already waits for the next one.
 *
 * <p>Order of use: {@link #load} → {@link #forward} → at most one {@link #backward}. Ownership: the plan, freed by
 * {@link #close}; the state belongs to the arena given to the constructor.
 */
public final class LstmLayer implements AutoCloseable {

    private final Backend backend;
    private final LstmWeights weights;
    private final LstmWeights gradients;
    private final Lstm plan;
    private final Tensor[] h = new Tensor[2];
    private final Tensor[] c = new Tensor[2];
    /** Which pair holds the state that the next window starts from. */
    private int current;

    /**
     * @param name for the tensors of the state, in error messages
     * @param weights the values of the layer's parameters
     * @param gradients those of the parameters
     * @param inputSize I
     * @param hiddenSize H
     * @param windows how many training windows it keeps until their backward; 0 for inference alone
     */
    public LstmLayer(
            Backend backend,
            Arena arena,
            String name,
            LstmWeights weights,
            LstmWeights gradients,
            int batch,
            int maxSteps,
            int inputSize,
            int hiddenSize,
            int windows) {
        this.backend = backend;
        this.weights = weights;
        this.gradients = gradients;
        for (int turn = 0; turn < 2; turn++) {
            h[turn] = arena.real(name + " hidden state", batch, hiddenSize);
            c[turn] = arena.real(name + " cell state", batch, hiddenSize);
        }
        plan = backend.lstm(batch, maxSteps, inputSize, hiddenSize, windows);
    }

    /**
     * Hands the weights to the plan.
     *
     * @param weightDrop mask over the recurrent matrix (DropConnect; Merity et al. 2017, section 2)
     */
    public void load(Mask weightDrop) {
        plan.load(weights, weightDrop);
    }

    /**
     * Runs a window from the carried state, which moves on to the window's end.
     *
     * @param x [T,B,I] in
     * @param y [T,B,H] out; must not alias x
     * @param training true keeps what {@link #backward} needs
     */
    public void forward(Tensor x, Tensor y, boolean training) {
        int next = 1 - current;
        plan.forward(x, h[current], c[current], y, h[next], c[next], training);
        current = next;
    }

    /**
     * The gradients of the latest training window; the carried state counts as a constant.
     *
     * @param x [T,B,I] in, as given to {@link #forward}
     * @param y [T,B,H] in, what it wrote
     * @param dy [T,B,H] in; may be overwritten
     * @param dx [T,B,I] out
     * @param trains false when the layer is frozen and only dx is wanted
     * @param sum whether the gradients of the parameters are overwritten or added to
     */
    public void backward(Tensor x, Tensor y, Tensor dy, Tensor dx, boolean trains, GradientSum sum) {
        int start = 1 - current;
        plan.backward(x, h[start], c[start], y, dy, null, null, dx, null, null, trains ? gradients : null, sum);
    }

    /** Makes the next window start from zeros. */
    public void resetState() {
        backend.zero(h[current]);
        backend.zero(c[current]);
    }

    /** [B,H] the h that the next window starts from. */
    public Tensor hidden() {
        return h[current];
    }

    /** [B,H] the c that the next window starts from. */
    public Tensor cell() {
        return c[current];
    }

    /** [B,H] the h that the latest window started from. */
    public Tensor initialHidden() {
        return h[1 - current];
    }

    @Override
    public void close() {
        plan.close();
    }
}
