package dev.tarn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RatesTest {

    @Test
    void aNumberIsEveryGroupsRate() {
        assertThat(Rates.parse("3e-3").perGroup(3)).containsExactly(3e-3, 3e-3, 3e-3);
    }

    @Test
    void aSliceWithOneEndGivesTheEarlierGroupsATenth() {
        assertThat(Rates.parse("slice(1e-2)").perGroup(4)).containsExactly(.001, .001, .001, .01);
    }

    @Test
    void aSliceWithTwoEndsIsGeometric() {
        double[] rates = Rates.parse("slice(1e-4, 1e-2)").perGroup(4);
        assertThat(rates).containsExactly(new double[] {1e-4, 4.64e-4, 2.154e-3, 1e-2}, within(5e-7));
        double[] paper = Rates.slice(1e-2 / Math.pow(2.6, 4), 1e-2).perGroup(5);
        for (int group = 1; group < paper.length; group++) {
            assertThat(paper[group] / paper[group - 1]).isCloseTo(2.6, within(1e-12));
        }
    }

    @Test
    void oneGroupTakesTheLastRate() {
        assertThat(Rates.slice(1e-4, 1e-2).perGroup(1)).containsExactly(1e-2);
        assertThat(Rates.slice(1e-2).perGroup(1)).containsExactly(1e-2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.01", "slice(0.01)", "slice(1.0E-4,0.01)"})
    void whatIsPrintedIsReadBack(String text) {
        assertThat(Rates.parse(text)).hasToString(text);
        assertThat(Rates.parse(Rates.parse(text).toString())).isEqualTo(Rates.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "fast", "slice()", "slice(1,2,3)", "0", "-1e-3", "NaN", "slice(0,1)", "slice(1e-3"})
    void anythingElseIsRefusedWithTheValue(String text) {
        assertThatThrownBy(() -> Rates.parse(text)).isInstanceOf(ConfigException.class);
    }
}
