package dev.tarn.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.HealthState;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.images.builder.ImageFromDockerfile;

/**
 * A container of an image that a Dockerfile makes, with a read-only root, {@code /tmp} in memory, no capabilities and no
 * network. It sleeps until it is told to run something.
 */
final class Container implements Box {

    private static final Duration START = Duration.ofMinutes(5);

    /** As short as can be: the image's own interval is made for runs of hours. */
    private static final Duration ASK = Duration.ofSeconds(5);

    private final String image;
    private final UnaryOperator<HostConfig> host;
    private final GenericContainer<?> container;

    private Container(String image, UnaryOperator<HostConfig> host) {
        this.image = image;
        this.host = host;
        container = container(image, host, new String[0]);
    }

    /**
     * Builds the image, unless a property names one.
     *
     * @param host what the container needs of the machine
     */
    static Container open(String dockerfile, String property, UnaryOperator<HostConfig> host) {
        String named = System.getProperty(property, "");
        Container opened = new Container(named.isEmpty() ? build(dockerfile) : named, host);
        opened.container.start();
        return opened;
    }

    /** Sends the engine what the Dockerfile copies, and nothing else. */
    private static String build(String name) {
        Dockerfile dockerfile = Dockerfile.read(name);
        ImageFromDockerfile image = new ImageFromDockerfile("tarn-test:" + name.replace("Dockerfile.", ""), false)
                .withFileFromPath("Dockerfile", dockerfile.path());
        for (Dockerfile.Copy copy : dockerfile.copies(0)) {
            image.withFileFromPath(copy.source(), Path.of(copy.source()));
        }
        return image.get();
    }

    /** Without arguments, one that sleeps. */
    private static GenericContainer<?> container(String image, UnaryOperator<HostConfig> host, String[] arguments) {
        GenericContainer<?> container = new GenericContainer<>(image).withCreateContainerCmdModifier(command -> {
            HostConfig config = Objects.requireNonNull(command.getHostConfig());
            command.withHostConfig(host.apply(config.withReadonlyRootfs(true)
                    .withTmpFs(Map.of("/tmp", ""))
                    .withInit(true)
                    .withCapDrop(Capability.ALL)
                    .withNetworkMode("none")
                    .withSecurityOpts(List.of("no-new-privileges:true"))));
            if (arguments.length == 0) {
                sleep(command);
            }
        });
        if (arguments.length > 0) {
            container
                    .withCommand(arguments)
                    .withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(START));
        }
        return container;
    }

    private static void sleep(CreateContainerCmd command) {
        command.withEntrypoint("sleep").withCmd("infinity");
        // The command stays the image's own: only how often it is asked is ours.
        command.withHealthcheck(new HealthCheck().withInterval(ASK.toNanos()));
    }

    @Override
    public Outcome exec(String... command) throws IOException, InterruptedException {
        org.testcontainers.containers.Container.ExecResult result = container.execInContainer(command);
        return new Outcome(result.getExitCode(), result.getStdout(), result.getStderr());
    }

    @Override
    public Outcome start(String... arguments) {
        try (GenericContainer<?> once = container(image, host, arguments)) {
            once.start();
            return new Outcome(
                    0, once.getLogs(OutputFrame.OutputType.STDOUT), once.getLogs(OutputFrame.OutputType.STDERR));
        }
    }

    @Override
    public boolean isHealthy() throws InterruptedException {
        long end = System.nanoTime() + START.toNanos();
        while (System.nanoTime() < end) {
            HealthState health = container.getCurrentContainerInfo().getState().getHealth();
            String status = health == null ? "none" : health.getStatus();
            if (!status.equals("starting")) {
                return status.equals("healthy");
            }
            Thread.sleep(500);
        }
        return false;
    }

    @Override
    public void close() {
        container.stop();
    }
}
