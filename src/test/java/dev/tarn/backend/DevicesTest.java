package dev.tarn.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.DeviceException;
import dev.tarn.backend.reference.ReferenceProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesTest {

    @Test
    void theReferenceIsListedLastAndNeverChosenByItself() {
        assertThat(Devices.providers()).last().isInstanceOf(ReferenceProvider.class);
        assertThat(new ReferenceProvider().rank()).isNegative();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void theReferenceTakesEveryPrecisionAndSaysThatItIsDouble(Precision precision) {
        try (Backend backend = Devices.open("reference", precision)) {
            assertThat(backend.info().device()).isEqualTo("reference");
            assertThat(backend.info().precision()).isEqualTo(Precision.F64);
            assertThat(backend.info().description()).contains("f64");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "CPU", "cpu:", "cpu:x", "reference:-1", "cpu:1234"})
    void whatIsNoDeviceNameIsRefusedWithTheNamesThatThereAre(String name) {
        assertThatThrownBy(() -> Devices.open(name, Precision.F32))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("auto")
                .hasMessageContaining("reference");
    }

    @Test
    void anUnknownDeviceIsRefusedWithTheNamesThatThereAre() {
        assertThatThrownBy(() -> Devices.open("tpu", Precision.F32))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("tpu")
                .hasMessageContaining("reference");
    }

    @Test
    void aSecondReferenceDeviceDoesNotExist() {
        assertThatThrownBy(() -> Devices.open("reference:1", Precision.F64))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("reference:1");
    }

    /** {@code cuda} never becomes {@code cpu} behind the user's back. */
    @Test
    void aGpuThatIsNotThereIsADeviceError() {
        assertThatThrownBy(() -> Devices.open("cuda:999", Precision.F32))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("use --device c");
    }
}
