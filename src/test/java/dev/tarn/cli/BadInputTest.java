package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every mistake that a user can make is one sentence with an exit code, and leaves nothing behind. */
class BadInputTest {

    @TempDir
    private Path temp;

    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Tarn.text(temp, "text.txt", 60);
    }

    private Tarn train(String... flags) {
        List<String> args = new ArrayList<>(List.of("lm", "train", "--run", run().toString(), "--quiet"));
        args.addAll(List.of("--device", "cpu", "--tokenizer", "whitespace", "--emb-sz", "8", "--n-hid", "12"));
        args.addAll(List.of("--n-layers", "2", "--bs", "4", "--bptt", "8", "--epochs", "1"));
        args.addAll(List.of(flags));
        return Tarn.run(args.toArray(String[]::new));
    }

    private Path run() {
        return temp.resolve("run");
    }

    private void nothingIsLeft() throws IOException {
        assertThat(run()).doesNotExist();
        try (Stream<Path> files = Files.list(temp)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .allMatch(name -> name.matches("[a-z0-9]+\\.(txt|yaml)"));
        }
    }

    @Test
    void aMissingFile() throws IOException {
        train("--train", temp.resolve("none.txt").toString()).failedWith(3, "none.txt");
        nothingIsLeft();
    }

    @Test
    void noFileAtAll() throws IOException {
        train().failedWith(3, "--train");
        nothingIsLeft();
    }

    @Test
    void anEmptyFile() throws IOException {
        Path empty = Files.createFile(temp.resolve("empty.txt"));
        train("--train", empty.toString()).failedWith(3, "empty.txt", "is empty");
        nothingIsLeft();
    }

    @Test
    void aFileThatIsNotUtf8NamesTheByte() throws IOException {
        Path bad = Files.write(temp.resolve("bad.txt"), new byte[] {'a', 'b', '\n', 'c', (byte) 0xE9, 'd', '\n'});
        train("--train", bad.toString()).failedWith(3, "bad.txt", "not UTF-8", "offset 4");
        nothingIsLeft();
    }

    @Test
    void aCorpusShorterThanABatch() throws IOException {
        Path tiny = Files.writeString(temp.resolve("tiny.txt"), "one two three\n");
        train("--train", tiny.toString(), "--bs", "64").failedWith(3, "64");
        nothingIsLeft();
    }

    @Test
    void anUnknownFlagOffersTheNearest() throws IOException {
        train("--train", text.toString(), "--epoch", "3").failedWith(2, "--epoch", "--epochs");
        nothingIsLeft();
    }

    @Test
    void anUnknownCommandOffersTheNearest() {
        Tarn.run("lm", "trian").failedWith(2, "trian", "train");
    }

    @Test
    void anUnknownKeyOffersTheNearest() throws IOException {
        Path config = Files.writeString(temp.resolve("config.yaml"), "model:\n  emb-size: 10\n");
        train("--train", text.toString(), "--config", config.toString()).failedWith(2, "emb-size", "line 2", "emb-sz");
        train("--train", text.toString(), "--set", "train.lrr=1").failedWith(2, "train.lrr", "train.lr");
        nothingIsLeft();
    }

    @Test
    void valuesOutOfRange() throws IOException {
        String file = text.toString();
        train("--train", file, "--bs", "0").failedWith(2, "bs", "0");
        train("--train", file, "--bptt", "-3").failedWith(2, "bptt", "-3");
        train("--train", file, "--lr", "-1").failedWith(2, "lr", "-1");
        train("--train", file, "--lr", "fast").failedWith(2, "lr", "fast");
        train("--train", file, "--input-p", "1").failedWith(2, "input-p");
        train("--train", file, "--clip", "NaN").failedWith(2, "clip");
        train("--train", file, "--precision", "f16").failedWith(2, "f16");
        nothingIsLeft();
    }

    @Test
    void aRunFolderThatExistsIsLeftAlone() throws IOException {
        Files.createDirectories(run());
        Path kept = Files.writeString(run().resolve("precious"), "data");
        train("--train", text.toString()).failedWith(2, "exists already");
        assertThat(kept).hasContent("data");
    }

    @Test
    void aFolderThatCannotBeMade() throws IOException {
        Tarn.run("lm", "train", "--quiet", "--device", "cpu", "--train", text.toString(), "--run", text + "/run")
                .failedWith(2, "text.txt");
        Tarn.run("data", "prepare", "--train", text.toString(), "--out", text + "/data")
                .failedWith(2, "text.txt");
        nothingIsLeft();
    }

    @Test
    void noSuchGpu() throws IOException {
        train("--train", text.toString(), "--device", "cuda:999").failedWith(4, "cuda:999");
        train("--train", text.toString(), "--device", "toaster").failedWith(2, "toaster");
        nothingIsLeft();
    }

    @Test
    void aLossThatIsNoNumberStopsAndKeepsTheLastGoodCheckpoint() throws IOException {
        Tarn result = train(
                "--train",
                text.toString(),
                "--valid",
                text.toString(),
                "--epochs",
                "2",
                "--schedule",
                "constant",
                "--optimizer",
                "sgd",
                "--lr",
                "1e30",
                "--checkpoint-steps",
                "1");
        result.failedWith(7, "step");
        assertThat(run().resolve("checkpoints")).exists();
    }

    @Test
    void damagedFilesOfARun() throws IOException {
        assertThat(train("--train", text.toString(), "--valid", text.toString()).code())
                .isZero();
        Path best = run().resolve("checkpoints/best/model.safetensors");
        Path last = run().resolve("checkpoints/last/model.safetensors");
        byte[] weights = Files.readAllBytes(best);
        for (Path file : List.of(best, last)) {
            Files.write(file, java.util.Arrays.copyOf(weights, weights.length / 2));
        }
        Tarn.run("lm", "eval", "--run", run().toString()).failedWith(6, "model.safetensors");
        Tarn.run("run", "resume", run().toString()).failedWith(6, "model.safetensors");
        weights[weights.length - 3] ^= 1;
        Files.write(best, weights);
        Tarn.run("lm", "generate", "--run", run().toString()).failedWith(6, "model.safetensors");

        Path store = run().resolve("data/train.tokens");
        byte[] tokens = Files.readAllBytes(store);
        tokens[tokens.length / 2] ^= 4;
        Files.write(store, tokens);
        Tarn.run("data", "show", run().resolve("data").toString()).failedWith(3, "train.tokens");
        Tarn.run("lm", "eval", "--run", run().toString()).failedWith(3, "train.tokens");
    }

    @Test
    void aCheckpointOfOtherSizes() throws IOException {
        assertThat(train("--train", text.toString()).code()).isZero();
        Path config = run().resolve("config.yaml");
        Files.writeString(config, Files.readString(config).replaceFirst("n-hid: 12", "n-hid: 20"));
        Tarn.run("lm", "eval", "--run", run().toString()).failedWith(6, "0.rnns.0", "shape");
    }

    @Test
    void whatIsNoRunOrHasNoCheckpoint() {
        Tarn.run("lm", "eval", "--run", temp.toString()).failedWith(2, "not a run folder");
        Tarn.run("run", "resume", temp.resolve("none").toString()).failedWith(2, "not a run folder");
    }

    @Test
    void withJsonTheErrorIsAnEventOnStandardOutput() {
        Tarn result = train("--json", "--train", temp.resolve("none.txt").toString());
        assertThat(result.code()).isEqualTo(3);
        assertThat(result.out())
                .startsWith("{\"event\":\"error\",\"code\":\"data\",\"message\":\"")
                .endsWith("}\n");
        assertThat(result.out().lines()).hasSize(1);
    }
}
