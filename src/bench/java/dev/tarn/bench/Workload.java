package dev.tarn.bench;

import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;

/**
 * B endless streams of token ids that a language model can learn something from: half the tokens follow from the one
 * before, the rest are drawn with the skew of words in text (log-uniform rank). Every process sees the same ids.
 */
final class Workload {

    private static final long SEED = 7;

    private final Size size;
    private final int[] last;
    private final int[] inputs;
    private final int[] targets;
    private long drawn;

    Workload(Size size) {
        this.size = size;
        last = new int[size.batch()];
        inputs = new int[size.tokens()];
        targets = new int[size.tokens()];
    }

    /** Draws the window that continues where the last one ended. */
    void next() {
        for (int t = 0; t < size.steps(); t++) {
            for (int b = 0; b < size.batch(); b++) {
                inputs[t * size.batch() + b] = last[b];
                last[b] = successor(last[b]);
                targets[t * size.batch() + b] = last[b];
            }
        }
    }

    /** [T,B] ids, time-major; overwritten by {@link #next}. */
    int[] inputs() {
        return inputs;
    }

    /** [T,B] the ids that follow. */
    int[] targets() {
        return targets;
    }

    private int successor(int token) {
        RandomKey key = new RandomKey(SEED, Purpose.SAMPLING, 0, drawn++);
        if (Philox.uniform(key, 0) < 0.5) {
            return (int) ((31L * token + 17) % size.vocab());
        }
        return (int) Math.pow(size.vocab(), Philox.uniform(key, 1)) % size.vocab();
    }
}
