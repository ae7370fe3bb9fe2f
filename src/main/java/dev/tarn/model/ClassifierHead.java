package dev.tarn.model;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Tensor;
import dev.tarn.nn.BatchNormLayer;
import dev.tarn.nn.DecoderLayer;
import dev.tarn.nn.LinearLayer;

/**
 * A classifier's head with its activations: concat pooling, then blocks of batch normalisation, dropout and linear layer,
 * the last linear layer together with the loss.
 *
 * <p>Ownership: the plan of the last layer, freed by {@link #close}; tensors belong to the arena.
 */
final class ClassifierHead implements AutoCloseable {

    private final Backend backend;
    private final int last;
    /** [B,F] what each block reads; the first is the pooled output. */
    private final Tensor[] inputs;
    /** [B,F] what each block's linear layer reads; in the backward its gradient takes the place of the block's. */
    private final Tensor[] normalised;
    /** [B,F] gradient by the above and then by the input of a block; empty without training. */
    private final Tensor[] gradients;
    /** [B,E] where in time each maximum was found. */
    private final Tensor highest;

    private final Tensor logits;
    private final BatchNormLayer[] norms;
    private final LinearLayer[] linears;
    private final DecoderLayer decoder;

    ClassifierHead(TextClassifier model, Arena arena, int batch, boolean training) {
        this.backend = model.backend();
        TextClassifierConfig config = model.config();
        last = config.blocks() - 1;
        inputs = new Tensor[last + 1];
        normalised = new Tensor[last + 1];
        gradients = new Tensor[training ? last + 1 : 0];
        norms = new BatchNormLayer[last + 1];
        linears = new LinearLayer[last];
        for (int block = 0; block <= last; block++) {
            int width = config.blockInput(block);
            inputs[block] = arena.real(block == 0 ? "pooled output" : "output of block " + (block - 1), batch, width);
            normalised[block] = arena.real("normalised input of block " + block, batch, width);
            if (training) {
                gradients[block] = arena.real("gradient by the input of block " + block, batch, width);
            }
            norms[block] = new BatchNormLayer(
                    backend,
                    arena,
                    model.scale(block),
                    model.shift(block),
                    model.runningMean(block),
                    model.runningVariance(block),
                    block > 0);
            if (block < last) {
                linears[block] = new LinearLayer(backend, model.linearWeight(block), model.linearBias(block));
            }
        }
        highest = arena.ids("places of the maxima", batch, config.awdLstm().embSz());
        logits = arena.real("logits", batch, config.classes());
        decoder = new DecoderLayer(backend, model.linearWeight(last), model.linearBias(last), batch);
    }

    /** Real numbers that a head takes from its arena. */
    static long reals(TextClassifierConfig config, int batch, boolean training) {
        long reals = (long) batch * config.classes();
        for (int block = 0; block < config.blocks(); block++) {
            reals += ((training ? 3L : 2L) * batch + 2) * config.blockInput(block);
        }
        return reals;
    }

    /** Hands the weights to the plan. */
    void load() {
        decoder.load();
    }

    /** Runs a batch by the running statistics and without dropout; the {@link #logits} are known then. */
    void evaluate(Tensor output, Padding padding) {
        backend.pool(output, padding, inputs[0], highest);
        for (int block = 0; block <= last; block++) {
            norms[block].evaluate(inputs[block], normalised[block]);
            if (block < last) {
                linears[block].forward(normalised[block], inputs[block + 1]);
            }
        }
        computeLogits();
    }

    /**
     * Runs a batch forward and backward; the loss goes to {@code stats}.
     *
     * @param output [T,B,E] in, the last layer's
     * @param labels [B] ids in
     * @param stats [2] out, as {@link Decoder#lossAndGradients}
     * @param dOutput [T,B,E] out
     */
    void train(Tensor output, Padding padding, Tensor labels, ClassifierMasks masks, Tensor stats, Tensor dOutput) {
        backend.pool(output, padding, inputs[0], highest);
        for (int block = 0; block <= last; block++) {
            norms[block].forward(inputs[block], masks.head(block), normalised[block]);
            if (block < last) {
                linears[block].forward(normalised[block], inputs[block + 1]);
            }
        }
        decoder.lossAndGradients(normalised[last], labels, stats, gradients[last], true, GradientSum.CONTINUE);
        for (int block = last; block >= 0; block--) {
            norms[block].backward(inputs[block], gradients[block]);
            if (block > 0) {
                linears[block - 1].backward(normalised[block - 1], gradients[block], gradients[block - 1]);
            }
        }
        backend.poolBackward(gradients[0], padding, highest, dOutput);
    }

    /** Makes {@link #logits} those of the latest batch, with the weights and masks that it ran with. */
    void computeLogits() {
        decoder.logits(normalised[last], logits);
    }

    /** [B,C] what {@link #computeLogits} computed. */
    Tensor logits() {
        return logits;
    }

    /** [B,3E] the last, highest and mean output of each document of the latest batch. */
    Tensor pooled() {
        return inputs[0];
    }

    @Override
    public void close() {
        decoder.close();
    }
}
