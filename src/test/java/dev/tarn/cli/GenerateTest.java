package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flags of {@code tarn lm generate}. */
class GenerateTest {

    @TempDir
    private static Path temp;

    @BeforeAll
    static void train() throws IOException {
        Path text = Tarn.text(temp, "text.txt", 60);
        String flags = "--quiet --device cpu --emb-sz 8 --n-hid 12 --n-layers 2 --bs 4 --bptt 8 --epochs 1 --train ";
        Tarn result = Tarn.run(("lm train " + flags + text + " --run " + temp.resolve("run")).split(" ", -1));
        assertThat(result.code()).as(result.err()).isZero();
    }

    private static Tarn generate(String... flags) {
        List<String> args = List.of("lm", "generate", "--prompt", "The walker", "--words", "6", "--run");
        return Tarn.run(Stream.of(args, List.of(temp.resolve("run").toString()), List.of(flags))
                .flatMap(List::stream)
                .toArray(String[]::new));
    }

    @Test
    void theTextIsReadWithoutMarkers() {
        Tarn drawn = generate();
        assertThat(drawn.code()).as(drawn.err()).isZero();
        assertThat(drawn.out()).startsWith("The walker ").doesNotContain("xxmaj");
        assertThat(generate("--json").out())
                .startsWith("{\"event\":\"generated\",\"text\":\"The walker ")
                .contains("\"tokens\":[\"xxbos\",\"xxmaj\",\"the\",\"walker\",");
        // Each of these leaves the likeliest token alone.
        assertThat(generate("--top-p", "0.000001", "--seed", "1").out())
                .isEqualTo(generate("--top-k", "1", "--seed", "2").out());
        assertThat(generate("--min-p", "0.0001", "--allow-unk", "--temperature", "0.5")
                        .code())
                .isZero();
    }

    @Test
    void aBeamSearchTakesTheBestOrDrawsByScore() {
        Tarn best = generate("--beam-size", "20", "--temperature", "0", "--json", "--seed", "1");
        assertThat(best.code()).as(best.err()).isZero();
        assertThat(best.out()).contains("\"score\":", "\"text\":\"The walker ");
        assertThat(generate("--beam-size", "20", "--temperature", "0", "--json", "--seed", "2")
                        .out())
                .isEqualTo(best.out());
        assertThat(generate("--beam-size", "1", "--top-k", "3").out())
                .isEqualTo(generate("--top-k", "1").out());
    }

    @Test
    void whatDoesNotGoTogetherIsOneSentence() {
        generate("--beam-size", "5", "--top-p", "0.5").failedWith(2, "--top-p", "--beam-size");
        generate("--beam-size", "0").failedWith(2, "beam-size is 0");
        generate("--temperature", "0").failedWith(2, "temperature is 0.0");
        generate("--top-p", "2").failedWith(2, "top-p is 2.0");
        Tarn.run("lm", "generate", "--run", temp.resolve("run").toString(), "--words", "0")
                .failedWith(2, "--words 0");
    }
}
