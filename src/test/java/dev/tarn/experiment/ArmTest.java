package dev.tarn.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.run.RunConfig;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArmTest {

    @Test
    void aNameSaysTheWholePenalty() {
        assertThat(Arm.parse("ns-paper-0.5")).isEqualTo(new Arm("ns-paper-0.5", true, NormForm.PAPER, 0.5));
        assertThat(Arm.parse("ns-seed-50")).isEqualTo(new Arm("ns-seed-50", true, NormForm.SEED, 50));
        List<Arm> arms = Stream.of("none", "ar-tar", "ns-paper-50.0", "ns-paper-50")
                .map(Arm::parse)
                .toList();
        assertThat(new Plan(arms, List.of(1L, 1L), true, true).arms())
                .containsExactly(Arm.NONE, Arm.BASELINE, Arm.parse("ns-paper-50"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "NONE", "ns-paper", "ns-paper-", "ns-paper-0", "ns-paper--5", "ns-cell-5", "ns-paper-1e3"})
    void otherNamesAreRefused(String name) {
        assertThatThrownBy(() -> Arm.parse(name))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--arms " + name + " is no arm");
    }

    @Test
    void armsDifferInPenaltiesAlone() {
        RunConfig base = RunConfig.defaults().with("regularization.alpha", "3");
        RunConfig.Penalties none = Arm.NONE.applyTo(base).regularization();
        assertThat(none.toRegularization().isNone()).isTrue();
        RunConfig.Penalties seed = Arm.parse("ns-seed-50").applyTo(base).regularization();
        assertThat(seed.alpha()).isEqualTo(3);
        assertThat(seed.beta()).isEqualTo(1);
        assertThat(seed.betaNorm()).isEqualTo(50);
        assertThat(seed.normForm()).isEqualTo(NormForm.SEED);
        assertThat(Arm.BASELINE.applyTo(base)).isEqualTo(base);
    }
}
