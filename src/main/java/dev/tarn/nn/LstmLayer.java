package dev.tarn.nn;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One LSTM layer that carries its state from window to window (truncated back-propagation through time): a window starts
 * from the state that the one before it ended with, and no gradient crosses the border.
 *
 * <p>The states lie in a ring, one more of them than windows that are kept, since the backward of a window still needs the
 * state that it started from while its end state already waits for the next one.
 *
 * <p>Order of use: {@link #load} → {@link #forward} → at most one {@link #backward}. A layer of several windows chooses one
 * with {@link #window} before each of these, and may run the forwards of all of them before the backwards. Ownership: the
 * plan, freed by {@link #close}; the state belongs to the arena given to the constructor.
 */
public final class LstmLayer implements AutoCloseable {

    private final Backend backend;
    private final LstmWeights weights;
    private final LstmWeights gradients;
    private final Lstm plan;
    private final Tensor[] h;
    private final Tensor[] c;
    /** Which state the next window starts from. */
    private int current;
    /** Which state each window started from. */
    private final int[] starts;
    /** The mask that each window ran with. */
    private final Mask[] masks;
    /** The window that is chosen. */
    private int window;
    /** The mask that the plan has now. */
    private Mask loaded = Mask.NONE;

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
        int starting = Math.max(1, windows);
        h = new Tensor[starting + 1];
        c = new Tensor[starting + 1];
        for (int turn = 0; turn <= starting; turn++) {
            h[turn] = arena.real(name + " hidden state", batch, hiddenSize);
            c[turn] = arena.real(name + " cell state", batch, hiddenSize);
        }
        starts = new int[starting];
        // Before the first window there is no state that one started from; any that is all zeros will do.
        Arrays.fill(starts, starting);
        masks = new Mask[starting];
        Arrays.fill(masks, Mask.NONE);
        plan = backend.lstm(batch, maxSteps, inputSize, hiddenSize, windows);
    }

    /** Chooses the training window that the calls that follow belong to; 0 at first. */
    public void window(int window) {
        plan.window(window);
        this.window = window;
    }

    /**
     * Hands the weights to the plan.
     *
     * @param weightDrop mask over the recurrent matrix (DropConnect; Merity et al. 2017, section 2)
     */
    public void load(Mask weightDrop) {
        plan.load(weights, weightDrop);
        loaded = weightDrop;
    }

    /**
     * Runs a window from the carried state, which moves on to the window's end.
     *
     * @param x [T,B,I] in
     * @param y [T,B,H] out; must not alias x
     * @param training true keeps what {@link #backward} needs
     */
    public void forward(Tensor x, Tensor y, boolean training) {
        int next = (current + 1) % h.length;
        plan.forward(x, h[current], c[current], y, h[next], c[next], training);
        starts[window] = current;
        masks[window] = loaded;
        current = next;
    }

    /**
     * The gradients of the window's latest training forward; the carried state counts as a constant. Takes the weights
     * again with the mask that the window ran with, if another one came after it.
     *
     * @param x [T,B,I] in, as given to {@link #forward}
     * @param y [T,B,H] in, what it wrote
     * @param dy [T,B,H] in; may be overwritten
     * @param dx [T,B,I] out, or null when it is not wanted
     * @param trains false when the layer is frozen and only dx is wanted
     * @param sum whether the gradients of the parameters are overwritten or added to
     */
    public void backward(Tensor x, Tensor y, Tensor dy, @Nullable Tensor dx, boolean trains, GradientSum sum) {
        if (!loaded.equals(masks[window])) {
            load(masks[window]);
        }
        int start = starts[window];
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

    /** [B,H] the h that the chosen window started from. */
    public Tensor initialHidden() {
        return h[starts[window]];
    }

    @Override
    public void close() {
        plan.close();
    }
}
