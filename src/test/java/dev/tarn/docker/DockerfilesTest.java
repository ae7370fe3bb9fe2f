package dev.tarn.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.docker.Dockerfile.Copy;
import dev.tarn.docker.Dockerfile.Instruction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The text of the Dockerfiles, held against the repository. */
class DockerfilesTest {

    private static String pom(String pattern) throws IOException {
        Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(Files.readString(Path.of("pom.xml")));
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }

    /** {@code "25"} of {@code maven:3.9.12-eclipse-temurin-25} and of {@code eclipse-temurin:25-jre-noble}. */
    private static String jdk(String image) {
        Matcher matcher = Pattern.compile("temurin[-:](\\d+)").matcher(image);
        assertThat(matcher.find()).as(image).isTrue();
        return matcher.group(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void everyImageThatItStartsFromIsPinned(String name) {
        Dockerfile dockerfile = Dockerfile.read(name);
        assertThat(dockerfile.stages()).containsKey("build").hasSizeGreaterThan(1);
        // A repository on the default registry, a tag, and perhaps a digest.
        assertThat(dockerfile.stages().values())
                .allMatch(image -> image.matches("([a-z-]+/)?[a-z-]+:[\\w.-]*\\d[\\w.-]*(@sha256:[0-9a-f]{64})?"));
    }

    @Test
    void bothAreBuiltInOneWay() {
        assertThat(build("Dockerfile.cuda")).isEqualTo(build("Dockerfile.cpu"));
    }

    private static List<Instruction> build(String name) {
        return Dockerfile.read(name).instructions().stream()
                .filter(instruction -> instruction.stage() == 0)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void theVersionsAreThoseOfThePom(String name) throws IOException {
        Dockerfile dockerfile = Dockerfile.read(name);
        assertThat(dockerfile.last("ARG").get(0).rest())
                .isEqualTo("VERSION=" + pom("<artifactId>tarn</artifactId>\\s*<version>([^<]+)"));
        String build = Objects.requireNonNull(dockerfile.stages().get("build"));
        String jre = dockerfile.stages().values().stream()
                .filter(image -> image.startsWith("eclipse-temurin:"))
                .findFirst()
                .orElseThrow();
        assertThat(jdk(jre)).isEqualTo(jdk(build));
        assertThat(Integer.parseInt(jdk(jre)))
                .isGreaterThanOrEqualTo(Integer.parseInt(pom("<maven.compiler.release>(\\d+)")));
        assertThat(build).matches("maven:3\\.(9|\\d\\d)\\.\\d+-.*");
    }

    @Test
    void theCudaImageHasTheLibrariesThatJcudaWasWrittenFor() throws IOException {
        Dockerfile dockerfile = Dockerfile.read("Dockerfile.cuda");
        String base = dockerfile.last("FROM").get(0).words().get(0);
        String jcuda = pom("<jcuda.version>(\\d+\\.\\d+)");
        assertThat(base).startsWith("nvidia/cuda:" + jcuda + ".").contains("-cudnn-runtime-");
        // The JRE is copied between two images of one Ubuntu, so that it finds the C library that it was built with.
        assertThat(base).contains("-ubuntu24.04");
        assertThat(dockerfile.stages().get("jre")).endsWith("-jre-noble");
        assertThat(dockerfile.environment())
                .containsEntry("NVIDIA_DRIVER_CAPABILITIES", "compute,utility")
                .containsEntry("NVIDIA_REQUIRE_CUDA", "cuda>=12.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void whatTheBuildCopiesIsThereAndIsLetThrough(String name) {
        List<Copy> copies = Dockerfile.read(name).copies(0);
        Set<String> let = Dockerfile.lines(Dockerfile.FOLDER.resolve(name + ".dockerignore")).stream()
                .filter(line -> line.startsWith("!"))
                .map(line -> line.substring(1))
                .collect(Collectors.toSet());
        assertThat(copies).hasSizeGreaterThan(3).allSatisfy(copy -> {
            assertThat(copy.stage()).isEmpty();
            assertThat(Path.of(copy.source())).exists();
            assertThat(let).contains(copy.source());
            // To where the repository has it, so that the launcher and Maven find what they look for.
            assertThat(copy.target()).isEqualTo("/src/" + copy.source());
        });
        assertThat(let).hasSameSizeAs(copies);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void whatTheImageTakesFromTheBuildIsMadeThere(String name) throws IOException {
        Dockerfile dockerfile = Dockerfile.read(name);
        Set<String> made = Set.of("/src/target/" + pom("<finalName>([^<]+)") + ".jar", "/src/target/lib");
        assertThat(pom("<outputDirectory>([^<]+)")).isEqualTo("${project.build.directory}/lib");
        Set<String> copied = dockerfile.copies(0).stream().map(Copy::target).collect(Collectors.toSet());
        for (Copy copy : dockerfile.copies(dockerfile.all("FROM").size() - 1)) {
            if (copy.stage().equals("build")) {
                assertThat(made.contains(copy.source()) || copied.contains(copy.source()))
                        .as(copy.source())
                        .isTrue();
                assertThat(copy.target()).isEqualTo(copy.source().replace("/src", "/opt/tarn"));
            } else {
                assertThat(dockerfile.stages()).containsKey(copy.stage());
                assertThat(copy.target()).isEqualTo(dockerfile.environment().get("JAVA_HOME"));
            }
        }
        Instruction maven = dockerfile.all("RUN").get(0);
        assertThat(maven.rest()).startsWith("mvn -B ").contains(" -DskipTests").endsWith(" package");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void itStartsTheLauncherAsAUserWithoutRights(String name) {
        Dockerfile dockerfile = Dockerfile.read(name);
        String entry = dockerfile.only("ENTRYPOINT").array().get(0);
        Copy launcher = dockerfile.copies(dockerfile.all("FROM").size() - 1).stream()
                .filter(copy -> copy.target().equals(entry))
                .findFirst()
                .orElseThrow();
        assertThat(Path.of("/src").relativize(Path.of(launcher.source()))).isExecutable();
        // In numbers, so that an orchestrator can see that it is not root.
        Instruction user = dockerfile.only("USER");
        assertThat(user.rest()).matches("[1-9]\\d*:[1-9]\\d*");
        assertThat(dockerfile.last("RUN"))
                .as("a RUN after USER would need rights that it has not")
                .allMatch(run -> dockerfile.instructions().indexOf(run)
                        < dockerfile.instructions().indexOf(user));
        String id = user.rest().split(":", -1)[0];
        assertThat(dockerfile.last("RUN").get(0).rest())
                .contains("useradd --uid " + id + " --gid " + id, "install -d -o " + id + " -g " + id + " /data");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void allThatIsWrittenLiesInTheVolume(String name) {
        Dockerfile dockerfile = Dockerfile.read(name);
        assertThat(dockerfile.only("VOLUME").array()).containsExactly("/data");
        assertThat(dockerfile.only("WORKDIR").rest()).isEqualTo("/data");
        Map<String, String> environment = dockerfile.environment();
        assertThat(environment).containsEntry("XDG_CACHE_HOME", "/data/.cache");
        assertThat(environment.get("TARN_JAVA_OPTS")).endsWith("cachedir=/data/.cache/javacpp");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void theHealthcheckAsksTarn(String name) {
        Dockerfile dockerfile = Dockerfile.read(name);
        assertThat(dockerfile.healthcheck())
                .startsWith(dockerfile.only("ENTRYPOINT").array().get(0) + " doctor --json | grep -q ");
        assertThat(dockerfile.only("HEALTHCHECK").flags())
                .extracting(flag -> flag.replaceFirst("=.*", ""))
                .containsExactlyInAnyOrder("--interval", "--timeout", "--start-period", "--retries");
    }

    /** Testcontainers builds through the engine's own builder, which has no mounts and no heredocs. */
    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.cpu", "Dockerfile.cuda"})
    void everyBuilderTakesIt(String name) {
        Dockerfile dockerfile = Dockerfile.read(name);
        assertThat(Dockerfile.lines(dockerfile.path())).noneMatch(line -> line.startsWith("# syntax"));
        assertThat(dockerfile.instructions()).allSatisfy(instruction -> {
            assertThat(instruction.rest()).doesNotContain("<<");
            assertThat(instruction.flags()).noneMatch(flag -> flag.matches("--(mount|chmod|link|network|security).*"));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cuda"})
    void composeRunsItAsTheTestsDo(String name) throws IOException {
        JsonNode compose = new YAMLMapper().readTree(Files.readString(Dockerfile.FOLDER.resolve("compose.yaml")));
        JsonNode service = compose.get("services").get(name);
        Path context = Dockerfile.FOLDER
                .resolve(service.get("build").get("context").asString())
                .normalize();
        assertThat(context.resolve(service.get("build").get("dockerfile").asString()))
                .isEqualTo(Dockerfile.FOLDER.resolve("Dockerfile." + name));
        assertThat(service.get("image").asString()).isEqualTo("tarn:" + name);
        assertThat(service.get("read_only").asBoolean()).isTrue();
        assertThat(words(service.get("tmpfs"))).containsExactly("/tmp");
        assertThat(words(service.get("volumes"))).containsExactly("data:/data");
        assertThat(compose.get("volumes").has("data")).isTrue();
        assertThat(words(service.get("cap_drop"))).containsExactly("ALL");
        JsonNode devices = service.at("/deploy/resources/reservations/devices");
        if (name.equals("cuda")) {
            assertThat(devices.get(0).get("driver").asString()).isEqualTo("nvidia");
            assertThat(words(devices.get(0).get("capabilities"))).containsExactly("gpu");
        } else {
            assertThat(devices.isMissingNode()).isTrue();
        }
    }

    private static List<String> words(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asString)
                .toList();
    }
}
