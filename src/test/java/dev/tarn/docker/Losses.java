package dev.tarn.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Percentage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The losses of a small training run in a box, two numbers an epoch, from its {@code metrics.jsonl}. */
record Losses(List<Double> values) {

    /**
     * What two devices may differ by. Both draw the same dropout masks and work in float32, so what differs is the order of
     * sums; on the software device that is 1e-8 of the loss. A wrong mask or a forgotten term moves it by percents.
     */
    private static final Percentage TOLERANCE = Percentage.withPercentage(0.1);

    private static final int EPOCHS = 2;

    static Losses train(Box box, String device) throws IOException, InterruptedException {
        String run = "/data/runs/" + device.replace(':', '-');
        assertThat(box.exec("rm", "-rf", run).code()).isZero();
        write(box, "/data/train.txt", text(300));
        write(box, "/data/valid.txt", text(80));
        Box.Outcome outcome = box.exec(
                "/opt/tarn/tarn",
                "lm",
                "train",
                "--train",
                "/data/train.txt",
                "--valid",
                "/data/valid.txt",
                "--run",
                run,
                "--device",
                device,
                "--json",
                "--tokenizer",
                "whitespace",
                "--precision",
                "f32",
                "--emb-sz",
                "16",
                "--n-hid",
                "24",
                "--bs",
                "4",
                "--bptt",
                "8",
                "--lr",
                "0.01",
                "--epochs",
                String.valueOf(EPOCHS),
                "--seed",
                "7");
        assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
        Box.Outcome metrics = box.exec("cat", run + "/metrics.jsonl");
        assertThat(metrics.code()).as(metrics.err()).isZero();
        List<Double> values = new ArrayList<>();
        for (String line : metrics.out().strip().split("\n", -1)) {
            JsonNode event = JsonMapper.shared().readTree(line);
            if (event.path("event").asString().equals("epoch")) {
                values.add(event.get("train_loss").asDouble());
                values.add(event.get("valid_loss").asDouble());
            }
        }
        return new Losses(values);
    }

    private static void write(Box box, String file, String text) throws IOException, InterruptedException {
        Box.Outcome outcome = box.exec("sh", "-c", "printf %s \"$1\" > " + file, "sh", text);
        assertThat(outcome.code()).as(outcome.err()).isZero();
    }

    private static String text(int lines) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            text.append("the walker number " + i % 7 + " sees " + i % 3 + " birds over the lake and "
                    + (i % 2 == 0 ? "rests" : "goes on") + " .\n");
        }
        return text.toString();
    }

    void mustFall() {
        assertThat(values).hasSize(2 * EPOCHS);
        assertThat(values.get(2)).isLessThan(values.get(0));
        // Two dozen words: a model that learned nothing stands at ln 24, which is 3.2.
        assertThat(values.get(3)).isBetween(0.1, 2.5);
    }

    void mustBeCloseTo(Losses other) {
        for (int i = 0; i < values.size(); i++) {
            assertThat(values.get(i)).isCloseTo(other.values.get(i), TOLERANCE);
        }
    }
}
