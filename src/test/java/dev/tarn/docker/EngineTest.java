package dev.tarn.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.DeviceRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is looked at before anything is asked of a Docker engine, and how its answer is read. */
class EngineTest {

    @TempDir
    private Path home;

    @Test
    void withoutASocketTheReasonNamesDocker() {
        Assumptions.assumeFalse(Files.exists(Path.of("/var/run/docker.sock")), "this machine has a Docker engine");
        assertThat(Engine.unreachable(Map.of(), home))
                .startsWith("no Docker engine")
                .contains("/var/run/docker.sock");
    }

    @Test
    void aSocketThatNoOneListensAtIsNamed() throws IOException {
        Assumptions.assumeFalse(Files.exists(Path.of("/var/run/docker.sock")), "this machine has a Docker engine");
        Files.createFile(home.resolve("docker.sock"));
        assertThat(Engine.unreachable(Map.of("XDG_RUNTIME_DIR", home.toString()), home))
                .startsWith("no Docker engine: " + home.resolve("docker.sock") + " cannot be connected to");
    }

    @Test
    void anEngineThatIsNamedIsAsked() {
        assertThat(Engine.unreachable(Map.of("DOCKER_HOST", "unix:///nowhere"), home))
                .isEmpty();
    }

    @Test
    void aGpuIsAskedForAsTheEngineHasIt() {
        assertThat(Engine.gpus(Map.of("Runtimes", Map.of("runc", Map.of())))).isNull();
        DeviceRequest classic = Objects.requireNonNull(Engine.gpus(Map.of("Runtimes", Map.of("nvidia", Map.of()))));
        assertThat(classic.getDriver()).isEqualTo("nvidia");
        assertThat(classic.getCount()).isEqualTo(-1);
        DeviceRequest cdi = Objects.requireNonNull(
                Engine.gpus(Map.of("DiscoveredDevices", List.of(Map.of("Source", "cdi", "ID", "nvidia.com/gpu=all")))));
        assertThat(cdi.getDriver()).isEqualTo("cdi");
        assertThat(cdi.getDeviceIds()).containsExactly("nvidia.com/gpu=all");
    }
}
