package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.data.QuickstartCorpus;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole experiment of two arms and two seeds on a tiny text. */
class ExperimentTest {

    @TempDir
    private static Path shared;

    @TempDir
    private Path temp;

    private static Path prepared;
    private static Path whole;

    @BeforeAll
    static void runsItOnce() throws IOException {
        QuickstartCorpus corpus = QuickstartCorpus.generate(7, 60, 20);
        Path train = Files.write(shared.resolve("train.txt"), corpus.training());
        Path valid = Files.write(shared.resolve("valid.txt"), corpus.validation());
        prepared = shared.resolve("prepared");
        Tarn made = Tarn.run(
                "data", "prepare", "--train", train.toString(), "--valid", valid.toString(), "--out", prepared.toString());
        assertThat(made.code()).as(made.err()).isZero();
        whole = shared.resolve("whole");
        Tarn run = Tarn.run(experiment(whole));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("| ar-tar |").contains("| ns-paper-50 |");
    }

    private static String[] experiment(Path out, String... more) {
        return cells("ar-tar,ns-paper-50", "1,2", out, more);
    }

    private static String[] cells(String arms, String seeds, Path out, String... more) {
        List<String> args = new ArrayList<>(List.of("experiment", "norm-stabilizer"));
        args.addAll(List.of("--lm", prepared.toString(), "--out", out.toString(), "--device", "cpu"));
        args.addAll(List.of("--arms", arms, "--seeds", seeds, "--epochs", "2", "--horizon", "40"));
        args.addAll(List.of("--max-tokens", "1500", "--set", "data.bs=8", "--set", "data.bptt=12"));
        args.addAll(List.of("--set", "model.emb-sz=12", "--set", "model.n-hid=20", "--set", "model.n-layers=2"));
        args.addAll(List.of("--set", "run.checkpoint-steps=5"));
        args.addAll(List.of(more));
        return args.toArray(String[]::new);
    }

    @Test
    void everyCellHasARunAndAResult() throws IOException {
        for (String cell : List.of("ar-tar/1", "ar-tar/2", "ns-paper-50/1", "ns-paper-50/2")) {
            assertThat(whole.resolve(cell).resolve("lm/config.yaml")).exists();
            assertThat(whole.resolve(cell).resolve("lm.json")).exists();
        }
        assertThat(Files.readString(whole.resolve("ns-paper-50/2/lm/config.yaml")))
                .contains("beta-norm: 50.0")
                .contains("seed: 2");
        try (Stream<Path> plots = Files.list(whole.resolve("plots"))) {
            assertThat(plots.map(plot -> plot.getFileName().toString()))
                    .contains("perplexity.png", "horizon-norms.png", "horizon-loss.png", "training-norms.png");
        }
    }

    @Test
    void jsonLinesSayWhatThePageSays() {
        List<JsonEvent> events = report(whole);
        assertThat(events)
                .extracting(JsonEvent::kind)
                .containsExactly("arm", "arm", "difference", "result", "result", "result", "result");
        JsonEvent first = events.get(3);
        assertThat(first.text("arm")).isEqualTo("ar-tar");
        assertThat(first.real("perplexity")).isGreaterThan(1);
        assertThat(first.real("norm_beyond")).isPositive();
        // The same seed and text, so what differs comes from the penalty.
        assertThat(events.get(5).real("perplexity")).isNotEqualTo(first.real("perplexity"));
    }

