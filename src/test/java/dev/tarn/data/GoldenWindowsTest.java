package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Case 09: draws of the authors' program and of the fastai releases that had variable windows. */
class GoldenWindowsTest {

    @TestFactory
    Stream<DynamicTest> everyPairOfRandomNumbersGivesTheLengthAndRateOfTheAuthors() {
        return Golden.cases("09-").stream()
                .map(golden -> DynamicTest.dynamicTest(golden.name(), () -> {
                    for (JsonNode row : golden.json().path("logic_table")) {
                        int bptt = row.path("base_bptt").asInt();
                        double u = row.path("u").asDouble();
                        double z = row.path("z").asDouble();
                        int length = row.path("seq_len").asInt();
                        double base = BpttWindows.base(u, bptt);
                        assertThat(base).isEqualTo(row.path("bptt").asDouble());
                        assertThat(BpttWindows.uncapped(base + BpttWindows.DEVIATION * z))
                                .as("%s", row)
                                .isEqualTo(length);
                        assertThat(BpttWindows.steps(u, z, bptt)).as("%s", row).isEqualTo(Math.min(length, bptt + 25));
                        assertThat(BpttWindows.lrRatio(length, bptt))
                                .isEqualTo(row.path("lr_factor").asDouble());
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> drawsOfTheAuthorsGiveTheirWindowsAndRates() {
        return tables("salesforce")
                .map(table -> DynamicTest.dynamicTest(table.name, () -> {
                    int bptt = table.json.path("bptt").asInt();
                    int rows = table.json.path("rows").asInt();
                    double lr = table.json.path("lr").asDouble();
                    int at = 0;
                    for (JsonNode draw : table.json.path("draws")) {
                        assertThat(draw.path("i").asInt()).isEqualTo(at);
                        int drawn = BpttWindows.uncapped(draw.path("normal").asDouble());
                        assertThat(BpttWindows.base(draw.path("u").asDouble(), bptt))
                                .isEqualTo(draw.path("bptt").asDouble());
                        assertThat(drawn).isEqualTo(draw.path("seq_len").asInt());
                        assertThat(lr * BpttWindows.lrRatio(drawn, bptt))
                                .isCloseTo(draw.path("lr").asDouble(), within(1e-14 * lr));
                        int used = draw.path("used_len").asInt();
                        assertThat(Math.min(drawn, rows - 1 - at)).isEqualTo(used);
                        // The authors keep the rate of the drawn length in a window that was cut; ours is that of its
                        // steps.
                        if (used < drawn) {
                            assertThat(lr * BpttWindows.lrRatio(used, bptt))
                                    .isLessThan(draw.path("lr").asDouble());
                        }
                        at += drawn;
                    }
                    // They stop here with at most one prediction a stream left over, which we make.
                    assertThat(at).isGreaterThanOrEqualTo(rows - 2);
                }));
    }

    @TestFactory
    Stream<DynamicTest> drawsOfEarlyFastaiGiveItsWindows() {
        return tables("fastai_old")
                .map(table -> DynamicTest.dynamicTest(table.name, () -> {
                    int bptt = table.json.path("bptt").asInt();
                    assertThat(bptt + table.json.path("max_len").asInt()).isEqualTo(BpttWindows.maxSteps(bptt));
                    int n = table.json.path("n").asInt();
                    for (JsonNode epoch : table.json.path("epochs")) {
                        int at = 0;
                        for (JsonNode window : epoch) {
                            assertThat(window.path("first_token_row0").asInt()).isEqualTo(at);
                            int used = window.path("used_len").asInt();
                            if (window.path("u").isNull()) {
                                // The first batch of all is the longest possible, to warm up an allocator.
                                assertThat(used).isEqualTo(BpttWindows.maxSteps(bptt));
                            } else {
                                double u = window.path("u").asDouble();
                                double z = (window.path("normal").asDouble() - BpttWindows.base(u, bptt))
                                        / BpttWindows.DEVIATION;
                                int drawn = BpttWindows.steps(u, z, bptt);
                                assertThat(Math.min(drawn, n - 1 - at))
                                        .as("%s", window)
                                        .isEqualTo(used);
                            }
                            at += used;
                        }
                        assertThat(epoch.size())
                                .isLessThanOrEqualTo(
                                        table.json.path("declared_len").asInt());
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> theRateOfTheLastGroupIsThatOfFastaisAdjust() {
        return tables("fastai_old_adjust")
                .map(table -> DynamicTest.dynamicTest(table.name, () -> {
                    int bptt = table.json.path("bptt").asInt();
                    for (JsonNode row : table.json.path("rows")) {
                        JsonNode before = row.path("lr_before");
                        JsonNode after = row.path("lr_after");
                        double ratio = BpttWindows.lrRatio(row.path("seq_len").asInt(), bptt);
                        int last = before.size() - 1;
                        double scaled = before.path(last).asDouble() * ratio;
                        assertThat(after.path(last).asDouble()).isCloseTo(scaled, within(1e-15));
                        // fastai writes that rate to all groups; ours keep their own (design: each group by its own
                        // ratio).
                        for (JsonNode rate : after) {
                            assertThat(rate.asDouble())
                                    .isEqualTo(after.path(last).asDouble());
                        }
                    }
                }));
    }

    private record Table(String name, JsonNode json) {}

    private static Stream<Table> tables(String key) {
        List<Table> tables = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("09-")) {
            for (JsonNode json : golden.json().path(key)) {
                tables.add(new Table(golden.name() + " " + key + " " + tables.size(), json));
            }
        }
        return tables.stream();
    }
}
