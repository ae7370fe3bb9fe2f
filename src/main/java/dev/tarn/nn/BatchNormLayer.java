package dev.tarn.nn;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Tensor;

/**
 * Batch normalisation (Ioffe &amp; Szegedy 2015) with what stands beside it in fastai's heads: the rectifier of the block
 * before and the dropout behind.
 */
public final class BatchNormLayer {

    private final Backend backend;
    private final Parameter gamma;
    private final Parameter beta;
    private final BatchNorm norm;
    private final boolean relu;
    private final Tensor saved;
    private Mask mask = Mask.NONE;

    /**
     * @param arena for what the forward keeps for the backward
     * @param gamma [F] scale
     * @param beta [F] shift
     * @param mean [F] running mean, which training updates
     * @param variance [F] running variance, likewise
     * @param relu whether the input passes a rectifier first
     */
    public BatchNormLayer(
            Backend backend, Arena arena, Parameter gamma, Parameter beta, Tensor mean, Tensor variance, boolean relu) {
        this.backend = backend;
        this.gamma = gamma;
        this.beta = beta;
        this.norm = new BatchNorm(gamma.value(), beta.value(), mean, variance);
        this.relu = relu;
        this.saved = arena.real("mean and deviation of a batch", 2, mean.dim(0));
    }

    /**
     * By the statistics of the batch, which the running ones move towards.
     *
     * @param x [N,F] in, N at least 2
     * @param mask over [N,F], kept for {@link #backward}
     * @param y [N,F] out; must not alias x
     */
    public void forward(Tensor x, Mask mask, Tensor y) {
        this.mask = mask;
        backend.batchNorm(x, relu, norm, saved, mask, y);
    }

    /**
     * By the running statistics, which stay.
     *
     * @param x [N,F] in
     * @param y [N,F] out; must not alias x
     */
    public void evaluate(Tensor x, Tensor y) {
        backend.batchNormEvaluate(x, relu, norm, y);
    }

    /**
     * Adds to the gradients of scale and shift, and turns the gradient [N,F] by the result into that by the input, in
     * place.
     *
     * @param x [N,F] in, as given to {@link #forward}
     */
    public void backward(Tensor x, Tensor gradient) {
        backend.batchNormBackward(x, relu, norm, saved, mask, gradient, gradient, gamma.gradient(), beta.gradient());
    }
}
