package dev.tarn.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** {@code .github/workflows/ci.yml}: it can be read, asks for little, and names only what there is. */
class WorkflowTest {

    private static final Path FILE = Path.of(".github/workflows/ci.yml");

    private final JsonNode workflow = read();

    private static JsonNode read() {
        return new YAMLMapper().readTree(FILE.toFile());
    }

    private List<JsonNode> steps() {
        List<JsonNode> steps = new ArrayList<>();
        workflow.get("jobs").forEach(job -> job.get("steps").forEach(steps::add));
        return steps;
    }

    private List<String> commands() {
        return steps().stream()
                .filter(step -> step.has("run"))
                .map(step -> step.get("run").asString())
                .toList();
    }

    @Test
    void itMayReadTheRepositoryAndNothingElse() {
        assertThat(workflow.get("permissions").toString()).isEqualTo("{\"contents\":\"read\"}");
        assertThat(workflow.get("jobs")).allSatisfy(job -> {
            assertThat(job.has("permissions")).isFalse();
            assertThat(job.get("timeout-minutes").asInt()).isBetween(1, 120);
        });
        assertThat(workflow.has("concurrency")).isTrue();
        assertThat(workflow.toString()).doesNotContain("secrets.").doesNotContain("pull_request_target");
    }

    @Test
    void actionsAreThoseOfTheirMakersByMajorVersion() {
        assertThat(steps())
                .filteredOn(step -> step.has("uses"))
                .isNotEmpty()
                .allSatisfy(step -> assertThat(step.get("uses").asString()).matches("actions/[a-z-]+@v\\d+"));
    }

    /** Whoever opens a pull request must not run code on a machine of ours. */
    @Test
    void pullRequestsDoNotReachTheMachineWithTheGpu() {
        assertThat(workflow.get("jobs")).allSatisfy(job -> {
            if (job.get("runs-on").toString().contains("self-hosted")) {
                assertThat(job.get("if").asString()).isEqualTo("github.event_name != 'pull_request'");
            }
        });
    }

    @Test
    void bothJdksRunEverything() {
        JsonNode cpu = workflow.get("jobs").get("cpu");
        assertThat(cpu.at("/strategy/matrix/jdk").toString()).isEqualTo("[17,25]");
        assertThat(commands()).contains("mvn -B verify -Dtarn.containers=false", "mvn -B verify -Dgroups=gpu");
    }

    @TestFactory
    Stream<DynamicTest> whatACommandNamesIsThere() {
        return commands().stream()
                .map(command -> DynamicTest.dynamicTest(command, () -> {
                    String program = command.split(" ", -1)[0];
                    if (program.contains("/")) {
                        assertThat(Path.of(program)).isExecutable();
                    } else {
                        assertThat(program).isIn("mvn", "docker");
                    }
                    Matcher file = Pattern.compile("-f (\\S+)").matcher(command);
                    if (file.find()) {
                        assertThat(Path.of(file.group(1))).isRegularFile();
                    }
                    Matcher tests = Pattern.compile("-D(?:it\\.)?test=(\\S+)").matcher(command);
                    while (tests.find()) {
                        for (String test : tests.group(1).split(",", -1)) {
                            assertThat(source(test)).as(test).isPresent();
                        }
                    }
                    if (command.contains("-Dgroups=gpu")) {
                        assertThat(CudaImageIT.class.getAnnotation(Tag.class).value())
                                .isEqualTo("gpu");
                    }
                }));
    }

    private static Optional<Path> source(String test) throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            return files.filter(file -> file.getFileName().toString().equals(test + ".java"))
                    .findFirst();
        }
    }
}
