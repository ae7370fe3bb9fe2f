package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import dev.tarn.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LmHorizonTest {

    @TempDir
    private Path temp;

    @Test
    void lossAndNormsFarBeyondTheTrainingLengthAreToldAndKept() throws IOException {
        Path run = SmallRun.train(temp, "--record-norms");
        List<JsonEvent> trained = MetricsLog.read(run.resolve("metrics.jsonl"));
        assertThat(trained).singleElement().asString().contains("\"norms\":[{\"layer\":0,\"mean\":[", "\"layer\":1");
        assertThat(run.resolve("plots/norms.png")).isNotEmptyFile();

        Tarn table = Tarn.run("lm", "eval", "--run", run.toString(), "--horizon", "200");
        assertThat(table.code()).as(table.err()).isZero();
        List<String> lines = table.out().lines().toList();
        assertThat(lines).hasSize(1 + 21 + 1);
        assertThat(lines.get(0)).contains("steps", "loss", "perplexity", "norm of h, layer 0", "layer 1");
        assertThat(lines.get(1)).matches(" +1 +\\d+\\.\\d{4} +\\d+\\.\\d{2}( +\\d+\\.\\d{3} ± +\\d+\\.\\d{3}){2}");
        assertThat(lines.get(21)).startsWith("        159-200 ");
        assertThat(lines.get(22)).isEqualTo("4 streams from a zero state, trained on windows of 8 steps");
        for (String plot : List.of("plots/horizon-loss.png", "plots/horizon-norms.png")) {
            assertThat(run.resolve(plot)).isNotEmptyFile();
            assertThat(table.err()).contains(run.resolve(plot).toString());
        }
        String kept = MetricsLog.read(run.resolve("metrics.jsonl")).get(1).toJson();

        Tarn json = Tarn.run("lm", "eval", "--run", run.toString(), "--horizon", "200", "--json", "--quiet");
        assertThat(json.out()).isEqualTo(kept + "\n");
        assertThat(kept)
                .startsWith(
                        "{\"event\":\"horizon\",\"streams\":4,\"bptt\":8,\"buckets\":[{\"from\":1,\"to\":1,\"loss\":");
    }

    @Test
    void mistakesAreOneSentenceAndWriteNothing() throws IOException {
        Path run = SmallRun.train(temp);
        String metrics = Files.readString(run.resolve("metrics.jsonl"));
        String name = run.toString();
        Tarn.run("lm", "eval", "--run", name, "--horizon", "0").failedWith(2, "--horizon 0");
        Tarn.run("lm", "eval", "--run", name, "--horizon", "-5").failedWith(2, "--horizon -5");
        Tarn.run("lm", "eval", "--run", name, "--horizon", "many").failedWith(2, "many");
        Tarn.run("lm", "eval", "--run", name, "--horizon", "100000").failedWith(3, "lower it to", "--valid");
        Tarn.run("lm", "eval", "--run", temp.toString(), "--horizon", "9").failedWith(2, "not a run folder");
        try (RunFolder writer = RunFolder.open(run)) {
            Tarn.run("lm", "eval", "--run", name, "--horizon", "9")
                    .failedWith(2, writer.path().toString(), "written");
        }
        assertThat(run.resolve("metrics.jsonl")).hasContent(metrics);
        assertThat(run.resolve("plots/horizon-loss.png")).doesNotExist();
    }
}
