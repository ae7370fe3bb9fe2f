package dev.tarn.model;

import dev.tarn.backend.Mask;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;

/** Dropout masks of a classifier drawn by counter, as {@link DrawnMasks}: they depend on (seed, step, chunk) alone. */
public final class DrawnClassifierMasks implements ClassifierMasks {

    /** Chunks that a step may have, as a power of two: documents of up to a thousand million tokens. */
    private static final int CHUNK_BITS = 24;

    private final TextClassifierConfig config;
    private final long seed;
    private final DrawnMasks encoder;
    private long step;

    /** Masks of step 0; {@link #step} moves on. */
    public DrawnClassifierMasks(TextClassifierConfig config, long seed) {
        this.config = config;
        this.seed = seed;
        this.encoder = new DrawnMasks(config.awdLstm(), seed);
    }

    /**
     * Takes the masks of a step.
     *
     * @param step counts training batches
     * @return this
     */
    public DrawnClassifierMasks step(long step) {
        this.step = step;
        return this;
    }

    @Override
    public MaskSource chunk(int chunk) {
        if (chunk >>> CHUNK_BITS != 0) {
            throw new IllegalArgumentException("chunk " + chunk + " of a document is out of reach");
        }
        return encoder.step(step << CHUNK_BITS | chunk);
    }

    @Override
    public Mask head(int block) {
        return Mask.of((float) config.blockDropout(block), new RandomKey(seed, Purpose.HEAD_DROPOUT, block, step));
    }
}
