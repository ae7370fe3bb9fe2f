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

    private static Path reviews;
    private static Path whole;

    @BeforeAll
    static void runsItOnce() throws IOException {
        QuickstartCorpus corpus = QuickstartCorpus.generate(7, 60, 16);
        reviews = shared.resolve("reviews");
        for (int i = 0; i < 60; i++) {
            write(
                    i < 20 ? "unsup" : i % 2 == 0 ? "train/pos" : "train/neg",
                    i,
                    corpus.training().get(i));
        }
        for (int i = 0; i < 16; i++) {
            write(i % 2 == 0 ? "test/pos" : "test/neg", i, corpus.validation().get(i));
        }
        whole = shared.resolve("whole");
        Tarn run = Tarn.run(experiment(whole));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("| ar-tar |").contains("| ns-paper-50 |").contains("accuracy");
    }

    private static void write(String folder, int number, String story) throws IOException {
        Path file = Files.createDirectories(reviews.resolve(folder)).resolve(number + "_0.txt");
        Files.writeString(file, folder.endsWith("pos") ? "A lovely walk. " + story : "A dull walk. " + story);
    }

    private static String[] experiment(Path out, String... more) {
        return cells("ar-tar,ns-paper-50", "1,2", out, more);
    }

    private static String[] cells(String arms, String seeds, Path out, String... more) {
        List<String> args = new ArrayList<>(List.of("experiment", "norm-stabilizer", "--imdb", reviews.toString()));
        // For models this small its one thread is faster than the workers of the cpu.
        args.addAll(List.of("--out", out.toString(), "--device", "reference", "--arms", arms, "--seeds", seeds));
        args.addAll(List.of("--max-tokens", "1500", "--max-documents", "16", "--epochs", "1", "--horizon", "40"));
        for (String setting : List.of(
                "data.bs=8",
                "data.bptt=12",
                "model.emb-sz=12",
                "model.n-hid=20",
                "model.n-layers=2",
                "run.checkpoint-steps=5")) {
            args.addAll(List.of("--set", setting));
        }
        for (String setting : List.of("train.stages=-1:1:0.02;0:1:0.01", "data.bs=4", "run.checkpoint-steps=2")) {
            args.addAll(List.of("--clf-set", setting));
        }
        args.addAll(List.of(more));
        return args.toArray(String[]::new);
    }

    @Test
    void everyCellHasARunAndAResult() throws IOException {
        for (String cell : List.of("ar-tar/1", "ar-tar/2", "ns-paper-50/1", "ns-paper-50/2")) {
            assertThat(whole.resolve(cell).resolve("lm/config.yaml")).exists();
            assertThat(whole.resolve(cell).resolve("lm.json")).exists();
            assertThat(whole.resolve(cell).resolve("clf/config.yaml")).exists();
            assertThat(whole.resolve(cell).resolve("clf.json")).exists();
        }
        for (String part : List.of("lm", "clf")) {
            assertThat(Files.readString(
                            whole.resolve("ns-paper-50/2").resolve(part).resolve("config.yaml")))
                    .contains("beta-norm: 50.0")
                    .contains("seed: 2");
        }
        try (Stream<Path> plots = Files.list(whole.resolve("plots"))) {
            assertThat(plots.map(plot -> plot.getFileName().toString()))
                    .contains(
                            "perplexity.png",
                            "accuracy.png",
                            "horizon-norms.png",
                            "horizon-loss.png",
                            "training-norms.png");
        }
    }

    @Test
    void armsOfASeedDifferInTheirPenaltyAlone() throws IOException {
        for (String part : List.of("lm", "clf")) {
            List<String> baseline = config("ar-tar/1", part);
            List<String> stabilized = config("ns-paper-50/1", part);
            assertThat(stabilized.stream().filter(line -> !baseline.contains(line)))
                    .hasSize(1)
                    .allMatch(line -> line.strip().startsWith("beta-norm: 50.0"));
        }
    }

    /** The configuration of a run, without where its encoder comes from, which is the cell's own. */
    private static List<String> config(String cell, String part) throws IOException {
        return Files.readAllLines(whole.resolve(cell).resolve(part).resolve("config.yaml")).stream()
                .filter(line -> !line.strip().startsWith("encoder:"))
                .toList();
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
    void aKilledExperimentEndsWithTheSameResults() throws IOException, InterruptedException {
        Path killed = temp.resolve("killed");
        killAt("ns-paper-50/1/lm", killed);
        assertThat(killed.resolve("ns-paper-50/1/lm.json")).doesNotExist();
        long finished =
                Files.getLastModifiedTime(killed.resolve("ar-tar/1/clf.json")).toMillis();
        killAt("ns-paper-50/1/clf", killed);
        assertThat(killed.resolve("ns-paper-50/1/lm.json")).exists();
        assertThat(killed.resolve("ns-paper-50/1/clf.json")).doesNotExist();

        Tarn resumed = Tarn.run(cells("ar-tar,ns-paper-50", "1", killed));
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(results(killed, 1)).isEqualTo(results(whole, 1)).hasSize(2);
        assertThat(Files.getLastModifiedTime(killed.resolve("ar-tar/1/clf.json"))
                        .toMillis())
                .isEqualTo(finished);
    }

    /** Starts the experiment in a process and kills it once a run has a checkpoint. */
    private void killAt(String run, Path out) throws IOException, InterruptedException {
        Path log = temp.resolve("killed.log");
        Process process = Tarn.start(log, experiment(out));
        Path checkpoint = out.resolve(run).resolve("checkpoints/last/manifest.txt");
        while (process.isAlive() && !Files.exists(checkpoint)) {
            Thread.sleep(5);
        }
        process.destroyForcibly();
        assertThat(process.waitFor())
                .as("it had ended before it could be killed: " + Files.readString(log))
                .isNotZero();
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
    void theClassifierIsAddedLaterAndARunThatHasEndedIsOnlyMeasuredAgain() throws IOException {
        Path out = temp.resolve("later");
        assertThat(Tarn.run(cells("ar-tar", "1", out, "--skip-classifier")).code())
                .isZero();
        Path lm = out.resolve("ar-tar/1/lm.json");
        Path clf = out.resolve("ar-tar/1/clf.json");
        assertThat(clf).doesNotExist();
        Files.delete(lm);
        assertThat(Tarn.run(cells("ar-tar", "1", out)).code()).isZero();
        assertThat(lm).hasSameTextualContentAs(whole.resolve("ar-tar/1/lm.json"));
        assertThat(clf).hasSameTextualContentAs(whole.resolve("ar-tar/1/clf.json"));

        Files.delete(clf);
        assertThat(Tarn.run(cells("ar-tar", "1", out, "--drop-models")).code()).isZero();
        assertThat(clf).hasSameTextualContentAs(whole.resolve("ar-tar/1/clf.json"));
        assertThat(out.resolve("ar-tar/1/clf/checkpoints")).doesNotExist();
        assertThat(out.resolve("ar-tar/1/clf/metrics.jsonl")).exists();
    }

    @Test
    void preparedTextsAreReadAsWell() throws IOException {
        String lm = whole.resolve("data/imdb-lm").toString();
        String clf = whole.resolve("data/imdb-clf").toString();
        Path out = temp.resolve("out");
        String[] words = {"experiment", "norm-stabilizer", "--out", out.toString(), "--lm", lm};
        with(words, "--clf", lm, "--horizon", "100").failedWith(3, "needs labelled documents");
        with(words, "--horizon", "100000").failedWith(3, "A horizon of 100000 steps needs more validation text");
        with(words, "--arms", "ns-paper-x").failedWith(2, "--arms ns-paper-x is no arm");
        with(words, "--seeds", "x").failedWith(2, "--seeds");
        with(words, "--horizon", "70").failedWith(2, "--horizon 70 is not beyond");
        with(words, "--set", "data.train=x").failedWith(2, "--imdb or --lm");
        with(words, "--imdb", clf).failedWith(2, "only one of them");
        with(words, "--max-tokens", "-1").failedWith(2, "--max-tokens -1");
        assertThat(out).doesNotExist();
    }

    private static Tarn with(String[] words, String... more) {
        return Tarn.run(Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new));
    }

    @Test
    void foldersThatCannotBeUsedAreNamed() throws IOException {
        String out = temp.resolve("out").toString();
        Tarn.run("experiment", "norm-stabilizer", "--out", out).failedWith(2, "either --imdb or --lm");
        Tarn.run("experiment", "norm-stabilizer", "--out", out, "--report-only")
                .failedWith(2, "is not the folder of an experiment");
        Tarn.run(
                        "experiment",
                        "norm-stabilizer",
                        "--out",
                        out,
                        "--lm",
                        temp.resolve("nothing").toString())
                .failedWith(3, "is not a prepared text");
        Tarn.run(
                        "experiment",
                        "norm-stabilizer",
                        "--out",
                        out,
                        "--imdb",
                        temp.resolve("nothing").toString())
                .failedWith(3, "There is no folder");
        assertThat(temp.resolve("out")).doesNotExist();
        Files.writeString(temp.resolve("file"), "x");
        Tarn.run(experiment(temp)).failedWith(2, "not empty");
    }

    /** Everything that the cells of a seed came to. */
    private static List<String> results(Path out, int seed) {
        return report(out).stream()
                .filter(event -> event.kind().equals("result") && event.real("seed") == seed)
                .map(JsonEvent::toJson)
                .toList();
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
