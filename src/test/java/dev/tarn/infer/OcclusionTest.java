package dev.tarn.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tarn.infer.Occlusion.Influence;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OcclusionTest {

    private static final List<String> LABELS = List.of("neg", "pos");

    private final List<Integer> batches = new ArrayList<>();

    /** "good" speaks for pos, "bad" against it, whatever else there is. */
    private List<Prediction> predict(List<List<String>> documents) {
        batches.add(documents.size());
        return documents.stream()
                .map(tokens -> {
                    double logit = tokens.stream()
                            .mapToDouble(token -> token.equals("good") ? 1 : token.equals("bad") ? -2 : 0.1)
                            .sum();
                    double pos = 1 / (1 + Math.exp(-logit));
                    return Prediction.of(LABELS, 1 - pos, pos);
                })
                .toList();
    }

    private List<Influence> influences(int batch, String... words) {
        List<String> tokens = List.of(words);
        return new Occlusion(this::predict, batch)
                .influences(tokens, predict(List.of(tokens)).get(0));
    }

    @Test
    void theInfluenceIsWhatThePredictedClassLosesWithoutTheToken() {
        List<Influence> influences = influences(64, "xxbos", "good", "film");
        double whole = 1 / (1 + Math.exp(-1.2));
        assertThat(influences).extracting(Influence::token).containsExactly("xxbos", "good", "film");
        assertThat(influences.get(1).influence()).isCloseTo(whole - 1 / (1 + Math.exp(-0.3)), within(1e-12));
        assertThat(influences.get(2).influence()).isZero();
    }

    @Test
    void theClassIsThatOfTheWholeDocument() {
        // Without "bad" the class would be the other one; what counts is what the predicted class loses.
        List<Influence> influences = influences(64, "bad", "good");
        assertThat(influences.get(0).influence()).isPositive();
        assertThat(influences.get(1).influence()).isNegative();
    }

    @Test
    void documentsAreOccludedInBatchesAndInOrder() {
        List<Influence> influences = influences(2, "a", "good", "b", "bad", "c");
        assertThat(batches).containsExactly(1, 2, 2, 1);
        assertThat(influences).extracting(Influence::token).containsExactly("a", "good", "b", "bad", "c");
        assertThat(influences).isEqualTo(influences(100, "a", "good", "b", "bad", "c"));
        assertThat(influences(2)).isEmpty();
        assertThatThrownBy(() -> new Occlusion(this::predict, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theFirstOfEquallyLikelyClassesIsPredicted() {
        assertThat(Prediction.of(LABELS, 0.5, 0.5)).isEqualTo(new Prediction("neg", 0, List.of(0.5, 0.5)));
        assertThat(Prediction.of(LABELS, 0.2, 0.8).probability()).isEqualTo(0.8);
        assertThatThrownBy(() -> Prediction.of(LABELS, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
