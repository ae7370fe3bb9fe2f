package dev.tarn.backend;

/**
 * Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), the only random generator of
 * training. It has no state: a 64-bit key and a 128-bit counter give four 32-bit words, so a number depends on nothing
 * but (seed, purpose, layer, step, element) and any of them can be drawn again, on any device, in any order.
 *
 * <h2>How the counter is laid out</h2>
 *
 * Key: the low and high word of the seed. Counter word 0: {@code element >>> 2}; word 1:
 * {@code purpose | layer << 8}; words 2 and 3: low and high word of the step. Element {@code e} takes output word
 * {@code e & 3}. {@code kernels/philox.cuh} computes the same bits.
 */
public final class Philox {

    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;
    private static final int ROUNDS = 10;

    private Philox() {}

    /**
     * Ten rounds on one counter.
     *
     * @param out receives the four output words at {@code at .. at+3}
     */
    public static void block(int c0, int c1, int c2, int c3, int k0, int k1, int[] out, int at) {
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        out[at] = c0;
        out[at + 1] = c1;
        out[at + 2] = c2;
        out[at + 3] = c3;
    }

    /** The word of one element of a stream. */
    public static int word(RandomKey key, long element) {
        int[] out = new int[4];
        block((int) (element >>> 2), key.word1(), key.word2(), key.word3(), key.key0(), key.key1(), out, 0);
        return out[(int) (element & 3)];
    }

    /** A uniform number in [0, 1) with 24 random bits, the same on every backend. */
    public static double uniform(RandomKey key, long element) {
        return (word(key, element) >>> 8) * 0x1p-24;
    }

    /** A uniform number in [0, 1) with 53 random bits from elements {@code 2*index} and {@code 2*index+1}. */
    public static double uniform53(RandomKey key, long index) {
        int high = word(key, 2 * index) >>> 5;
        int low = word(key, 2 * index + 1) >>> 6;
        return (((long) high << 26) | low) * 0x1p-53;
    }

    /** A standard normal number by the Box-Muller transform of two {@link #uniform53} draws. */
    public static double gaussian(RandomKey key, long index) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - uniform53(key, 2 * index)));
        return radius * StrictMath.cos(2 * Math.PI * uniform53(key, 2 * index + 1));
    }
}
