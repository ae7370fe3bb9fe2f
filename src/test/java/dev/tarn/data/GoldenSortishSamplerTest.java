package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Case 13b: orders of fastai's samplers for recorded draws, and its padded batches. */
class GoldenSortishSamplerTest {

    @TestFactory
    Stream<DynamicTest> ordersAreThoseOfFastaisSamplers() {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("13b-")) {
            for (JsonNode json : golden.json().path("sortish")) {
                String name = json.path("lens").size() + " documents in batches of "
                        + json.path("bs").asInt();
                tests.add(DynamicTest.dynamicTest(name, () -> {
                    SortishSampler sampler = new SortishSampler(
                            ints(json.path("lens")), json.path("bs").asInt());
                    assertThat(sampler.training(ints(json.path("perm")), ints(json.path("chunk_perm"))))
                            .isEqualTo(ints(json.path("order")));
                    assertThat(sampler.byLength()).isEqualTo(ints(json.path("sort_order")));
                }));
            }
        }
        return tests.stream();
    }

    @TestFactory
    Stream<DynamicTest> batchesArePaddedAsFastaisPadCollatePadsThem() {
        List<DynamicTest> tests = new ArrayList<>();
        for (GoldenCase golden : Golden.cases("13b-")) {
            for (JsonNode json : golden.json().path("pad_collate")) {
                if (json.path("pad_first").asBoolean()) {
                    boolean backwards = json.path("backwards").asBoolean();
                    String name = json.path("lens") + (backwards ? " backwards" : "");
                    tests.add(DynamicTest.dynamicTest(name, () -> checkPadding(json, backwards)));
                }
            }
        }
        return tests.stream();
    }

    private static void checkPadding(JsonNode json, boolean backwards) {
        List<int[]> documents = new ArrayList<>();
        for (int length : ints(json.path("lens"))) {
            int[] document = new int[length];
            for (int i = 0; i < length; i++) {
                document[i] = 5 + i;
            }
            documents.add(document);
        }
        Documents labelled = new Documents(Tokens.of(documents), ints(json.path("y")), List.of("a", "b"));
        DocumentBatch got = DocumentBatches.evaluation(labelled, documents.size(), backwards)
                .next();
        assertThat(got.rows()).isEqualTo(documents.size());
        for (int i = 0; i < got.rows(); i++) {
            int[] wanted = ints(json.path("x").path(got.documents()[i]));
            assertThat(DocumentBatchesTest.column(got, i)).containsExactly(wanted);
            assertThat(got.labels()[i])
                    .isEqualTo(json.path("y").path(got.documents()[i]).asInt());
        }
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.path(i).asInt();
        }
        return values;
    }
}
