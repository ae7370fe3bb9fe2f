package dev.tarn.model;

import dev.tarn.backend.Mask;

/**
 * Where the dropout masks of one training window come from: drawn ({@link DrawnMasks}), none, or recorded ones in tests.
 * All masks hold 0 or 1/(1-p).
 */
public interface MaskSource {

    /** No dropout at all. */
    MaskSource NONE = new MaskSource() {
        @Override
        public Mask embedding() {
            return Mask.NONE;
        }

        @Override
        public Mask input() {
            return Mask.NONE;
        }

        @Override
        public Mask weight(int layer) {
            return Mask.NONE;
        }

        @Override
        public Mask hidden(int layer) {
            return Mask.NONE;
        }

        @Override
        public Mask output() {
            return Mask.NONE;
        }
    };

    /** Over the V rows of the embedding table. */
    Mask embedding();

    /** Over [B,E], after the lookup. */
    Mask input();

    /** Over the [4H,H] recurrent matrix of a layer. */
    Mask weight(int layer);

    /** Over [B,H], behind a layer; never asked for the last one. */
    Mask hidden(int layer);

    /** Over [B,E], before the decoder. */
    Mask output();
}
