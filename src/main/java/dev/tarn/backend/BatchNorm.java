package dev.tarn.backend;

/**
 * The tensors of a batch normalisation over F features.
 *
 * @param gamma [F] scale
 * @param beta [F] shift
 * @param mean [F] running mean
 * @param variance [F] running variance
 */
public record BatchNorm(Tensor gamma, Tensor beta, Tensor mean, Tensor variance) {

    /** Added to a variance before its root is taken. */
    public static final double EPS = 1e-5;

    /** The weight of the latest batch in the running statistics. */
    public static final double MOMENTUM = 0.1;
}
