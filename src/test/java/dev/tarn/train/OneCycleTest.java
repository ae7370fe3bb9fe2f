package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class OneCycleTest {

    static List<GoldenTable> recorded() {
        return GoldenTable.all("05-one-cycle");
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void ratesAndMomentumAreFastaisAtEveryIteration(GoldenTable golden) {
        JsonNode description = golden.description();
        JsonNode moms = description.path("moms");
        double high = moms.isArray() ? moms.path(0).asDouble() : moms.asDouble();
        double low = moms.isArray() ? moms.path(1).asDouble() : moms.asDouble();
        OneCycle.Shape shape = new OneCycle.Shape(
                high,
                low,
                description.path("div_factor").asDouble(),
                description.path("pct_start").asDouble(),
                description.path("final_div_used").asDouble());
        int perEpoch = description.path("iters_per_epoch").asInt();
        int epochs = description
                .path(description.path("tot_epochs").isNull() ? "epochs" : "tot_epochs")
                .asInt();
        int first = perEpoch * description.path("start_epoch").asInt(0);
        OneCycle cycle = new OneCycle(rates(description.path("lr")), golden.groups(), (long) epochs * perEpoch, shape);
        double[] lr = new double[golden.groups()];
        for (int row = 0; row < golden.rows().size(); row++) {
            int iteration = first + (int) golden.at(row, "iter");
            cycle.rates(iteration, lr);
            for (int group = 0; group < lr.length; group++) {
                double peak = description.path("lr_max_per_group").path(group).asDouble();
                assertThat(lr[group])
                        .as("rate of group %d at iteration %d", group, iteration)
                        .isCloseTo(golden.at(row, "lr_group" + group), within(1e-11 * lr[group] + 1e-16 * peak));
            }
            assertThat(cycle.momentum(iteration)).isCloseTo(golden.at(row, "mom"), within(1e-11));
        }
        JsonNode after = description.path("lr_mom_after_last");
        cycle.rates(first + golden.rows().size(), lr);
        for (int group = 0; group < lr.length; group++) {
            assertThat(lr[group]).isCloseTo(after.path(group).asDouble(), within(1e-11 * lr[group] + 1e-24));
        }
    }

    private static Rates rates(JsonNode lr) {
        if (lr.isNumber()) {
            return Rates.of(lr.asDouble());
        }
        JsonNode start = lr.path("slice").path(0);
        double stop = lr.path("slice").path(1).asDouble();
        return start.isNull() ? Rates.slice(stop) : Rates.slice(start.asDouble(), stop);
    }

    @Test
    void tenStepsFollowThePublishedTable() {
        OneCycle cycle = new OneCycle(Rates.of(1e-2), 1, 10, OneCycle.Shape.of(0.8, 0.7));
        double[] lrs = {.0004, .0028, .0076, .01, .00950485, .00811746, .00611262, .00388742, .00188258, .000495194};
        double[] moms = {.8, .775, .725, .7, .704952, .718826, .738874, .761126, .781174, .795048};
        double[] lr = new double[1];
        for (int k = 0; k < lrs.length; k++) {
            cycle.rates(k, lr);
            assertThat(lr[0]).isCloseTo(lrs[k], within(5e-9));
            assertThat(cycle.momentum(k)).isCloseTo(moms[k], within(5e-7));
        }
    }

    @Test
    void ratesStayAtTheirEndBeyondTheLastIteration() {
        OneCycle cycle = new OneCycle(Rates.of(1), 1, 20, OneCycle.Shape.DEFAULT);
        double[] lr = new double[1];
        cycle.rates(1000, lr);
        assertThat(lr[0]).isEqualTo(1 / 250000.0);
        assertThat(cycle.momentum(1000)).isEqualTo(0.95);
    }
}
