package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A run of an 8-12-8 model over 60 short lines, which takes a moment. */
final class SmallRun {

    private SmallRun() {}

    /** Trains it in {@code folder/run} with further flags. */
    static Path train(Path folder, String... flags) throws IOException {
        Path run = folder.resolve("run");
        String text = Tarn.text(folder, "text.txt", 60).toString();
        List<String> args = new ArrayList<>(List.of("lm", "train", "--run", run.toString(), "--quiet"));
        args.addAll(List.of("--train", text, "--valid", text, "--device", "cpu", "--tokenizer", "whitespace"));
        args.addAll(List.of("--emb-sz", "8", "--n-hid", "12", "--n-layers", "2", "--bs", "4", "--bptt", "8"));
        args.addAll(List.of(flags));
        Tarn result = Tarn.run(args.toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isZero();
        return run;
    }
}
