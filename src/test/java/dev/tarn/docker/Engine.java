package dev.tarn.docker;

import com.github.dockerjava.api.model.DeviceRequest;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;

/**
 * Whether there is a Docker engine, and whether it gives containers a GPU. Where nothing points to an engine, which is on
 * most machines that build Tarn, this costs a look at a few files, and Testcontainers is not even loaded.
 */
final class Engine {

    private static final String SWITCH = "tarn.containers";

    private static @Nullable String missing;
    private static @Nullable Map<String, Object> info;

    private Engine() {}

    /** Skips a test, with the reason, where there is none. */
    static void assumePresent() {
        String reason = missing();
        Skipped.unless(reason.isEmpty(), reason);
    }

    /** Skips a test, with the reason, where there is none or its containers get no GPU. */
    static void assumeGpu() {
        assumePresent();
        Skipped.unless(
                gpus(info()) != null,
                "no NVIDIA runtime: the Docker engine knows neither a runtime nvidia nor devices nvidia.com/gpu (install the"
                        + " NVIDIA container toolkit)");
    }

    /** All GPUs, as this engine wants to be asked for them. */
    static DeviceRequest allGpus() {
        DeviceRequest request = gpus(info());
        if (request == null) {
            throw new IllegalStateException("the Docker engine has no GPUs");
        }
        return request;
    }

    /** What {@code docker info} has to be for containers with a GPU, and how to ask for them; null if it is not so. */
    static @Nullable DeviceRequest gpus(Map<String, Object> info) {
        if (info.get("Runtimes") instanceof Map<?, ?> runtimes && runtimes.containsKey("nvidia")) {
            return new DeviceRequest().withDriver("nvidia").withCount(-1).withCapabilities(List.of(List.of("gpu")));
        }
        if (info.get("DiscoveredDevices") instanceof List<?> devices
                && devices.toString().contains("nvidia.com/gpu")) {
            return new DeviceRequest().withDriver("cdi").withDeviceIds(List.of("nvidia.com/gpu=all"));
        }
        return null;
    }

    /** Empty where there is an engine. */
    private static synchronized String missing() {
        if (missing == null) {
            missing = "false".equals(System.getProperty(SWITCH))
                    ? "no containers, by -D" + SWITCH + "=false"
                    : unreachable(System.getenv(), Path.of(System.getProperty("user.home")));
            if (missing.isEmpty() && !DockerClientFactory.instance().isDockerAvailable()) {
                missing = "no Docker engine that Testcontainers can use; the lines above say why";
            }
        }
        return missing;
    }

    /** Why there is nothing to ask, without asking anything but a socket of this machine; empty if there is something. */
    static String unreachable(Map<String, String> environment, Path home) {
        if (environment.containsKey("DOCKER_HOST") || Files.exists(home.resolve(".testcontainers.properties"))) {
            return "";
        }
        List<Path> sockets = new ArrayList<>(List.of(
                Path.of("/var/run/docker.sock"),
                home.resolve(".docker/run/docker.sock"),
                home.resolve(".docker/desktop/docker.sock")));
        if (environment.containsKey("XDG_RUNTIME_DIR")) {
            sockets.add(Path.of(environment.get("XDG_RUNTIME_DIR"), "docker.sock"));
        }
        String silent = "";
        for (Path socket : sockets) {
            if (!Files.exists(socket)) {
                continue;
            }
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                return channel.isConnected() ? "" : silent;
            } catch (IOException e) {
                silent = "no Docker engine: " + socket + " cannot be connected to (" + e.getMessage() + ")";
            }
        }
        return silent.isEmpty()
                ? "no Docker engine: DOCKER_HOST is not set, and there is no " + sockets.get(0)
                : silent;
    }

    private static synchronized Map<String, Object> info() {
        if (info == null) {
            info = DockerClientFactory.instance().client().infoCmd().exec().getRawValues();
        }
        return info;
    }
}
