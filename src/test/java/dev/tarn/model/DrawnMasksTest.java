package dev.tarn.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.Mask;
import dev.tarn.backend.RandomKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DrawnMasksTest {

    private static final AwdLstmConfig CONFIG = AwdLstmConfig.defaults(50);

    @Test
    void masksDependOnSeedAndStepAlone() {
        DrawnMasks steps = new DrawnMasks(CONFIG, 7);
        List<Mask> zero = all(steps);
        List<Mask> five = all(steps.step(5));
        assertThat(all(steps.step(0))).isEqualTo(zero);
        assertThat(all(new DrawnMasks(CONFIG, 7).step(5))).isEqualTo(five);
        assertThat(all(new DrawnMasks(CONFIG, 8).step(5))).doesNotContainAnyElementsOf(five);
    }

    @Test
    void noTwoMasksOfARunShareTheirRandomNumbers() {
        Set<RandomKey> keys = new HashSet<>();
        int masks = 0;
        DrawnMasks drawn = new DrawnMasks(CONFIG, 7);
        for (long step = 0; step < 10; step++) {
            for (Mask mask : all(drawn.step(step))) {
                keys.add(((Mask.Drawn) mask).key());
                masks++;
            }
        }
        assertThat(keys).hasSize(masks);
    }

    @Test
    void eachMaskDropsWithItsOwnProbability() {
        DrawnMasks masks = new DrawnMasks(CONFIG, 1);
        assertThat(probability(masks.embedding())).isEqualTo(0.02f);
        assertThat(probability(masks.input())).isEqualTo(0.25f);
        assertThat(probability(masks.weight(2))).isEqualTo(0.2f);
        assertThat(probability(masks.hidden(1))).isEqualTo(0.15f);
        assertThat(probability(masks.output())).isEqualTo(0.1f);
    }

    @Test
    void withoutDropoutThereIsNothingToDraw() {
        assertThat(all(new DrawnMasks(CONFIG.scaledDropout(0), 7).step(3))).containsOnly(Mask.NONE);
    }

    private static float probability(Mask mask) {
        return ((Mask.Drawn) mask).p();
    }

    private static List<Mask> all(MaskSource masks) {
        List<Mask> all = new ArrayList<>(List.of(masks.embedding(), masks.input(), masks.output()));
        for (int layer = 0; layer < CONFIG.nLayers(); layer++) {
            all.add(masks.weight(layer));
            all.add(masks.hidden(layer));
        }
        return all;
    }
}
