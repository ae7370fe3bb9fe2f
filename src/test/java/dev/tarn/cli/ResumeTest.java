package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is killed and resumed ends as if nothing had happened, in every bit. */
class ResumeTest {

    @TempDir
    private Path temp;

    @Test
    void aKilledProcessIsResumedBitForBit() throws IOException, InterruptedException {
        Path text = Tarn.text(temp, "text.txt", 1500);
        Path whole = temp.resolve("whole");
        Path killed = temp.resolve("killed");
        assertThat(finish(Tarn.start(temp.resolve("whole.log"), train(text, whole))))
                .isZero();

        Process process = Tarn.start(temp.resolve("killed.log"), train(text, killed));
        Path checkpoint = killed.resolve("checkpoints/last/manifest.txt");
        while (process.isAlive() && !Files.exists(checkpoint)) {
            Thread.sleep(5);
        }
        process.destroyForcibly();
        assertThat(finish(process))
                .as("the process had ended before it could be killed")
                .isNotZero();

        assertThat(finish(Tarn.start(temp.resolve("resumed.log"), "run", "resume", killed.toString())))
                .as(Files.readString(temp.resolve("resumed.log")))
                .isZero();
        for (String name : List.of("model.safetensors", "optimizer.safetensors", "hidden.safetensors", "state.json")) {
            assertThat(killed.resolve("checkpoints/last").resolve(name))
                    .hasSameBinaryContentAs(whole.resolve("checkpoints/last").resolve(name));
        }
        assertThat(losses(killed)).isEqualTo(losses(whole)).hasSize(2);
    }

    private static String[] train(Path text, Path run) {
        return new String[] {
            "lm",
            "train",
            "--run",
            run.toString(),
            "--quiet",
            "--device",
            "cpu",
            "--train",
            text.toString(),
            "--valid",
            text.toString(),
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
            "2",
            "--beta-norm",
            "1",
            "--clip",
            "0.3",
            "--checkpoint-steps",
            "10"
        };
    }

    private static int finish(Process process) throws InterruptedException {
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
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
