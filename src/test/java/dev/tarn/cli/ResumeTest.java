package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is killed and resumed ends as if nothing had happened, in every bit. */
class ResumeTest {

    @TempDir
    private Path temp;

    @Test
    void aKilledProcessIsResumedBitForBit() throws IOException, InterruptedException {
        Path text = Tarn.text(temp, "text.txt", 1500);
        assertKilledIsResumed(temp, text, text, List.of("--device", "cpu"), List.of());
    }

    /**
     * Trains a small model in a process that ends by itself and in one that is killed after its first checkpoint and
     * resumed, and asserts that both leave the same.
     *
     * @param folder for both runs, called {@code whole} and {@code killed}, and their logs
     * @param device flags that choose it
     * @param always flags that resuming needs again
     */
    static void assertKilledIsResumed(Path folder, Path train, Path valid, List<String> device, List<String> always)
            throws IOException, InterruptedException {
        Path whole = folder.resolve("whole");
        Path killed = folder.resolve("killed");
        finish(folder.resolve("whole.log"), train(train, valid, whole, device, always));

        Process process = Tarn.start(folder.resolve("killed.log"), train(train, valid, killed, device, always));
        Path checkpoint = killed.resolve("checkpoints/last/manifest.txt");
        while (process.isAlive() && !Files.exists(checkpoint)) {
            Thread.sleep(5);
        }
        process.destroyForcibly();
        assertThat(process.waitFor())
                .as("the process had ended before it could be killed")
                .isNotZero();

        finish(folder.resolve("resumed.log"), with(always, "run", "resume", killed.toString()));
        for (String name : List.of("model.safetensors", "optimizer.safetensors", "hidden.safetensors", "state.json")) {
            assertThat(killed.resolve("checkpoints/last").resolve(name))
                    .hasSameBinaryContentAs(whole.resolve("checkpoints/last").resolve(name));
        }
        assertThat(losses(killed)).isEqualTo(losses(whole)).hasSize(2);
    }

    private static String[] train(Path train, Path valid, Path run, List<String> device, List<String> always) {
        List<String> args = new ArrayList<>(List.of("lm", "train", "--run", run.toString(), "--quiet"));
        args.addAll(device);
        args.addAll(List.of("--train", train.toString(), "--valid", valid.toString(), "--tokenizer", "whitespace"));
        args.addAll(List.of("--emb-sz", "24", "--n-hid", "40", "--n-layers", "2", "--bs", "8", "--bptt", "10"));
        args.addAll(List.of("--epochs", "2", "--beta-norm", "1", "--clip", "0.3", "--checkpoint-steps", "10"));
        return with(always, args.toArray(String[]::new));
    }

    private static String[] with(List<String> flags, String... args) {
        return Stream.concat(Stream.of(args), flags.stream()).toArray(String[]::new);
    }

    private static void finish(Path log, String... args) throws IOException, InterruptedException {
        Process process = Tarn.start(log, args);
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    }

    private static List<String> losses(Path run) {
        return MetricsLog.read(run.resolve("metrics.jsonl")).stream()
                .filter(event -> event.kind().equals("epoch"))
                .map(event -> losses(event))
                .toList();
    }

    private static String losses(JsonEvent event) {
        return event.real("epoch") + " " + event.real("train_loss") + " " + event.real("valid_loss") + " "
                + event.real("accuracy");
    }
}
