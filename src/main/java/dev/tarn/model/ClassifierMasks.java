package dev.tarn.model;

import dev.tarn.backend.Mask;

/**
 * Where the dropout masks of one training step of a classifier come from. They may be asked for more than once and are the
 * same every time.
 */
public interface ClassifierMasks {

    /** No dropout at all. */
    ClassifierMasks NONE = new ClassifierMasks() {
        @Override
        public MaskSource chunk(int chunk) {
            return MaskSource.NONE;
        }

        @Override
        public Mask head(int block) {
            return Mask.NONE;
        }
    };

    /**
     * The masks of the encoder in a chunk: fastai draws them anew for every chunk. Its output mask is never asked for.
     *
     * @param chunk counts from the first column of the batch, whether the head sees it or not
     * @return good until the next call
     */
    MaskSource chunk(int chunk);

    /** Over [B,F], behind the batch normalisation of a block of the head. */
    Mask head(int block);
}
