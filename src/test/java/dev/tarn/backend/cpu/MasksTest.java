package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Mask;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;
import dev.tarn.testkit.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Masks in bulk against their definition, element by element. */
class MasksTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final Masks masks = new Masks();

    @Test
    void everyStretchOfADrawnMaskEqualsItsDefinition() {
        float[] got = new float[Masks.TILE];
        for (int trial = 0; trial < 200; trial++) {
            float p = 0.01f + 0.98f * seeds.random().nextFloat();
            RandomKey key = new RandomKey(
                    seeds.random().nextLong(),
                    Purpose.WEIGHT_DROP,
                    seeds.random().nextInt(4),
                    seeds.random().nextLong());
            Mask.Drawn mask = new Mask.Drawn(p, key);
            // Beyond 2^32 elements, where the counter has more bits than an int has without its sign.
            long first = seeds.random().nextLong() >>> (30 + seeds.random().nextInt(34));
            int count = seeds.random().nextInt(trial % 4 == 0 ? 6 : Masks.TILE) + 1;
            masks.fill(mask, first, got, count);
            for (int k = 0; k < count; k++) {
                assertThat(got[k]).as("element %d of %s", first + k, mask).isEqualTo(mask.at(first + k));
            }
        }
    }

    @Test
    void noMaskIsOnes() {
        float[] got = new float[10];
        masks.fill(Mask.NONE, 7, got, 9);
        assertThat(got).startsWith(1, 1, 1, 1, 1, 1, 1, 1, 1).endsWith(0f);
    }
}
