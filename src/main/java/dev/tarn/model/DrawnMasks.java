package dev.tarn.model;

import dev.tarn.backend.Mask;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;

/**
 * Dropout masks drawn by counter: those of a step depend on (seed, step) and nothing else, so a resumed run draws the same
 * ones and so does every backend.
 */
public final class DrawnMasks implements MaskSource {

    private final AwdLstmConfig config;
    private final long seed;
    private final Mask[] weight;
    private final Mask[] hidden;
    private Mask embedding = Mask.NONE;
    private Mask input = Mask.NONE;
    private Mask output = Mask.NONE;

    /** Masks of step 0; {@link #step} moves on. */
    public DrawnMasks(AwdLstmConfig config, long seed) {
        this.config = config;
        this.seed = seed;
        weight = new Mask[config.nLayers()];
        hidden = new Mask[config.nLayers()];
        step(0);
    }

    /**
     * Takes the masks of a step; the ones handed out before stay what they were.
     *
     * @param step counts training windows
     * @return this
     */
    public DrawnMasks step(long step) {
        embedding = mask(config.embedP(), Purpose.EMBEDDING_DROPOUT, 0, step);
        input = mask(config.inputP(), Purpose.INPUT_DROPOUT, 0, step);
        output = mask(config.outputP(), Purpose.OUTPUT_DROPOUT, 0, step);
        for (int layer = 0; layer < weight.length; layer++) {
            weight[layer] = mask(config.weightP(), Purpose.WEIGHT_DROP, layer, step);
            hidden[layer] = mask(config.hiddenP(), Purpose.HIDDEN_DROPOUT, layer, step);
        }
        return this;
    }

    private Mask mask(double p, Purpose purpose, int layer, long step) {
        return Mask.of((float) p, new RandomKey(seed, purpose, layer, step));
    }

    @Override
    public Mask embedding() {
        return embedding;
    }

    @Override
    public Mask input() {
        return input;
    }

    @Override
    public Mask weight(int layer) {
        return weight[layer];
    }

    @Override
    public Mask hidden(int layer) {
        return hidden[layer];
    }

    @Override
    public Mask output() {
        return output;
    }
}