    @Test
    void aKilledExperimentEndsWithTheSameTable() throws IOException, InterruptedException {
        Path killed = temp.resolve("killed");
        Path log = temp.resolve("killed.log");
        Process process = Tarn.start(log, experiment(killed));
        Path checkpoint = killed.resolve("ns-paper-50/1/lm/checkpoints/last/manifest.txt");
        while (process.isAlive() && !Files.exists(checkpoint)) {
            Thread.sleep(5);
        }
        process.destroyForcibly();
        assertThat(process.waitFor())
                .as("it had ended before it could be killed: " + Files.readString(log))
                .isNotZero();
        assertThat(killed.resolve("ar-tar/1/lm.json")).exists();
        assertThat(killed.resolve("ns-paper-50/1/lm.json")).doesNotExist();
        long finished = Files.getLastModifiedTime(killed.resolve("ar-tar/1/lm.json")).toMillis();

        Tarn resumed = Tarn.run(experiment(killed));
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(killed.resolve("results.md")).hasSameTextualContentAs(whole.resolve("results.md"));
        assertThat(Files.getLastModifiedTime(killed.resolve("ar-tar/1/lm.json")).toMillis())
                .isEqualTo(finished);
    }

    @Test
    void reportOnlySaysTheSameAgain() throws IOException {
        Path page = whole.resolve("results.md");
        String before = Files.readString(page);
        Tarn report = Tarn.run("experiment", "norm-stabilizer", "--out", whole.toString(), "--report-only");
        assertThat(report.code()).as(report.err()).isZero();
        assertThat(report.out().strip()).isEqualTo(before.strip());
        assertThat(page).hasContent(before);
    }

    @Test
    void aCellThatSomebodyElseWorksOnIsPassedBy() throws IOException {
        Path out = temp.resolve("shared");
        Path busy = Files.createDirectories(out.resolve("ar-tar/1"));
        Path settings = whole.resolve("experiment.json");
        Files.copy(settings, out.resolve("experiment.json"));
        RunLock lock = Objects.requireNonNull(RunLock.tryTake(busy));
        try {
            Tarn run = Tarn.run(cells("ar-tar", "1", out));
            assertThat(run.code()).as(run.err()).isZero();
            assertThat(run.err()).contains("Cells that other processes work on: 1;");
            assertThat(run.out()).contains("No cell is finished yet.");
        } finally {
            lock.close();
        }
    }

    @Test
    void anotherConfigurationIsRefused() {
        Tarn.run(experiment(whole, "--set", "model.n-hid=24"))
                .failedWith(2, "was begun with lm.model.n-hid = 20, not 24");
        Tarn.run(experiment(whole, "--horizon", "41")).failedWith(2, "horizon");
        assertThat(whole.resolve("ar-tar/1/lm.json")).exists();
    }

    @Test
    void whatCannotBeUsedIsSaidInOneSentence() throws IOException {
        String out = temp.resolve("out").toString();
        String lm = prepared.toString();
        Tarn.run("experiment", "norm-stabilizer", "--out", out).failedWith(2, "either --imdb or --lm");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--report-only")
                .failedWith(2, "is not the folder of an experiment");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--lm", temp.resolve("nothing").toString())
                .failedWith(3, "is not a prepared text");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--lm", lm, "--arms", "ns-paper-x")
                .failedWith(2, "--arms ns-paper-x is no arm");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--lm", lm, "--seeds", "x")
                .failedWith(2, "--seeds");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--lm", lm, "--horizon", "70")
                .failedWith(2, "--horizon 70 is not beyond");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--lm", lm, "--set", "data.train=x")
                .failedWith(2, "--imdb or --lm");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--lm", lm, "--horizon", "100000")
                .failedWith(3, "A horizon of 100000 steps needs more validation text");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--lm", lm, "--clf", lm, "--horizon", "100")
                .failedWith(3, "needs labelled documents");
        Files.writeString(temp.resolve("file"), "x");
        Tarn.run(experiment(temp)).failedWith(2, "not empty");
        assertThat(temp.resolve("out")).doesNotExist();
    }

    private static List<JsonEvent> report(Path out) {
        Tarn report = Tarn.run("experiment", "norm-stabilizer", "--out", out.toString(), "--report-only", "--json");
        assertThat(report.code()).as(report.err()).isZero();
        return report.out()
                .lines()
                .map(line -> Objects.requireNonNull(JsonEvent.parse(line), line))
                .toList();
    }
}
