package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.backend.cuda.NativeTests;
import dev.tarn.data.QuickstartCorpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the software device, each in a process of its own, as users run them on a GPU. */
class CudaTrainingTest {

    private static final List<String> LIBRARIES = List.of("--cuda-libs", NativeTests.DEVICE.toString());

    @TempDir
    private Path temp;

    private Path train;
    private Path valid;

    @BeforeAll
    static void assumeBuilt() {
        NativeTests.assumeBuilt();
    }

    @BeforeEach
    void writeTexts() throws IOException {
        QuickstartCorpus corpus = QuickstartCorpus.generate(7, 60, 12);
        train = Files.write(temp.resolve("train.txt"), corpus.training());
        valid = Files.write(temp.resolve("valid.txt"), corpus.validation());
    }

    @Test
    void aKilledRunIsResumedBitForBitAndItsModelIsOfUse() throws IOException, InterruptedException {
        ResumeTest.assertKilledIsResumed(temp, train, valid, List.of("--device", "cuda:0"), LIBRARIES);
        String run = temp.resolve("killed").toString();
        assertThat(out("lm", "eval", "--run", run)).startsWith("loss ").contains("perplexity");
        assertThat(out("lm", "generate", "--run", run, "--prompt", "the", "--words", "12")
                        .split("\\s+"))
                .hasSizeGreaterThan(5);
    }

    @Test
    void theFusedLayersTrainToTheEnd() throws IOException, InterruptedException {
        String said = out(
                "lm",
                "train",
                "--run",
                temp.resolve("run").toString(),
                "--device",
                "cuda:0",
                "--lstm",
                "fused",
                "--train",
                train.toString(),
                "--valid",
                valid.toString(),
                "--tokenizer",
                "whitespace",
                "--emb-sz",
                "24",
                "--n-hid",
                "40",
                "--n-layers",
                "2",
                "--bs",
                "8",
                "--bptt",
                "10",
                "--epochs",
                "1");
        assertThat(said).contains("device    cuda:0: ");
        assertThat(temp.resolve("run/checkpoints/best/model.safetensors")).exists();
    }

    private String out(String... args) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(LIBRARIES);
        Path log = temp.resolve("log.txt");
        assertThat(Tarn.start(log, all.toArray(String[]::new)).waitFor())
                .as(Files.readString(log))
                .isZero();
        return Files.readString(log);
    }
}
