package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.backend.RandomKey.Purpose;
import dev.tarn.testkit.Seeds;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PhiloxTest {

    private static final int DRAWS = 200_000;

    /** Standard errors; a sound generator fails once in half a billion. */
    private static final double SIGMAS = 6;

    @RegisterExtension
    final Seeds seeds = new Seeds();

    /** Random123's known answers for philox4x32-10: counter and key are 0, all ones, and digits of pi. */
    @Test
    void theKnownAnswersOfRandom123ComeOut() {
        assertBlock(new int[] {0, 0, 0, 0, 0, 0}, new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
        assertBlock(new int[] {-1, -1, -1, -1, -1, -1}, new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
        assertBlock(
                new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0},
                new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
    }

    private static void assertBlock(int[] counterAndKey, int[] expected) {
        int[] c = counterAndKey;
        int[] out = new int[4];
        Philox.block(c[0], c[1], c[2], c[3], c[4], c[5], out, 0);
        assertThat(out).containsExactly(expected);
    }

    @Test
    void aWordIsThatOfTheDocumentedCounter() {
        long seed = seeds.seed();
        long step = seeds.seed();
        RandomKey key = new RandomKey(seed, Purpose.WEIGHT_DROP, 5, step);
        int[] out = new int[4];
        for (long element : new long[] {0, 1, 2, 3, 4, 1_000_003, 1L << 33}) {
            int weightDrop = 3;
            Philox.block(
                    (int) (element / 4),
                    weightDrop + 256 * 5,
                    (int) step,
                    (int) (step >>> 32),
                    (int) seed,
                    (int) (seed >>> 32),
                    out,
                    0);
            assertThat(Philox.word(key, element)).isEqualTo(out[(int) (element % 4)]);
        }
    }

    /** Codes are part of every stored run: changing one changes what a resumed run draws. */
    @Test
    void everyPurposeKeepsItsCode() {
        Purpose[] purposes = {
            Purpose.INITIALISATION,
            Purpose.EMBEDDING_DROPOUT,
            Purpose.INPUT_DROPOUT,
            Purpose.WEIGHT_DROP,
            Purpose.HIDDEN_DROPOUT,
            Purpose.OUTPUT_DROPOUT,
            Purpose.HEAD_DROPOUT,
            Purpose.BPTT,
            Purpose.SHUFFLE,
            Purpose.SPLIT,
            Purpose.SAMPLING
        };
        assertThat(Purpose.values()).containsExactly(purposes);
        for (int code = 0; code < purposes.length; code++) {
            assertThat(new RandomKey(0, purposes[code], 0, 0).word1()).isEqualTo(code);
        }
    }

    @Test
    void uniformNumbersHaveTheMomentsOfTheUniformDistribution() {
        RandomKey key = new RandomKey(seeds.seed(), Purpose.SAMPLING, 0, 0);
        assertMoments(e -> Philox.uniform(key, e), 0.5, 1 / 12.0, 1 / 80.0);
        assertMoments(e -> Philox.uniform53(key, e), 0.5, 1 / 12.0, 1 / 80.0);
        for (long e = 0; e < 10_000; e++) {
            assertThat(Philox.uniform(key, e)).isBetween(0.0, Math.nextDown(1.0));
            assertThat(Philox.uniform53(key, e)).isBetween(0.0, Math.nextDown(1.0));
        }
    }

    @Test
    void gaussianNumbersHaveTheMomentsOfTheStandardNormalDistribution() {
        RandomKey key = new RandomKey(seeds.seed(), Purpose.BPTT, 0, 0);
        assertMoments(e -> Philox.gaussian(key, e), 0, 1, 3);
        double within1 = 0;
        for (long e = 0; e < DRAWS; e++) {
            within1 += Math.abs(Philox.gaussian(key, e)) < 1 ? 1 : 0;
        }
        double share = 0.6826894921;
        assertThat(within1 / DRAWS).isCloseTo(share, within(SIGMAS * Math.sqrt(share * (1 - share) / DRAWS)));
    }

    /** {@code fourth} is the fourth central moment, which gives the standard error of the variance. */
    private static void assertMoments(LongToDoubleFunction draw, double mean, double variance, double fourth) {
        double sum = 0;
        double squares = 0;
        double products = 0;
        double before = 0;
        for (long e = 0; e < DRAWS; e++) {
            double x = draw.applyAsDouble(e) - mean;
            sum += x;
            squares += x * x;
            products += x * before;
            before = x;
        }
        assertThat(sum / DRAWS).isCloseTo(0, within(SIGMAS * Math.sqrt(variance / DRAWS)));
        assertThat(squares / DRAWS)
                .isCloseTo(variance, within(SIGMAS * Math.sqrt((fourth - variance * variance) / DRAWS)));
        assertThat(products / DRAWS).as("neighbours").isCloseTo(0, within(SIGMAS * variance / Math.sqrt(DRAWS)));
    }

    @ParameterizedTest
    @ValueSource(floats = {0.02f, 0.25f, 0.5f, 0.9f})
    void aDrawnMaskDropsItsShareAndScalesTheRestSoThatTheMeanStaysOne(float p) {
        Mask.Drawn mask = new Mask.Drawn(p, new RandomKey(seeds.seed(), Purpose.INPUT_DROPOUT, 0, 7));
        int dropped = 0;
        for (long e = 0; e < DRAWS; e++) {
            float value = mask.at(e);
            assertThat(value == 0 || value == (float) (1 / (1 - (double) p))).isTrue();
            dropped += value == 0 ? 1 : 0;
        }
        assertThat(dropped / (double) DRAWS).isCloseTo(p, within(SIGMAS * Math.sqrt(p * (1 - p) / DRAWS)));
    }

    @Test
    void streamsThatDifferInAnythingAreUnrelated() {
        long seed = seeds.seed();
        RandomKey key = new RandomKey(seed, Purpose.HIDDEN_DROPOUT, 1, 10);
        RandomKey[] others = {
            new RandomKey(seed + 1, Purpose.HIDDEN_DROPOUT, 1, 10),
            new RandomKey(seed + (1L << 32), Purpose.HIDDEN_DROPOUT, 1, 10),
            new RandomKey(seed, Purpose.OUTPUT_DROPOUT, 1, 10),
            new RandomKey(seed, Purpose.HIDDEN_DROPOUT, 2, 10),
            new RandomKey(seed, Purpose.HIDDEN_DROPOUT, 1, 11),
            new RandomKey(seed, Purpose.HIDDEN_DROPOUT, 1, 10 + (1L << 32))
        };
        Mask.Drawn mask = new Mask.Drawn(0.5f, key);
        for (RandomKey other : others) {
            Mask.Drawn otherMask = new Mask.Drawn(0.5f, other);
            int same = 0;
            for (long e = 0; e < DRAWS; e++) {
                same += mask.at(e) == otherMask.at(e) ? 1 : 0;
            }
            assertThat(same / (double) DRAWS).as("%s", other).isCloseTo(0.5, within(SIGMAS * 0.5 / Math.sqrt(DRAWS)));
        }
    }

    @Test
    void noDropoutIsNoMaskAndAnImpossibleProbabilityIsRefused() {
        RandomKey key = new RandomKey(1, Purpose.INPUT_DROPOUT, 0, 0);
        assertThat(Mask.of(0, key)).isSameAs(Mask.NONE);
        for (float p : new float[] {-0.1f, 1, Float.NaN}) {
            assertThatThrownBy(() -> Mask.of(p, key)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
