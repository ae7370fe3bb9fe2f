package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.testkit.GoldenCase;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class LrFinderTest {

    static List<GoldenTable> recorded() {
        return GoldenTable.all("06-lr-find");
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void aScriptedLossGivesFastaisRatesSmoothedLossesAndStop(GoldenTable golden) {
        JsonNode description = golden.description();
        LrFinder finder = new LrFinder(
                rates(description.path("start_lr").asString()),
                rates(description.path("end_lr").asString()),
                description.path("num_it").asInt(),
                description.path("stop_div").asBoolean());
        JsonNode script = description.path("script");
        LrFinder.Search search = finder.search(golden.groups());
        int taken = 0;
        boolean over = false;
        while (!over) {
            over = search.observe(GoldenCase.number(script.path(taken++)));
        }
        assertThat(taken - 1).isEqualTo(description.path("stop_iteration").asInt());
        assertThat(search.result().lrs())
                .hasSize(description.path("recorder_lrs_len").asInt());
        double[] lr = new double[golden.groups()];
        double[] losses = search.result().losses();
        double[] lrs = search.result().lrs();
        for (int row = 0; row < golden.rows().size(); row++) {
            finder.schedule(golden.groups(), 0.9).rates(row, lr);
            for (int group = 0; group < lr.length; group++) {
                double wanted = golden.at(row, "lr_group" + group);
                assertThat(lr[group]).isCloseTo(wanted, within(1e-12 * wanted));
            }
            assertThat(lrs[row]).isEqualTo(lr[lr.length - 1]);
            double smooth = golden.at(row, "smooth_loss_f64");
            if (Double.isNaN(smooth)) {
                assertThat(losses[row]).isNaN();
            } else {
                assertThat(losses[row]).isCloseTo(smooth, within(1e-12 * Math.abs(smooth)));
            }
        }
    }

    /** The golden files print slices as Python does: {@code slice(1e-07, 1e-06, None)}. */
    private static Rates rates(String text) {
        return Rates.parse(text.replace(", None", ""));
    }

    @Test
    void suggestionsAreTheSteepestPointATenthOfTheLowestAndTheMiddleOfTheValley() {
        // A plateau, a fall along a logistic curve centred on pair 50, a minimum at pair 70, an explosion.
        double[] losses = IntStream.range(0, 90)
                .mapToDouble(i -> 4 - 2 / (1 + Math.exp(-(i - 50) / 4.0)) + Math.max(0, i - 70) * 0.3)
                .toArray();
        double[] lrs = IntStream.range(0, 90)
                .mapToDouble(i -> 1e-7 * Math.pow(1e8, i / 100.0))
                .toArray();
        LrFindResult result = new LrFindResult(lrs, losses);
        assertThat(result.steepest()).isEqualTo(OptionalDouble.of(lrs[50]));
        assertThat(result.minimumOverTen()).isEqualTo(OptionalDouble.of(lrs[70] / 10));
        // Falls from pair 10 to pair 70: 61 members, so it starts one before the kept ones; a third and a sixth on.
        assertThat(result.valley()).isEqualTo(OptionalDouble.of(lrs[10 - 1 + 20 + 10]));
    }

    @Test
    void theSlopeIsTakenByIndexWithOneSidedEnds() {
        double[] kept = {5, 3, 2.9, 2.8};
        double[] losses = new double[10 + kept.length + 5];
        double[] lrs = IntStream.range(0, losses.length).mapToDouble(i -> i).toArray();
        System.arraycopy(kept, 0, losses, 10, kept.length);
        // Slopes: -2 (one-sided), -1.05, -0.1, -0.1 (one-sided).
        assertThat(new LrFindResult(lrs, losses).steepest()).isEqualTo(OptionalDouble.of(10));
    }

    @Test
    void aSearchTooShortOrNotANumberSuggestsNothing() {
        double[] fifteen = new double[15];
        LrFindResult shortSearch = new LrFindResult(fifteen, fifteen);
        assertThat(shortSearch.steepest()).isEmpty();
        assertThat(shortSearch.minimumOverTen()).isEmpty();
        assertThat(shortSearch.valley()).isEmpty();
        double[] losses = new double[40];
        Arrays.fill(losses, 10, 40, Double.NaN);
        assertThat(new LrFindResult(new double[40], losses).valley()).isEmpty();
    }

    @Test
    void everyPairAtTheEndsMayBeOutOfRangeWithoutHarm() {
        double[] rising = IntStream.range(0, 30).mapToDouble(i -> i).toArray();
        LrFindResult result = new LrFindResult(rising, rising);
        assertThat(result.valley()).isEqualTo(OptionalDouble.of(10));
        assertThat(result.minimumOverTen()).isEqualTo(OptionalDouble.of(1));
    }
}
