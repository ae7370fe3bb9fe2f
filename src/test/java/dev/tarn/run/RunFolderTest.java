package dev.tarn.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.backend.DeviceInfo;
import dev.tarn.backend.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {

    private static final DeviceInfo DEVICE = new DeviceInfo("cpu", "some processor", Precision.F32);

    @TempDir
    Path temp;

    @Test
    void aNewFolderHoldsConfigurationAndProvenance() throws IOException {
        Path text = Files.writeString(temp.resolve("train.txt"), "abc");
        RunConfig config = RunConfig.defaults().with("train.lr", "0.01");
        Path path = temp.resolve("runs").resolve("first");
        Provenance provenance = Provenance.now(List.of("lm", "train"), 7, DEVICE, List.of(text));
        try (RunFolder run = RunFolder.create(path, config, provenance)) {
            assertThat(run.config()).isEqualTo(config);
            assertThat(run.plots()).isDirectory();
            assertThat(run.lastCheckpoint().getParent()).isDirectory();
        }
        try (RunFolder run = RunFolder.view(path)) {
            assertThat(run.config()).isEqualTo(config);
            assertThatThrownBy(run::metrics).isInstanceOf(IllegalStateException.class);
        }
        assertThat(path.resolve("provenance.json"))
                .content()
                .contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
                .contains("\"seed\" : 7", "\"bytes\" : 3", "some processor", "\"f32\"", "\"processors\"");
    }

    @Test
    void aFolderWithAnythingInItIsRefusedAndLeftAlone() throws IOException {
        Path path = Files.createDirectory(temp.resolve("mine"));
        Files.writeString(path.resolve("notes.txt"), "keep");
        assertThatThrownBy(() -> RunFolder.create(path, RunConfig.defaults(), provenance()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("exists already; give another with --run.");
        assertThat(names(path)).containsExactly("notes.txt");
        assertThatThrownBy(() -> RunFolder.create(path.resolve("notes.txt"), RunConfig.defaults(), provenance()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("is a file");
        Path run = temp.resolve("run");
        RunFolder.create(run, RunConfig.defaults(), provenance()).close();
        assertThatThrownBy(() -> RunFolder.requireFree(run)).hasMessageContaining("tarn run resume");
    }

    @Test
    void anEmptyFolderIsUsed() throws IOException {
        Path path = Files.createDirectory(temp.resolve("empty"));
        RunFolder.create(path, RunConfig.defaults(), provenance()).close();
        assertThat(path.resolve("config.yaml")).exists();
    }

    @Test
    void aFolderThatCannotBeWrittenIsRefusedAndNothingIsLeft() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "x");
        assertThatThrownBy(() -> RunFolder.create(file.resolve("run"), RunConfig.defaults(), provenance()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("cannot be written")
                .hasMessageContaining("--run");
        Path closed = Files.createDirectory(temp.resolve("closed"));
        assumeTrue(closed.toFile().setWritable(false) && !Files.isWritable(closed), "runs as a user that may do all");
        assertThatThrownBy(() -> RunFolder.create(closed.resolve("run"), RunConfig.defaults(), provenance()))
                .isInstanceOf(ConfigException.class);
        assertThat(names(closed)).isEmpty();
    }

    @Test
    void onlyOneMayWriteAtATime() {
        Path path = temp.resolve("run");
        RunFolder first = RunFolder.create(path, RunConfig.defaults(), provenance());
        assertThatThrownBy(() -> RunFolder.open(path))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(
                        "is being written by process " + ProcessHandle.current().pid());
        RunFolder.view(path).close();
        first.close();
        RunFolder.open(path).close();
    }

    @Test
    void aDiscardedRunLeavesNothing() throws IOException {
        Path path = temp.resolve("run");
        RunFolder run = RunFolder.create(path, RunConfig.defaults(), provenance());
        run.metrics().append(JsonEvent.of("start"));
        run.discard();
        assertThat(names(temp)).isEmpty();
    }

    @Test
    void whatIsNoRunIsSaid() {
        assertThatThrownBy(() -> RunFolder.open(temp))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("is not a run folder");
        assertThatThrownBy(() -> RunFolder.view(temp.resolve("none"))).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> Provenance.DataFile.of(temp.resolve("none"))).isInstanceOf(DataException.class);
    }

    @Test
    void metricsAreAppendedAcrossReopeningAndAHalfLineIsForgotten() throws IOException {
        Path path = temp.resolve("run");
        try (RunFolder run = RunFolder.create(path, RunConfig.defaults(), provenance())) {
            run.metrics().append(JsonEvent.of("epoch").with("epoch", 0).with("train_loss", 4.5));
            run.metrics().sync();
            run.metrics().append(JsonEvent.of("epoch").with("epoch", 1).with("train_loss", Double.NaN));
        }
        Files.writeString(path.resolve("metrics.jsonl"), "{\"event\":\"ep", StandardOpenOption.APPEND);
        try (RunFolder run = RunFolder.open(path)) {
            run.metrics().append(JsonEvent.of("epoch").with("epoch", 2));
            List<JsonEvent> events = MetricsLog.read(run.metricsFile());
            assertThat(events).extracting(event -> event.real("epoch")).containsExactly(0.0, 1.0, 2.0);
            assertThat(events.get(0).real("train_loss")).isEqualTo(4.5);
            assertThat(events.get(1).real("train_loss")).isNaN();
            assertThat(events.get(1).keys()).contains("train_loss");
            run.metrics().truncateFrom(event -> event.real("epoch") >= 1);
            run.metrics().append(JsonEvent.of("epoch").with("epoch", 7));
            assertThat(MetricsLog.read(run.metricsFile()))
                    .extracting(event -> event.real("epoch"))
                    .containsExactly(0.0, 7.0);
        }
        assertThat(MetricsLog.read(temp.resolve("none"))).isEmpty();
    }

    @Test
    void anEventIsOneLineOfJson() {
        JsonEvent event = JsonEvent.of("error")
                .with("message", "a \"b\"\nc")
                .with("code", 2)
                .with("ok", false)
                .with("loss", Double.POSITIVE_INFINITY)
                .with("norms", new double[] {1, Double.NaN})
                .with("words", List.of("x", "y"))
                .with("inner", JsonEvent.object().with("k", 1.5));
        assertThat(event.toJson())
                .isEqualTo("{\"event\":\"error\",\"message\":\"a \\\"b\\\"\\nc\",\"code\":2,\"ok\":false,\"loss\":null,"
                        + "\"norms\":[1.0,null],\"words\":[\"x\",\"y\"],\"inner\":{\"k\":1.5}}");
        assertThat(event.kind()).isEqualTo("error");
        assertThat(event.text("message")).isEqualTo("a \"b\"\nc");
    }

    @Test
    void theVersionNamesTheCommitWhenRunFromACheckout() {
        assertThat(Version.number()).isNotBlank();
        assertThat(Version.commit()).matches("([0-9a-f]{12}\\+?)?");
        assertThat(Machine.current().processors()).isPositive();
        assertThat(Machine.current().cpu()).isNotBlank();
    }

    @Test
    void anAtomicWriteReplacesWholeOrNotAtAll() throws IOException {
        Path file = temp.resolve("a.txt");
        AtomicFile.writeString(file, "one");
        AtomicFile.writeString(file, "zwölf");
        assertThat(file).hasContent("zwölf");
        assertThatThrownBy(() -> AtomicFile.write(file, channel -> {
                    throw new IOException("disk full");
                }))
                .hasMessage("disk full");
        assertThat(file).hasContent("zwölf");
        assertThat(names(temp)).containsExactly("a.txt");
    }

    private static Provenance provenance() {
        return Provenance.now(List.of(), 1, DEVICE, List.of());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
