package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelSummaryTest {

    @TempDir
    private Path temp;

    private static List<String> lines(String... flags) {
        String[] args = new String[flags.length + 2];
        args[0] = "model";
        args[1] = "summary";
        System.arraycopy(flags, 0, args, 2, flags.length);
        Tarn result = Tarn.run(args);
        assertThat(result.code()).as(result.err()).isZero();
        return result.out().lines().toList();
    }

    @Test
    void theDefaultsAreTheNotebooksModel() {
        List<String> lm = lines();
        assertThat(lm).hasSize(11).last().isEqualTo("44,333,280 parameters, of which 44,333,280 train (groups 0 to 3)");
        List<String> clf = lines("--task", "clf", "--freeze-to", "-2");
        assertThat(clf).hasSize(14).last().isEqualTo("44,335,932 parameters, of which 2,549,052 train (groups 3 to 4)");
        assertThat(clf.get(6)).startsWith("False").contains(" 5,308,416 ").endsWith("ParameterModule()");
        assertThat(clf.get(7)).startsWith("True").endsWith("LSTM(1152, 400, batch_first=True)");
    }

    @Test
    void sizesComeFromFlagsOrKeys() {
        assertThat(lines("--n-hid", "6", "--set", "model.emb-sz=4", "--n-layers", "2", "--max-vocab", "20"))
                .contains("True        0           288  LSTM(4, 6, batch_first=True)".replace("288", "144"));
        assertThat(lines("--task", "clf", "--lin-ftrs", "20,10", "--classes", "5", "--freeze-to", "-1"))
                .anyMatch(line -> line.endsWith("Linear(in_features=20, out_features=10, bias=True)"))
                .anyMatch(line -> line.endsWith("Linear(in_features=10, out_features=5, bias=True)"));
    }

    @Test
    void withJsonItIsOneEvent() {
        assertThat(lines("--json", "--task", "clf", "--freeze-to", "-1"))
                .singleElement()
                .asString()
                .startsWith("{\"event\":\"model\",\"task\":\"clf\",\"groups\":5,\"frozen_to\":4,"
                        + "\"parameters\":44335932,\"trainable\":62652,\"modules\":[{\"module\":\"Embedding(60000, 400, "
                        + "padding_idx=1)\",\"group\":0,\"trains\":false,\"parameters\":24000000,\"shared\":0},")
                .endsWith("{\"module\":\"Linear(in_features=50, out_features=2, bias=True)\",\"group\":4,"
                        + "\"trains\":true,\"parameters\":102,\"shared\":0}]}");
    }

    @Test
    void aRunHasItsOwnSizes() throws IOException {
        Path run = SmallRun.train(temp);
        String text = run.toString();
        assertThat(lines(text))
                .anyMatch(line -> line.contains("LSTM(8, 12, batch_first=True)"))
                .anyMatch(line -> line.matches(".*Embedding\\(\\d+, 8, padding_idx=1\\)"));
        assertThat(lines(text, "--task", "clf")).anyMatch(line -> line.contains("in_features=24,"));
        Tarn.run("model", "summary", text, "--n-hid", "20").failedWith(2, text, "leave out the flags");
    }

    @Test
    void mistakesAreOneSentence() {
        Tarn.run("model", "summary", "--freeze-to", "4").failedWith(2, "freezeTo 4", "-4 to 3");
        Tarn.run("model", "summary", "--task", "clf", "--freeze-to", "-6").failedWith(2, "freezeTo -6", "-5 to 4");
        Tarn.run("model", "summary", "--task", "both").failedWith(2, "both");
        Tarn.run("model", "summary", "--task", "clf", "--classes", "0").failedWith(2, "0");
        Tarn.run("model", "summary", temp.toString()).failedWith(2, "not a run folder");
    }
}
