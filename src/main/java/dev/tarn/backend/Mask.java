package dev.tarn.backend;

/**
 * A dropout mask whose entries are 0 or {@code 1/(1-p)}. The operation that takes it says over which elements it runs.
 *
 * <p>A drawn mask is a rule, not memory: element {@code e} is kept iff
 * {@code (Philox.word(key, e) >>> 8) >= rint(p * 2^24)}, so that forward and backward and every backend agree without
 * storing it. A given mask is a tensor, for replaying recorded ones.
 */
public sealed interface Mask {

    /** No dropout: every entry is 1. */
    record None() implements Mask {}

    /**
     * Drawn by counter.
     *
     * @param p the probability of dropping, in (0, 1)
     */
    record Drawn(float p, RandomKey key) implements Mask {

        public Drawn {
            if (!(p > 0 && p < 1)) {
                throw new IllegalArgumentException("dropout probability " + p + " is not inside (0, 1)");
            }
        }

        /** The word shifted right by 8 must reach this for the element to be kept. */
        public int threshold() {
            return (int) Math.rint(p * (double) (1 << 24));
        }

        /** What a kept element is multiplied by. */
        public float scale() {
            return (float) (1.0 / (1.0 - p));
        }

        /** The mask value of one element; the definition, not the fast path. */
        public float at(long element) {
            return (Philox.word(key, element) >>> 8) >= threshold() ? scale() : 0f;
        }
    }

    /** Taken from memory; {@code values} has one entry per element. */
    record Given(Tensor values) implements Mask {}

    /** The mask that keeps everything. */
    Mask NONE = new None();

    /** A drawn mask, or {@link #NONE} when {@code p} is 0. */
    static Mask of(float p, RandomKey key) {
        return p == 0 ? NONE : new Drawn(p, key);
    }
}
