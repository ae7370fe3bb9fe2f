package dev.tarn.nn;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The linear decoder and its loss. With tied weights (Press &amp; Wolf 2017; Inan et al. 2017) its matrix is the embedding
 * table, and both add to the same gradient.
 *
 * <p>Ownership: the plan, freed by {@link #close}.
 */
public final class DecoderLayer implements AutoCloseable {

    private final Parameter weight;
    private final @Nullable Parameter bias;
    private final Decoder plan;

    /**
     * @param weight [V,E], the decoder's own or the embedding's
     * @param bias [V], or null for none
     * @param maxRows the most rows of input at once, T·B
     */
    public DecoderLayer(Backend backend, Parameter weight, @Nullable Parameter bias, int maxRows) {
        this.weight = weight;
        this.bias = bias;
        plan = backend.decoder(weight.value().dim(0), weight.value().dim(1), maxRows);
    }

    /** Hands the weights to the plan. */
    public void load() {
        plan.load(weight.value(), bias == null ? null : bias.value());
    }

    /** As {@link Decoder#loss}. */
    public void loss(Tensor x, Tensor targets, Tensor stats) {
        plan.loss(x, targets, stats);
    }

    /**
     * As {@link Decoder#lossAndGradients}, with the gradients of the parameters.
     *
     * @param trains false when the decoder is frozen and only dx is wanted
     */
    public void lossAndGradients(Tensor x, Tensor targets, Tensor stats, Tensor dx, boolean trains, GradientSum sum) {
        Tensor dw = trains ? weight.gradient() : null;
        Tensor db = trains && bias != null ? bias.gradient() : null;
        plan.lossAndGradients(x, targets, stats, dx, dw, db, sum);
    }

    /** As {@link Decoder#logits}. */
    public void logits(Tensor x, Tensor logits) {
        plan.logits(x, logits);
    }

    @Override
    public void close() {
        plan.close();
    }
}
