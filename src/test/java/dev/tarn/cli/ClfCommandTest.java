package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.checkpoint.SafeTensors;
import dev.tarn.checkpoint.SafeTensorsFile;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** From labelled lines and a language model to a classifier, its figures and its predictions. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClfCommandTest {

    private static final String STAGES = "-1:1:0.05; -2:1:slice(2e-2/2.6^4,2e-2); 0:5:slice(1e-2,3e-2)";

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Path temp = Path.of("");

    private Path data = Path.of("");
    private Path run = Path.of("");

    /** Lines whose class shows in two of their words; some are long, some a single word. */
    private static Path lines(Path file, int count, long seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            boolean isGood = random.nextBoolean();
            lines.append(isGood ? "pos\t" : "neg\t");
            int words = i % 10 == 0 ? 0 : random.nextInt(i % 7 == 0 ? 60 : 12);
            for (int word = 0; word < words; word++) {
                lines.append("word").append(random.nextInt(9)).append(' ');
            }
            lines.append(isGood ? "fine" : "dull").append(random.nextInt(2)).append('\n');
        }
        return Files.writeString(file, lines);
    }

    @BeforeAll
    void trainLanguageModelAndClassifier(@TempDir Path folder) throws IOException {
        temp = folder;
        Path train = lines(temp.resolve("train.tsv"), 240, 1);
        Path valid = lines(temp.resolve("valid.tsv"), 60, 2);
        Path text = Files.writeString(
                temp.resolve("text.txt"), Files.readString(train).replaceAll("(?m)^...\t", ""));
        Path lm = temp.resolve("lm");
        succeed(
                "lm",
                "train",
                "--train",
                text.toString(),
                "--run",
                lm.toString(),
                "--device",
                "cpu",
                "--quiet",
                "--emb-sz",
                "12",
                "--n-hid",
                "16",
                "--n-layers",
                "3",
                "--bs",
                "4",
                "--bptt",
                "8",
                "--min-freq",
                "1");
        data = temp.resolve("data");
        succeed(
                "data",
                "prepare",
                "--train",
                train.toString(),
                "--valid",
                valid.toString(),
                "--labels",
                "--vocab",
                lm.resolve("data").toString(),
                "--out",
                data.toString());
        run = temp.resolve("clf");
        String out = succeed(train(run, "--encoder", lm.toString()));
        assertThat(out).contains("stage  epoch  train_loss  valid_loss  accuracy        f1");
        assertThat(out.lines()).hasSize(8);
    }

    private String[] train(Path run, String... more) {
        List<String> args =
                new ArrayList<>(List.of("clf", "train", "--data", data.toString(), "--run", run.toString()));
        args.addAll(List.of("--stages", STAGES, "--bs", "8", "--bptt", "7", "--max-len", "30", "--device", "cpu"));
        args.addAll(List.of("--lin-ftrs", "10", "--drop-mult", "0.1", "--checkpoint-steps", "25"));
        args.addAll(Arrays.asList(more));
        return args.toArray(String[]::new);
    }

    private static String succeed(String... args) {
        Tarn result = Tarn.run(args);
        assertThat(result.code()).as(result.err()).isZero();
        return result.out();
    }

    @Test
    void everyStageLeavesItsRowsAndTheClassesAreLearned() {
        List<JsonEvent> rows = MetricsLog.read(run.resolve("metrics.jsonl"));
        assertThat(rows.stream().map(row -> (int) row.real("stage") + "." + (int) row.real("epoch")))
                .containsExactly("0.0", "1.0", "2.0", "2.1", "2.2", "2.3", "2.4");
        assertThat(rows.get(6).real("accuracy")).isGreaterThan(0.9);
        assertThat(rows.get(6).real("f1")).isGreaterThan(0.9);
        assertThat(run.resolve("plots/loss.png")).isNotEmptyFile();
        assertThat(run.resolve("config.yaml")).content().contains("n-hid: 16", "encoder: \"" + temp.resolve("lm"));
    }

    @Test
    void evaluationTellsOfClassesAndOfTheDocumentsThatAreFurthestOff() {
        JsonNode report = event(succeed("clf", "eval", run.toString(), "--top-losses", "3", "--json"));
        assertThat(report.path("accuracy").asDouble()).isGreaterThan(0.9);
        assertThat(report.path("documents").asInt()).isEqualTo(60);
        assertThat(report.toString()).contains("\"class\":\"neg\"", "\"class\":\"pos\"", "valid.tsv:");
        String table = succeed("clf", "eval", run.toString(), "--top-losses", "3");
        assertThat(table).contains("precision  recall", "actual", "valid.tsv:");
        assertThat(table.lines().filter(line -> line.contains("valid.tsv:"))).hasSize(3);

        JsonNode twice = event(succeed("clf", "eval", run.toString(), "--with", run.toString(), "--json"));
        assertThat(twice.path("loss").asDouble()).isCloseTo(report.path("loss").asDouble(), within(1e-12));
    }

    @Test
    void predictionsAnswerLinesInTheirOrderWhateverStandsBesideThem() {
        String all = "word1 word2 fine0\ndull1\n\n" + "word3 ".repeat(400) + "fine1\nzebra quagga\n";
        String[] together = predict(all);
        assertThat(together).hasSize(5);
        assertThat(together[0]).contains("\"label\":\"pos\"");
        assertThat(together[1]).contains("\"label\":\"neg\"");
        String[] lines = all.split("\n", -1);
        for (int i = 0; i < together.length; i++) {
            assertThat(probability(predict(lines[i] + "\n")[0])).isCloseTo(probability(together[i]), within(1e-5));
        }
        byte[] line = "word1 fine0\n".getBytes(StandardCharsets.UTF_8);
        JsonNode explained = event(Tarn.run(line, "clf", "predict", run.toString(), "--explain", "--json")
                .out());
        assertThat(explained.toString()).contains("\"influences\":[", "\"token\":\"fine0\"");
    }

    @Test
    void filesAreDocumentsToo() throws IOException {
        Path first = Files.writeString(temp.resolve("one.txt"), "word1 word2 fine0");
        Path second = Files.writeString(temp.resolve("two.txt"), "dull0");
        assertThat(succeed("clf", "predict", run.toString(), first.toString(), second.toString())
                        .lines()
                        .map(line -> line.split("\t", -1)[0]))
                .containsExactly("label", "pos", "neg");
    }

    private String[] predict(String input) {
        return predict(run, input);
    }

    private static String[] predict(Path from, String input, String... flags) {
        List<String> args = new ArrayList<>(List.of("clf", "predict", from.toString(), "--json"));
        args.addAll(List.of(flags));
        Tarn result = Tarn.run(input.getBytes(StandardCharsets.UTF_8), args.toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isZero();
        return result.out().split("\n", -1).length == 1
                ? new String[] {result.out()}
                : result.out().stripTrailing().split("\n", -1);
    }

    private static double probability(String line) {
        return Double.parseDouble(line.replaceAll(".*\"pos\":([0-9.Ee-]+).*", "$1"));
    }

    private static JsonNode event(String line) {
        return JSON.readTree(line);
    }

    @Test
    void twoRunsAreAveraged() {
        Path second = temp.resolve("second");
        succeed(train(second, "--encoder", temp.resolve("lm").toString(), "--seed", "7", "--stages", "0:2:0.02"));
        String line = "word1 dull0 word2\n";
        double one = probability(predict(run, line)[0]);
        double other = probability(predict(second, line)[0]);
        assertThat(other).isNotCloseTo(one, within(1e-3));
        String both = predict(run, line, "--with", second.toString())[0];
        assertThat(probability(both)).isCloseTo((one + other) / 2, within(1e-6));
        assertThat(succeed("clf", "eval", run.toString(), "--with", second.toString(), "--json"))
                .contains("\"documents\":60");
    }

    @Test
    void aClassifierIsExportedWithFastaisNames() {
        Path all = temp.resolve("clf.safetensors");
        Path encoder = temp.resolve("encoder.safetensors");
        succeed("model", "export", run.toString(), "--out", all.toString());
        succeed("model", "export", run.toString(), "--part", "encoder", "--out", encoder.toString());
        try (SafeTensorsFile written = SafeTensors.read(all);
                SafeTensorsFile part = SafeTensors.read(encoder);
                SafeTensorsFile trained = SafeTensors.read(run.resolve("checkpoints/best/model.safetensors"))) {
            assertThat(written.floats("1.layers.0.running_mean"))
                    .hasSize(36)
                    .isEqualTo(trained.floats("1.layers.0.running_mean"));
            assertThat(written.floats("0.module.rnns.2.weight_hh_l0_raw"))
                    .isEqualTo(trained.floats("0.module.rnns.2.weight_hh_l0_raw"));
            assertThat(part.floats("rnns.2.weight_hh_l0_raw"))
                    .isEqualTo(trained.floats("0.module.rnns.2.weight_hh_l0_raw"));
        }
        assertThat(temp.resolve("clf.vocab.json")).isNotEmptyFile();
    }

    @Test
    void aServerPredictsWhatTheCommandLineDoes() throws IOException, InterruptedException {
        String text = "word1 word2 fine0";
        try (Served served = Served.start(temp.resolve("serve.log"), List.of(), run)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(served.url() + "/predict"))
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"texts\": [\"" + text + "\", \"dull1\", \"\"]}"))
                    .build();
            HttpResponse<String> response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            JsonNode predictions = event(response.body()).path("predictions");
            String[] lines = predict(run, text + "\ndull1\n\n");
            assertThat(predictions).hasSize(3);
            for (int i = 0; i < lines.length; i++) {
                JsonNode line = event(lines[i]);
                assertThat(predictions.get(i).path("label")).isEqualTo(line.path("label"));
                assertThat(predictions.get(i).path("probabilities").path("pos").asDouble())
                        .isCloseTo(line.path("probabilities").path("pos").asDouble(), within(1e-6));
            }
        }
    }

    @Test
    void aLearningRateIsLookedForWithWhatTheFirstStageTrains() {
        Path plot = temp.resolve("rates.png");
        List<String> args =
                new ArrayList<>(List.of("clf", "lr-find", "--data", data.toString(), "--stages", "-2:1:1e-3"));
        args.addAll(List.of("--encoder", temp.resolve("lm").toString(), "--bs", "8", "--bptt", "7", "--max-len", "30"));
        args.addAll(List.of("--num-it", "20", "--plot", plot.toString(), "--device", "cpu"));
        assertThat(succeed(args.toArray(String[]::new))).contains("steepest");
        assertThat(plot).isNotEmptyFile();
    }

    @Test
    void aRunOfOneKindIsRefusedWhereTheOtherIsWanted() {
        Tarn.run("lm", "eval", "--run", run.toString()).failedWith(2, "is the run of a classifier");
        Tarn.run("clf", "eval", temp.resolve("lm").toString()).failedWith(2, "is the run of a language model");
        assertThat(succeed("model", "summary", run.toString(), "--freeze-to", "-2"))
                .contains("BatchNorm1d(36");
    }

    @Test
    void whatCannotBeTrainedIsRefusedInOneSentence() throws IOException {
        Path other = temp.resolve("other");
        Tarn.run(train(other, "--encoder", temp.resolve("lm").toString(), "--backwards"))
                .failedWith(6, "backwards");
        Tarn.run(train(other, "--stages", "-9:1:0.01")).failedWith(2, "freezeTo -9");
        Tarn.run(train(other, "--stages", "frozen")).failedWith(2, "FREEZE_TO:EPOCHS:LR");
        Tarn.run(train(other, "--bs", "1")).failedWith(2, "data.bs");
        Tarn.run(train(other, "--bs", "500")).failedWith(3, "--bs");
        Tarn.run(train(other, "--max-len", "7")).failedWith(2, "max-len");
        Tarn.run(train(other, "--ps", "0.1", "0.2")).failedWith(2, "lin-ftrs");
        Path single = Files.writeString(temp.resolve("single.tsv"), "pos\tone\npos\ttwo words\n");
        Path prepared = temp.resolve("single");
        succeed("data", "prepare", "--train", single.toString(), "--labels", "--out", prepared.toString());
        Tarn.run(train(other, "--data", prepared.toString(), "--bs", "2")).failedWith(3, "class");
        Path unlabelled = temp.resolve("unlabelled");
        succeed("data", "prepare", "--train", single.toString(), "--out", unlabelled.toString());
        Tarn.run(
                        "clf",
                        "train",
                        "--data",
                        unlabelled.toString(),
                        "--bs",
                        "2",
                        "--run",
                        other.toString(),
                        "--device",
                        "cpu")
                .failedWith(3, "no labels");
        assertThat(other).doesNotExist();
    }
}
