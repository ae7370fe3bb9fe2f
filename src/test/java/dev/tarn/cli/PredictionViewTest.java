package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.infer.Occlusion.Influence;
import dev.tarn.infer.Prediction;
import dev.tarn.infer.Predictor;
import dev.tarn.infer.TextBatches;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PredictionViewTest {

    /** Says how much of a text is the letter a. */
    private static final Predictor PREDICTOR = new Predictor() {
        @Override
        public List<String> labels() {
            return List.of("other", "a");
        }

        @Override
        public List<Prediction> predict(List<String> texts) {
            return texts.stream()
                    .map(text -> {
                        double share = text.chars().filter(c -> c == 'a').count() / (double) text.length();
                        return Prediction.of(labels(), 1 - share, share);
                    })
                    .toList();
        }
    };

    private static String print(
            boolean json, @Nullable BiFunction<String, Prediction, List<Influence>> explain, String... texts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Iterator<String> source = List.of(texts).iterator();
        PredictionView view = new PredictionView(console(out, json), PREDICTOR, explain);
        assertThat(view.print(new TextBatches(() -> source.hasNext() ? source.next() : null, 2)))
                .isEqualTo(texts.length);
        return out.toString(StandardCharsets.UTF_8);
    }

    private static Console console(OutputStream out, boolean json) {
        return new Console(
                InputStream.nullInputStream(),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                json ? new String[] {"--json"} : new String[0]);
    }

    @Test
    void withJsonEveryTextIsALineInItsOrder() {
        assertThat(print(true, null, "aa", "bb", "ab")).isEqualTo("""
                {"event":"prediction","label":"a","probabilities":{"other":0.0,"a":1.0}}
                {"event":"prediction","label":"other","probabilities":{"other":1.0,"a":0.0}}
                {"event":"prediction","label":"other","probabilities":{"other":0.5,"a":0.5}}
                """);
        assertThat(print(true, (text, prediction) -> List.of(new Influence(text, prediction.probability())), "aa"))
                .isEqualTo("""
                {"event":"prediction","label":"a","probabilities":{"other":0.0,"a":1.0},\
                "influences":[{"token":"aa","influence":1.0}]}
                """);
    }

    @Test
    void theTableHasTheClassesAndTheBeginningOfTheText() {
        String longText = "\uD83D\uDE00".repeat(70);
        assertThat(print(false, null, "aa\tb", longText)).isEqualTo("""
                label\tother\ta\ttext
                a\t0.5000\t0.5000\taa b
                other\t1.0000\t0.0000\t%s...
                """.formatted("\uD83D\uDE00".repeat(60))
                .replace("a\t0.5000\t0.5000", "other\t0.5000\t0.5000"));
        assertThat(print(
                        false,
                        (text, prediction) ->
                                List.of(new Influence("x", 0.1), new Influence("y", -0.25), new Influence("z", 0)),
                        "aa"))
                .endsWith("a\t0.0000\t1.0000\taa\ty -0.250  x +0.100  z +0.000\n");
    }

    @Test
    void aStreamOfAnyLengthTakesTheMemoryOfABatch() {
        // Together the texts are larger than the heap of the tests.
        String text = "a".repeat(1 << 20);
        Iterator<Integer> source = IntStream.range(0, 4_000).iterator();
        Predictor cheap = new Predictor() {
            @Override
            public List<String> labels() {
                return List.of("any");
            }

            @Override
            public List<Prediction> predict(List<String> texts) {
                return texts.stream().map(each -> Prediction.of(labels(), 1)).toList();
            }
        };
        PredictionView view = new PredictionView(console(OutputStream.nullOutputStream(), true), cheap, null);
        TextBatches batches = new TextBatches(() -> source.hasNext() ? text + source.next() : null, 64);
        assertThat(view.print(batches)).isEqualTo(4_000);
    }
}
