package dev.tarn.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.run.JsonEvent;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ResultsTest {

    private static final Arm STABILIZED = Arm.parse("ns-paper-50");

    @Test
    void beyondIsTheSecondHalfOfTheHorizonByItsSteps() {
        LmResult lm = new LmResult(
                Math.log(9),
                0.25,
                2,
                List.of(
                        new LmResult.Steps(1, 1, 5, 1, 0),
                        new LmResult.Steps(2, 3, 4, 2, 0),
                        new LmResult.Steps(4, 5, 1, 3, 0),
                        new LmResult.Steps(6, 8, 2, 5, 0)),
                List.of(),
                "");
        // Of the steps beyond half of 8, 5 stands in a part that begins before.
        assertThat(lm.perplexity()).isCloseTo(9, within(1e-12));
        assertThat(lm.perplexityBeyond()).isCloseTo(Math.exp(2), within(1e-12));
        assertThat(lm.normBeyond()).isEqualTo(5);
        assertThat(lm.normDrift()).isEqualTo(5.0 / 2 - 1);
        assertThat(LmResult.of(
                        Objects.requireNonNull(JsonEvent.parse(lm.toJson().toJson()))))
                .isEqualTo(lm);
    }

    @Test
    void differencesAreOfSeedsThatBothArmsHave() {
        Results results = new Results(List.of(
                found(STABILIZED, 1, 12, null),
                found(STABILIZED, 3, 15, null),
                found(STABILIZED, 2, Double.NaN, null),
                found(Arm.BASELINE, 1, 10, null),
                found(Arm.BASELINE, 2, 11, null),
                found(Arm.BASELINE, 3, 14, null),
                found(Arm.BASELINE, 4, 99, null)));
        assertThat(results.arms()).containsExactly(Arm.BASELINE, STABILIZED);
        assertThat(results.summary(STABILIZED, Metric.PERPLEXITY).n()).isEqualTo(2);
        Summary difference = results.difference(STABILIZED, Metric.PERPLEXITY);
        assertThat(difference.n()).isEqualTo(2);
        assertThat(difference.mean()).isCloseTo(1.5, within(1e-9));
    }

    @Test
    void thePageHasArmsDifferencesCellsAndFailures() {
        LmResult diverged = LmResult.diverged(70, "The loss is not finite.");
        Results results = new Results(List.of(
                found(STABILIZED, 1, 12, 0.875),
                new Results.Found(STABILIZED, 2, diverged, null),
                found(Arm.BASELINE, 1, 10, 0.85),
                found(Arm.BASELINE, 2, 11, 0.86),
                found(Arm.NONE, 1, 20, 0.8)));
        String page = new ResultsPage(results).markdown(Map.of("horizon", "1000"));
        assertThat(page)
                .contains("horizon 1000")
                .contains("| ar-tar | 10.50 ± 0.71 |")
                .contains("| ns-paper-50 | 12.00 ± - (1 of 2) |")
                .contains("| ns-paper-50 | 2.00 ± - [-, -], 1 |")
                .contains("| none, 1 | 20.00 |")
                .contains("87.50")
                .contains("ns-paper-50, seed 2: The loss is not finite.");
        // Prepared texts have a vocabulary that the setting had no part in.
        Map<String, String> settings = Map.of("lm.data.max-vocab", "10000", "lm-texts", "a fingerprint");
        assertThat(new ResultsPage(results).markdown(settings)).doesNotContain("10000");
        assertThat(new ResultsPage(results).events())
                .extracting(JsonEvent::kind)
                .containsExactly(
                        "arm",
                        "arm",
                        "arm",
                        "difference",
                        "difference",
                        "result",
                        "result",
                        "result",
                        "result",
                        "result");
        assertThat(ResultsPlots.of(results)).containsKeys("perplexity.png", "accuracy.png", "horizon-norms.png");
        ResultsPlots.of(results).values().forEach(plot -> assertThat(plot.png()).isNotEmpty());
    }

    @Test
    void nothingFinishedIsSaid() {
        Results results = new Results(List.of());
        assertThat(new ResultsPage(results).markdown(Map.of())).contains("No cell is finished yet.");
        assertThat(new ResultsPage(results).events()).isEmpty();
        assertThat(ResultsPlots.of(results)).isEmpty();
    }

    private static Results.Found found(Arm arm, long seed, double perplexity, @Nullable Double accuracy) {
        LmResult lm = new LmResult(
                Math.log(perplexity), 0.1, 70, List.of(new LmResult.Steps(1, 100, 3, 2, 1)), List.of(1.0, 2.0), "");
        return new Results.Found(arm, seed, lm, accuracy == null ? null : new ClfResult(0.3, accuracy, 100, ""));
    }
}
