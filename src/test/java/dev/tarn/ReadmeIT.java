package dev.tarn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the README's commands with the built program, as a reader would. */
class ReadmeIT {

    @TempDir
    private Path temp;

    @Test
    void theQuickstartBeatsUnigramsAndBigrams() throws IOException, InterruptedException {
        assertThat(ReadmeTest.blocks("sh").get(0).strip()).isEqualTo("./tarn quickstart");
        String output = run("quickstart");
        Matcher line = Pattern.compile(
                        "validation perplexity ([0-9.]+) \\(unigram ([0-9.]+), Kneser-Ney bigram ([0-9.]+)\\)")
                .matcher(output);
        assertThat(line.find()).as(output).isTrue();
        double perplexity = Double.parseDouble(line.group(1));
        assertThat(perplexity)
                .isLessThan(Double.parseDouble(line.group(2)))
                .isLessThan(Double.parseDouble(line.group(3)))
                .isGreaterThan(1);
        assertThat(output).containsPattern("the model writes: \\w+");
        Path run = temp.resolve("runs/quickstart");
        assertThat(run.resolve("config.yaml")).exists();
        assertThat(run.resolve("checkpoints/best/model.safetensors")).exists();
    }

    @Test
    void theOtherCommandsDoWhatTheySay() throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 400; i++) {
            text.append("The lake is ")
                    .append(i % 3 == 0 ? "calm" : "rough")
                    .append(" on day ")
                    .append(i % 5)
                    .append(".\n");
        }
        Files.writeString(temp.resolve("train.txt"), text);
        Files.writeString(temp.resolve("valid.txt"), text);
        for (String command : ReadmeTest.blocks("sh").get(2).strip().split("\n", -1)) {
            assertThat(command).startsWith("./tarn ");
            // The same command at a size that a test can pay for, in a precision that every processor has.
            String small = command.contains("lm train") ? " --emb-sz 16 --n-hid 24 --epochs 1 --precision f32" : "";
            run(List.of(
                    "sh",
                    "-c",
                    tarn()
                            + command.substring("./tarn".length()).replaceAll(" --(precision|epochs) \\S+", "")
                            + small));
        }
        assertThat(temp.resolve("runs/mine/checkpoints/best/model.safetensors")).exists();
    }

    @Test
    void theDataCommandsPrepareAndShowReviews() throws IOException, InterruptedException {
        for (String name : List.of("train/pos/1", "train/neg/2", "test/pos/3", "test/neg/4", "unsup/5", "unsup/6")) {
            for (int i = 0; i < 3; i++) {
                Path review = temp.resolve("reviews/" + name + i + ".txt");
                Files.createDirectories(review.getParent());
                Files.writeString(review, "A film that is " + (name.contains("pos") ? "good" : "bad") + ".");
            }
        }
        String block = ReadmeTest.blocks("sh").stream()
                .filter(commands -> commands.startsWith("./tarn data"))
                .findFirst()
                .orElseThrow();
        for (String command : block.strip().split("\n", -1)) {
            assertThat(command).startsWith("./tarn ");
            run(List.of("sh", "-c", tarn() + command.substring("./tarn".length())));
        }
        assertThat(temp.resolve("data/clas/train.documents")).exists();
    }

    private static String tarn() {
        return Path.of("tarn").toAbsolutePath().toString();
    }

    private String run(String... args) throws IOException, InterruptedException {
        List<String> command = new java.util.ArrayList<>(List.of(tarn()));
        command.addAll(List.of(args));
        return run(command);
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile(temp, "log", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(temp.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        assertThat(process.waitFor(600, TimeUnit.SECONDS)).isTrue();
        String output = Files.readString(log);
        assertThat(process.exitValue())
                .as(String.join(" ", command) + "\n" + output)
                .isZero();
        return output;
    }
}
