package dev.tarn.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.infer.Prediction;
import dev.tarn.infer.Predictor;
import dev.tarn.run.JsonEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictEndpointTest {

    private final List<List<String>> asked = new ArrayList<>();

    private final PredictEndpoint endpoint = new PredictEndpoint(
            new Predictor() {
                @Override
                public List<String> labels() {
                    return List.of("short", "long");
                }

                @Override
                public List<Prediction> predict(List<String> texts) {
                    asked.add(texts);
                    return texts.stream()
                            .map(text -> Prediction.of(labels(), 1.0 / text.length(), 1 - 1.0 / text.length()))
                            .toList();
                }
            },
            JsonEvent.object().with("kind", "classifier"));

    private List<String> read(String body) {
        return endpoint.read(body.getBytes(UTF_8));
    }

    @Test
    void theTextsOfAllRequestsArePredictedTogether() {
        List<String> one = read("{\"texts\": [\"a\", \"abcd\"]}");
        List<String> other = read(" {\"texts\":[\"\\u00e9t\u00e9 ok\"]} ");
        List<JsonEvent> answers = endpoint.answer(List.of(one, other), index -> true);
        assertThat(asked).containsExactly(List.of("a", "abcd", "été ok"));
        assertThat(answers).extracting(JsonEvent::toJson).containsExactly("""
                {"predictions":[{"label":"short","probabilities":{"short":1.0,"long":0.0}},\
                {"label":"long","probabilities":{"short":0.25,"long":0.75}}]}""", """
                {"predictions":[{"label":"long","probabilities":{"short":0.16666666666666666,"long":0.8333333333333334}}]}""");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | no JSON object",
                "{\"texts\": [ | not valid JSON at line 1, column 12",
                "{\"texts\": [\"a\"]} {} | not valid JSON",
                "{\"texts\": [\"a\"], \"texts\": [] } | not valid JSON",
                "[\"a\"] | no JSON object",
                "{} | 'texts' must be a list of texts, not left out",
                "{\"texts\": \"a\"} | 'texts' must be a list of texts, not \"a\"",
                "{\"texts\": []} | 0 texts",
                "{\"texts\": [1]} | 'texts' must be a text, not 1",
                "{\"texts\": [null]} | 'texts' must be a text, not null",
                "{\"text\": \"a\"} | did you mean 'texts'",
            })
    void whatIsNoRequestIsNamed(String body, String words) {
        assertThatThrownBy(() -> read(body))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(words)
                .hasMessageMatching("[^\\n]*[.?]");
    }

    @Test
    void hostileBodiesAreRefused() {
        assertThatThrownBy(() -> read("[".repeat(100_000))).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> read("{\"texts\":" + "[".repeat(100) + "]".repeat(100) + "}"))
                .isInstanceOf(DataException.class);
        assertThatThrownBy(() -> read("{\"" + "x".repeat(50_000) + "\": 1}")).isInstanceOf(DataException.class);
        assertThatThrownBy(() -> endpoint.read(new byte[] {'{', '"', (byte) 0xC3, '"', '}'}))
                .isInstanceOf(DataException.class);
        String many = String.join(",", Collections.nCopies(257, "\"a\""));
        assertThatThrownBy(() -> read("{\"texts\":[" + many + "]}")).hasMessageContaining("257 texts");
    }
}
