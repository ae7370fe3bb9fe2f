package dev.tarn.nn;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/** A linear layer, {@code y = x w' + b}. */
public final class LinearLayer {

    private final Backend backend;
    private final Parameter weight;
    private final Parameter bias;

    /**
     * @param weight [O,I]
     * @param bias [O]
     */
    public LinearLayer(Backend backend, Parameter weight, Parameter bias) {
        this.backend = backend;
        this.weight = weight;
        this.bias = bias;
    }

    /**
     * @param x [N,I] in
     * @param y [N,O] out; must not alias x
     */
    public void forward(Tensor x, Tensor y) {
        backend.linear(x, weight.value(), bias.value(), y);
    }

    /**
     * Adds to the gradients of the parameters.
     *
     * @param x [N,I] in, as given to {@link #forward}
     * @param dy [N,O] in
     * @param dx [N,I] out, or null when it is not wanted
     */
    public void backward(Tensor x, Tensor dy, @Nullable Tensor dx) {
        backend.linearBackward(x, weight.value(), dy, dx, weight.gradient(), bias.gradient());
    }
}
