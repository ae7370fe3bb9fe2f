package dev.tarn.backend.cpu;

import dev.tarn.backend.Mask;
import dev.tarn.backend.RandomKey;
import java.util.Arrays;

/**
 * Writes stretches of a {@link Mask} as floats. Philox runs on 256 counters at once, round by round over arrays of longs,
 * which the compiler turns into vector code; {@link dev.tarn.backend.Philox} is the definition. Ownership: scratch memory
 * for one thread.
 */
final class Masks {

    /** Elements that {@link #fill} takes at most. */
    static final int TILE = 1024;

    private static final int COUNTERS = TILE / 4 + 1;
    private static final long LOW = 0xFFFFFFFFL;
    private static final long M0 = 0xD2511F53L;
    private static final long M1 = 0xCD9E8D57L;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;
    private static final int ROUNDS = 10;

    private final long[] c0 = new long[COUNTERS];
    private final long[] c1 = new long[COUNTERS];
    private final long[] c2 = new long[COUNTERS];
    private final long[] c3 = new long[COUNTERS];
    private final float[] values = new float[4 * COUNTERS];

    /**
     * Writes the mask values of elements {@code first .. first+count-1}.
     *
     * @param count at most {@link #TILE}
     */
    void fill(Mask mask, long first, float[] out, int count) {
        if (mask instanceof Mask.Drawn drawn) {
            draw(drawn, first, out, count);
        } else if (mask instanceof Mask.Given given) {
            CpuTensor.of(given.values()).get(first, out, count);
        } else {
            Arrays.fill(out, 0, count, 1f);
        }
    }

    private void draw(Mask.Drawn mask, long first, float[] out, int count) {
        int skipped = (int) (first & 3);
        int counters = (skipped + count + 3) >>> 2;
        philox(mask.key(), first >>> 2, counters);
        int scale = Float.floatToRawIntBits(mask.scale());
        int threshold = mask.threshold();
        for (int i = 0; i < counters; i++) {
            values[4 * i] = kept(c0[i], threshold, scale);
            values[4 * i + 1] = kept(c1[i], threshold, scale);
            values[4 * i + 2] = kept(c2[i], threshold, scale);
            values[4 * i + 3] = kept(c3[i], threshold, scale);
        }
        System.arraycopy(values, skipped, out, 0, count);
    }

    /** The scale or 0, without a branch: nobody could predict it. */
    private static float kept(long word, int threshold, int scaleBits) {
        int dropped = ((int) (word >>> 8) - threshold) >> 31;
        return Float.intBitsToFloat(scaleBits & ~dropped);
    }

    private void philox(RandomKey key, long firstCounter, int counters) {
        for (int i = 0; i < counters; i++) {
            c0[i] = (firstCounter + i) & LOW;
        }
        Arrays.fill(c1, 0, counters, key.word1() & LOW);
        Arrays.fill(c2, 0, counters, key.word2() & LOW);
        Arrays.fill(c3, 0, counters, key.word3() & LOW);
        int k0 = key.key0();
        int k1 = key.key1();
        for (int round = 0; round < ROUNDS; round++) {
            round(c0, c1, c2, c3, k0 & LOW, k1 & LOW, counters);
            k0 += W0;
            k1 += W1;
        }
    }

    private static void round(long[] c0, long[] c1, long[] c2, long[] c3, long k0, long k1, int counters) {
        for (int i = 0; i < counters; i++) {
            long p0 = M0 * c0[i];
            long p1 = M1 * c2[i];
            c0[i] = (p1 >>> 32) ^ c1[i] ^ k0;
            c1[i] = p1 & LOW;
            c2[i] = (p0 >>> 32) ^ c3[i] ^ k1;
            c3[i] = p0 & LOW;
        }
    }
}
