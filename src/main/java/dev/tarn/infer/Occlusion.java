package dev.tarn.infer;

import dev.tarn.text.SpecialToken;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * How much each token of a document speaks for the class that was predicted: the drop of that class's probability when
 * the token is replaced by {@code xxunk} (occlusion; Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2, on words).
 *
 * <p>The class is that of the whole document. An influence below 0 means that the token speaks against it. A document of n
 * tokens takes n predictions, made {@code batch} at a time, so memory does not grow with n beyond the batch; time is
 * quadratic in n.
 *
 * @param predict documents as tokens to their predictions
 * @param batch how many documents are predicted at once, at least 1
 */
public record Occlusion(Function<List<List<String>>, List<Prediction>> predict, int batch) {

    /** A token and its influence, from -1 to 1. */
    public record Influence(String token, double influence) {}

    /** @throws IllegalArgumentException if {@code batch} is below 1 */
    public Occlusion {
        if (batch < 1) {
            throw new IllegalArgumentException("a batch of " + batch + " documents");
        }
    }

    /**
     * The influence of every token.
     *
     * @param whole what was predicted for the document
     */
    public List<Influence> influences(List<String> tokens, Prediction whole) {
        List<Influence> influences = new ArrayList<>(tokens.size());
        for (int from = 0; from < tokens.size(); from += batch) {
            List<List<String>> documents = new ArrayList<>();
            for (int at = from; at < Math.min(tokens.size(), from + batch); at++) {
                List<String> occluded = new ArrayList<>(tokens);
                occluded.set(at, SpecialToken.UNK.text());
                documents.add(occluded);
            }
            for (Prediction without : predict.apply(documents)) {
                double left = without.probabilities().get(whole.index());
                influences.add(new Influence(tokens.get(influences.size()), whole.probability() - left));
            }
        }
        return influences;
    }
}
