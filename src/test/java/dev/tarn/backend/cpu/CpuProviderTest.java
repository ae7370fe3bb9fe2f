package dev.tarn.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.DeviceException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Precision;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How the backend is found and what it says of itself. */
class CpuProviderTest {

    private final CpuProvider provider = new CpuProvider();

    @Test
    void autoMayChooseIt() {
        assertThat(provider.name()).isEqualTo("cpu");
        assertThat(provider.rank()).isZero();
        assertThat(provider.unavailable()).isNull();
        assertThat(Devices.auto().rank()).isGreaterThanOrEqualTo(0);
    }

    @Test
    void namesLibraryInstructionSetAndThreads() {
        try (Backend backend = provider.open(0, BackendOptions.of(Precision.F32))) {
            assertThat(backend.info().device()).isEqualTo("cpu");
            assertThat(backend.info().precision()).isEqualTo(Precision.F32);
            assertThat(backend.info().description()).matches(".+, oneDNN \\d+\\.\\d+\\.\\d+, \\w+, \\d+ threads?");
        }
    }

    @Test
    void everyThreadIsAHandWhereOpenMpHasButOne() {
        int processors = Runtime.getRuntime().availableProcessors();
        assertThat(threadsAndHands(Map.of("TARN_THREADS", "3", "OMP_NUM_THREADS", "1")))
                .containsExactly(3, 3);
        assertThat(threadsAndHands(Map.of("OMP_NUM_THREADS", "1"))).containsExactly(1, 1);
        assertThat(threadsAndHands(Map.of("OMP_NUM_THREADS", "4,2"))).containsExactly(4, 1);
        assertThat(threadsAndHands(Map.of("TARN_THREADS", "0", "OMP_NUM_THREADS", "many")))
                .containsExactly(processors, 1);
    }

    private static int[] threadsAndHands(Map<String, String> environment) {
        try (Team team = CpuProvider.team(HostMemory.ofThisMachine(), environment)) {
            return new int[] {team.workers().threads(), team.cut(10_000, 1).parts()};
        }
    }

    @Test
    void refusesWhatItDoesNotHave() {
        assertThatThrownBy(() -> provider.open(1, BackendOptions.of(Precision.F32)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("cpu:1")
                .hasMessageContaining("--device cpu");
        assertThatThrownBy(() -> provider.open(0, BackendOptions.of(Precision.F64)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("f32 and bf16");
    }

    @Test
    void bf16EitherOpensOrSaysWhatIsMissing() {
        try (Backend backend = provider.open(0, BackendOptions.of(Precision.BF16))) {
            assertThat(backend.info().precision()).isEqualTo(Precision.BF16);
        } catch (ConfigException e) {
            assertThat(e).hasMessageContaining("bf16 instructions").hasMessageContaining("--precision f32");
        }
    }
}
