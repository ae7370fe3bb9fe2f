package dev.tarn.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ParameterStoreTest {

    private Backend backend;
    private ParameterStore store;

    @BeforeEach
    void open() {
        backend = Devices.open("reference", Precision.F64);
        store = ParameterStore.builder()
                .add("a", 0, 3, 5)
                .add("b", 0, 16)
                .add("c", 1, 1)
                .add("d", 2, 2, 9)
                .add("e", 2, 4)
                .build(backend);
    }

    @AfterEach
    void close() {
        store.close();
        backend.close();
    }

    @Test
    void everyParameterStartsAtAMultipleOfSixteenInTheOrderInWhichItWasAdded() {
        assertThat(store.all()).extracting(Parameter::name).containsExactly("a", "b", "c", "d", "e");
        assertThat(store.all()).extracting(Parameter::offset).containsExactly(0L, 16L, 32L, 48L, 80L);
        assertThat(store.values().size()).isEqualTo(96);
        assertThat(store.gradients().size()).isEqualTo(96);
        assertThat(store.count()).isEqualTo(15 + 16 + 1 + 18 + 4);
        assertThat(store.groups()).isEqualTo(3);
        assertThat(store.get("d").shape()).containsExactly(2, 9);
        assertThat(store.get("d").size()).isEqualTo(18);
        assertThat(store.has("d")).isTrue();
        assertThat(store.has("f")).isFalse();
    }

    @Test
    void neighboursOfOneGroupAreOneSegmentAndFrozenGroupsAreLeftOut() {
        Segment first = new Segment(0, 32, 0);
        Segment second = new Segment(32, 16, 1);
        Segment third = new Segment(48, 48, 2);
        assertThat(store.segments(0)).containsExactly(first, second, third);
        assertThat(store.segments(1)).containsExactly(second, third);
        assertThat(store.segments(2)).containsExactly(third);
        assertThat(store.segments(3)).isEmpty();
        assertThatThrownBy(() -> store.segments(4)).hasMessageContaining("4 is not in 0..3");
        assertThatThrownBy(() -> store.segments(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aParameterAndTheFlatTensorAreTheSameMemory() {
        double[] values = {1, 2, 3, 4};
        store.set("e", values);
        assertThat(store.doubles("e")).containsExactly(values);
        assertThat(store.floats("e")).containsExactly(1, 2, 3, 4);
        double[] flat = download(store.values());
        assertThat(Arrays.copyOfRange(flat, 80, 84)).containsExactly(values);
        assertThat(download(store.get("e").in(store.values()))).containsExactly(values);
        assertThat(Arrays.stream(flat).sum()).isEqualTo(10);
    }

    @Test
    void gradientsAreZeroedTogether() {
        double[] ones = new double[18];
        Arrays.fill(ones, 1);
        backend.upload(ones, store.get("d").gradient());
        assertThat(store.gradient("d")).containsOnly(1);
        store.zeroGradients();
        assertThat(download(store.gradients())).containsOnly(0);
    }

    @Test
    void gapsBetweenParametersStayZeroThroughOptimizerSteps() {
        for (Parameter parameter : store.all()) {
            double[] ones = new double[Math.toIntExact(parameter.size())];
            Arrays.fill(ones, 1);
            store.set(parameter.name(), ones);
            backend.upload(ones, parameter.gradient());
        }
        double[] rates = {0.1, 0.1, 0.1};
        try (var arena = backend.arena("optimizer")) {
            Tensor m = arena.real("m", 96);
            Tensor v = arena.real("v", 96);
            List<Segment> all = store.segments(0);
            for (long step = 1; step <= 3; step++) {
                backend.adam(
                        store.values(), store.gradients(), m, v, all, rates, rates, true, 0.9, 0.99, 1e-8, step, null);
            }
            double[] flat = download(store.values());
            double[] moments = download(v);
            for (int i = 0; i < 96; i++) {
                int at = i;
                boolean isGap = store.all().stream().noneMatch(p -> at >= p.offset() && at < p.offset() + p.size());
                assertThat(flat[i] == 0).as("element %d", i).isEqualTo(isGap);
                assertThat(moments[i] == 0).as("moment %d", i).isEqualTo(isGap);
            }
        }
    }

    @Test
    void settingAParameterOrSayingSoMovesTheVersion() {
        long before = store.version();
        store.set("c", new float[] {1});
        assertThat(store.version()).isGreaterThan(before);
        before = store.version();
        store.changed();
        assertThat(store.version()).isGreaterThan(before);
    }

    @Test
    void mistakesOfTheCallerAreNamed() {
        assertThatThrownBy(() -> store.get("f")).hasMessageContaining("no parameter is named f");
        assertThatThrownBy(() -> store.set("e", new float[3])).isInstanceOf(IllegalArgumentException.class);
        ParameterStore.Builder builder = ParameterStore.builder().add("x", 1, 2);
        assertThatThrownBy(() -> builder.add("y", 0, 2)).hasMessageContaining("y of group 0");
        builder.add("x", 1, 2);
        assertThatThrownBy(() -> builder.build(backend)).hasMessageContaining("two parameters are named x");
    }

    @Test
    void aModelBeyondWhatATensorHoldsIsRefusedWithItsSize() {
        ParameterStore.Builder builder = ParameterStore.builder().add("x", 0, 1 << 16, 1 << 15);
        assertThatThrownBy(() -> builder.build(backend))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("2147483648 parameters")
                .hasMessageContaining("--n-hid");
    }

    private double[] download(Tensor tensor) {
        double[] host = new double[Math.toIntExact(tensor.size())];
        backend.download(tensor, host);
        return host;
    }
}
