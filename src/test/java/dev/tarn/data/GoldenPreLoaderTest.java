package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Case 13: batches of fastai's LanguageModelPreLoader for given documents and orders. */
class GoldenPreLoaderTest {

    @TestFactory
    Stream<DynamicTest> fixedWindowsAreThoseOfFastaisPreLoader() {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("13-")) {
            for (JsonNode json : golden.json().path("cases")) {
                for (int epoch = 0; epoch < json.path("epochs").size(); epoch++) {
                    int e = epoch;
                    String name = json.path("name").asString() + " epoch " + epoch;
                    tests.add(DynamicTest.dynamicTest(name, () -> check(golden, json, e)));
                }
            }
        }
        return tests.stream();
    }

    private static void check(GoldenCase golden, JsonNode json, int epoch) {
        List<int[]> documents = new ArrayList<>();
        int next = 10;
        for (JsonNode length : json.path("doc_lens")) {
            int[] document = new int[length.asInt()];
            for (int i = 0; i < document.length; i++) {
                document[i] = next++;
            }
            documents.add(document);
        }
        int batch = json.path("bs").asInt();
        int bptt = json.path("bptt").asInt();
        StreamOptions options = StreamOptions.fixed(batch, bptt, 1)
                .withShuffle(false)
                .withBackwards(json.path("backwards").asBoolean());
        RaggedStream stream = new RaggedStream(Tokens.of(documents), options);
        JsonNode recorded = json.path("epochs").path(epoch).path("doc_order");
        int[] order = new int[recorded.size()];
        for (int i = 0; i < order.length; i++) {
            order[i] = recorded.path(i).asInt();
        }
        stream.order(order);
        String key = json.path("name").asString() + ".e" + epoch;
        int[] x = golden.ids(key + ".x");
        int[] y = golden.ids(key + ".y");
        assertThat(stream.windows(epoch)).isEqualTo(json.path("n_batches").asInt());
        int at = 0;
        while (stream.hasNext()) {
            Batch got = stream.next();
            for (int b = 0; b < batch; b++) {
                for (int t = 0; t < bptt; t++, at++) {
                    assertThat(got.input(t, b)).isEqualTo(x[at]);
                    assertThat(got.target(t, b)).isEqualTo(y[at]);
                }
            }
        }
        assertThat(at).isEqualTo(x.length);
    }

    @Test
    void fiveDocumentsInTwoRowsOfFourWrapForwardsAndBackwards() {
        Tokens tokens = Tokens.of(List.of(
                new int[] {10, 11, 12, 13, 14},
                new int[] {20, 21, 22},
                new int[] {30, 31, 32, 33, 34, 35, 36},
                new int[] {40, 41, 42, 43},
                new int[] {50, 51, 52, 53, 54, 55}));
        StreamOptions options = StreamOptions.fixed(2, 4, 0).withShuffle(false);
        assertThat(rows(LanguageModelStream.open(tokens, options)))
                .containsExactly(
                        "10 11 12 13 | 34 35 36 40",
                        "14 20 21 22 | 41 42 43 50",
                        "30 31 32 33 | 51 52 53 54",
                        "34 35 36 40 | 55 10 11 12");
        assertThat(rows(LanguageModelStream.open(tokens, options.withBackwards(true))))
                .containsExactly(
                        "55 54 53 52 | 34 33 32 31",
                        "51 50 43 42 | 30 22 21 20",
                        "41 40 36 35 | 14 13 12 11",
                        "34 33 32 31 | 10 55 54 53");
    }

    private static List<String> rows(LanguageModelStream stream) {
        List<String> rows = new ArrayList<>();
        while (stream.hasNext()) {
            rows.add(String.join(" | ", CorpusPreview.rows(stream.next(), Integer::toString, 5, 70)));
        }
        return rows;
    }
}
