package dev.tarn.data;

import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;

/** Fisher-Yates permutations from counter-based randomness: the same key gives the same order on every machine. */
public final class Shuffle {

    private Shuffle() {}

    /**
     * Fills {@code order} with a uniformly drawn permutation of {@code 0 .. order.length-1}. Place i takes
     * {@code uniform53} number i of the key's stream.
     */
    public static void permutation(RandomKey key, int[] order) {
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        for (int i = order.length - 1; i > 0; i--) {
            int j = (int) (Philox.uniform53(key, i) * (i + 1L));
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
    }
}
