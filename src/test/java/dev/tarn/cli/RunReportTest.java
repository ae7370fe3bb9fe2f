package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {

    @TempDir
    private Path temp;

    @Test
    void aRunIsOnePageThatNeedsNothingBesideIt() throws IOException {
        Path run = SmallRun.train(temp, "--epochs", "2");
        Tarn result = Tarn.run("run", "report", run.toString(), "--json");
        Path file = run.resolve("report.html");
        assertThat(result.out()).isEqualTo("{\"event\":\"report\",\"file\":\"" + file + "\"}\n");
        String html = Files.readString(file);
        assertThat(html)
                .contains("<th>epoch<th>accuracy<th>perplexity", "\n<tr><td>0<td>0.", "\n<tr><td>1<td>0.")
                .contains(Base64.getEncoder().encodeToString(Files.readAllBytes(run.resolve("plots/loss.png"))))
                .contains("n-hid: 12", "&quot;command&quot;")
                .doesNotContain("http:", "https:", "<script");
    }

    @Test
    void textOfTheRunIsNoMarkup() throws IOException {
        Path run = SmallRun.train(temp);
        Path odd = Files.move(run, temp.resolve("a<b>&\"c"));
        Files.writeString(odd.resolve("provenance.json"), "{\"command\": \"<script>alert(1)</script>\"}");
        assertThat(Tarn.run("run", "report", odd.toString()).code()).isZero();
        assertThat(odd.resolve("report.html"))
                .content()
                .contains("<h1>a&lt;b&gt;&amp;&quot;c</h1>", "&lt;script&gt;alert(1)")
                .doesNotContain("<script");
    }

    @Test
    void aRunWithoutAnEpochHasAReportAndWhatIsNoRunHasNone() throws IOException {
        Path run = SmallRun.train(temp);
        Files.delete(run.resolve("metrics.jsonl"));
        Files.delete(run.resolve("provenance.json"));
        assertThat(Tarn.run("run", "report", run.toString()).code()).isZero();
        assertThat(run.resolve("report.html")).content().contains("None is over yet.");
        Tarn.run("run", "report", temp.toString()).failedWith(2, "not a run folder");
        assertThat(temp.resolve("report.html")).doesNotExist();
    }
}
