package dev.tarn.nn;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;

/**
 * Variational dropout (Gal &amp; Ghahramani 2016): one mask over [B,H] serves every time step of a window, so that the
 * network cannot tell a dropped unit from one that is off.
 */
public final class LockedDropout {

    private final Backend backend;
    private Mask mask = Mask.NONE;

    public LockedDropout(Backend backend) {
        this.backend = backend;
    }

    /**
     * Applies a mask.
     *
     * @param x [T,B,H] in
     * @param mask over [B,H], kept for {@link #backward}
     * @param out [T,B,H] where the result goes unless the mask keeps everything
     * @return where the result is: {@code out}, or {@code x} itself when nothing is dropped
     */
    public Tensor forward(Tensor x, Mask mask, Tensor out) {
        this.mask = mask;
        if (mask instanceof Mask.None) {
            return x;
        }
        backend.lockedDropout(x, mask, out);
        return out;
    }

    /** Turns the gradient [T,B,H] by the result into the gradient by the input, in place. */
    public void backward(Tensor gradient) {
        if (!(mask instanceof Mask.None)) {
            backend.lockedDropout(gradient, mask, gradient);
        }
    }

    /** The mask of the latest forward. */
    public Mask mask() {
        return mask;
    }
}
