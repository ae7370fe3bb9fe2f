package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.testkit.Seeds;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BpttWindowsTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @Test
    void lengthsHaveTheMeanDeviationAndShareOfHalvesThatMeritysDrawHas() {
        // Exact values by integrating the draw: mean 67.75, deviation 9.13, P(length <= 50) = 0.0500.
        int[] lengths = BpttWindows.drawn(27_000_000, 70, seeds.seed(), 3);
        int count = lengths.length - 1;
        double mean = Arrays.stream(lengths).limit(count).average().orElseThrow();
        double variance = Arrays.stream(lengths)
                .limit(count)
                .mapToDouble(length -> (length - mean) * (length - mean))
                .average()
                .orElseThrow();
        double halves = Arrays.stream(lengths).limit(count).filter(l -> l < 52).count() / (double) count;
        // Six standard errors each, for about 400 000 draws.
        assertThat(mean).isCloseTo(67.75, within(6 * 9.13 / Math.sqrt(count)));
        assertThat(Math.sqrt(variance)).isCloseTo(9.13, within(0.09));
        assertThat(halves).isCloseTo(0.05, within(6 * Math.sqrt(0.05 * 0.95 / count)));
        assertThat(Arrays.stream(lengths).limit(count).min().orElseThrow()).isGreaterThanOrEqualTo(5);
        assertThat(Arrays.stream(lengths).max().orElseThrow()).isLessThanOrEqualTo(95);
    }

    @Test
    void lengthsCoverEveryPositionExactlyOnceForAnyNominalLength() {
        for (int i = 0; i < 200; i++) {
            int bptt = seeds.between(1, 120);
            long positions = seeds.between(1, 5000);
            int[] drawn = BpttWindows.drawn(positions, bptt, seeds.seed(), seeds.between(0, 9));
            assertThat(IntStream.of(drawn).asLongStream().sum()).isEqualTo(positions);
            assertThat(IntStream.of(drawn)).allMatch(length -> length >= 1 && length <= bptt + 25);
            assertThat(IntStream.of(drawn).limit(drawn.length - 1)).allMatch(length -> length >= 5);
            int[] regular = BpttWindows.regular(positions, bptt);
            assertThat(IntStream.of(regular).asLongStream().sum()).isEqualTo(positions);
            assertThat(IntStream.of(regular).limit(regular.length - 1)).allMatch(length -> length == bptt);
            assertThat(regular[regular.length - 1]).isBetween(1, bptt);
        }
    }

    @Test
    void lengthsFollowFromSeedAndEpochAlone() {
        int[] first = BpttWindows.drawn(50_000, 70, 42, 0);
        assertThat(BpttWindows.drawn(50_000, 70, 42, 0)).isEqualTo(first);
        assertThat(BpttWindows.drawn(50_000, 70, 42, 1)).isNotEqualTo(first);
        assertThat(BpttWindows.drawn(50_000, 70, 43, 0)).isNotEqualTo(first);
        // A longer text has the same windows and more.
        int[] longer = BpttWindows.drawn(60_000, 70, 42, 0);
        assertThat(Arrays.copyOf(longer, first.length - 1)).isEqualTo(Arrays.copyOf(first, first.length - 1));
    }

    @Test
    void theLengthsOfSeedOneStayWhatTheyAreSoThatOldRunsCanGoOn() {
        assertThat(Arrays.copyOf(BpttWindows.drawn(10_000, 70, 1, 0), 12))
                .isEqualTo(new int[] {69, 64, 56, 73, 72, 28, 68, 61, 66, 79, 31, 71});
    }

    @Test
    void aDrawBeyondTheCapIsCutAndOneBelowTheFloorIsRaised() {
        assertThat(BpttWindows.steps(0, 25, 70)).isEqualTo(95);
        assertThat(BpttWindows.steps(0, 4.999, 70)).isEqualTo(94);
        assertThat(BpttWindows.steps(0, -14, 70)).isEqualTo(5);
        assertThat(BpttWindows.steps(0.95, 0, 71)).isEqualTo(35);
    }
}
