package dev.tarn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
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
    void theNotebookRunsAsCommandsAndAsJava() throws IOException, InterruptedException {
        writeReviews();
        String block = ReadmeTest.blocks("sh").stream()
                .filter(commands -> commands.startsWith("./tarn data"))
                .findFirst()
                .orElseThrow();
        for (String command : block.replace("\\\n", "").strip().split("\n", -1)) {
            assertThat(command).startsWith("./tarn ");
            String small = command.contains("lm train") ? " --emb-sz 16 --n-hid 24" : "";
            String output = run(List.of("sh", "-c", tarn() + command.substring("./tarn".length()) + small));
            if (command.contains("model summary")) {
                assertThat(output).contains("LSTM(16, 24, batch_first=True)", "BatchNorm1d(48, ");
            }
        }
        for (String file : List.of("runs/baseline", "runs/norm")) {
            assertThat(temp.resolve(file).resolve("metrics.jsonl")).exists();
        }
        assertThat(temp.resolve("lr-find.png")).exists();

        String driver = ReadmeTest.compile(ReadmeTest.blocks("java").get(1), temp);
        assertThat(driver).isEqualTo("Notebook");
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        String path = temp + File.pathSeparator + System.getProperty("java.class.path");
        String settings = "model.emb-sz 16 model.n-hid 24 run.device cpu";
        String output = run(List.of(
                "sh", "-c", "OMP_NUM_THREADS=1 " + java + " -cp " + path + " Notebook reviews made " + settings));
        assertThat(output).contains("false Embedding(", "true LSTM(24, 16, batch_first=True)", "true Linear(");
        assertThat(output.lines().filter(line -> line.matches("[01]\\.[0-9]+"))).hasSize(5);
    }

    private void writeReviews() throws IOException {
        for (String part : List.of("train/pos", "train/neg", "test/pos", "test/neg", "unsup")) {
            for (int i = 0; i < 30; i++) {
                String word = part.endsWith("pos") ? "good" : part.endsWith("neg") ? "bad" : "long";
                String sentence = "Film " + i + " is a " + word + " film , and the end of it is " + word + " too . ";
                Path review = temp.resolve("reviews/" + part + "/" + i + ".txt");
                Files.createDirectories(review.getParent());
                Files.writeString(review, sentence.repeat(4));
            }
        }
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
