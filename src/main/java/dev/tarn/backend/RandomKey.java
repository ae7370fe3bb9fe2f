package dev.tarn.backend;

/**
 * Names one stream of {@link Philox} numbers.
 *
 * @param seed the seed of the run
 * @param purpose what the numbers are for; streams of different purposes never meet
 * @param layer the layer, or 0
 * @param step the optimizer step, epoch or whatever the purpose counts
 */
public record RandomKey(long seed, Purpose purpose, int layer, long step) {

    /** What random numbers are drawn for. The code is part of the stream, so it never changes. */
    public enum Purpose {
        INITIALISATION(0),
        EMBEDDING_DROPOUT(1),
        INPUT_DROPOUT(2),
        WEIGHT_DROP(3),
        HIDDEN_DROPOUT(4),
        OUTPUT_DROPOUT(5),
        HEAD_DROPOUT(6),
        BPTT(7),
        SHUFFLE(8),
        SPLIT(9),
        SAMPLING(10);

        private final int code;

        Purpose(int code) {
            this.code = code;
        }
    }

    /** Low word of the Philox key. Backends that draw masks in bulk lay out the counter themselves and need all five. */
    public int key0() {
        return (int) seed;
    }

    /** High word of the Philox key. */
    public int key1() {
        return (int) (seed >>> 32);
    }

    /** Counter word 1: purpose and layer. */
    public int word1() {
        return purpose.code | layer << 8;
    }

    /** Counter word 2: low word of the step. */
    public int word2() {
        return (int) step;
    }

    /** Counter word 3: high word of the step. */
    public int word3() {
        return (int) (step >>> 32);
    }
}
