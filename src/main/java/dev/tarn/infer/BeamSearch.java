package dev.tarn.infer;

import dev.tarn.DataException;
import dev.tarn.DivergedException;
import dev.tarn.backend.Philox;
import dev.tarn.backend.RandomKey;
import dev.tarn.backend.RandomKey.Purpose;
import dev.tarn.model.LanguageModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for likely texts rather than drawing them token by token (fastai v1's {@code beam_search}): after every token
 * those texts are kept whose sum of {@code -log p} is lowest, and the model's state is re-indexed to match.
 *
 * <p>fastai starts from {@code top_k} copies of the prompt, whose descendants crowd the beam with duplicates; here the
 * prompt stands once. The answer is chosen as there, with probabilities proportional to {@code exp(-score/temperature)},
 * or is the best for temperature 0, which fastai does not have. With a beam that holds every text the best one is the
 * likeliest of all.
 */
public final class BeamSearch {

    /** The end of a text; the rest hangs on its parent. */
    private record Node(@Nullable Node parent, int token, double score) {}

    /** A token that may come next. */
    private record Candidate(int parent, int token, double score) {}

    /**
     * A text that was found.
     *
     * @param tokens without the prompt
     * @param score the sum of {@code -log p} of its tokens, in nats
     */
    // Nobody compares two.
    @SuppressWarnings("ArrayRecordComponent")
    public record Found(int[] tokens, double score) {}

    /** The model, or in tests a function: what may follow after texts that grow. */
    interface Texts {

        /**
         * Goes on from texts that were read before: text i becomes text {@code parents[i]} followed by {@code tokens[i]}.
         */
        void read(int[] parents, int[] tokens);

        /** The logits [V] of what follows after a text; before the first {@link #read} text 0 is the prompt. */
        void logits(int text, double[] values);
    }

    private BeamSearch() {}

    /**
     * Searches for texts that go on from a prompt.
     *
     * @param unk the id of the unknown token
     * @param prompt token ids, at least one
     * @param count how many tokens a text has
     * @return what the beam holds at the end, the best first
     * @throws DataException if the prompt is empty or holds an id that is not in the vocabulary
     * @throws DivergedException if the model's logits are not numbers
     */
    public static List<Found> search(LanguageModel model, int unk, int[] prompt, int count, Beam beam) {
        // The texts of the last step are not read any more, so few steps need no wide workspace.
        double most = Math.pow(Math.min(beam.topK(), model.config().vocab()), Math.max(0, count - 1));
        int rows = (int) Math.min(beam.beamSz(), most);
        try (BeamTexts texts = new BeamTexts(model, prompt, rows)) {
            return search(texts, model.config().vocab(), unk, count, beam);
        }
    }

    static List<Found> search(Texts texts, int vocab, int unk, int count, Beam beam) {
        double[] logits = new double[vocab];
        List<Node> nodes = List.of(new Node(null, -1, 0));
        for (int step = 0; step < count; step++) {
            List<Candidate> candidates = new ArrayList<>();
            for (int text = 0; text < nodes.size(); text++) {
                texts.logits(text, logits);
                Sampling.requireFinite(logits);
                addLikeliest(
                        logits,
                        beam.topK(),
                        beam.noUnk() ? unk : -1,
                        text,
                        nodes.get(text).score(),
                        candidates);
            }
            // The sort is stable: of equal scores the one found first stays.
            candidates.sort(Comparator.comparingDouble(Candidate::score));
            List<Candidate> kept = candidates.subList(0, Math.min(beam.beamSz(), candidates.size()));
            List<Node> before = nodes;
            nodes = kept.stream()
                    .map(next -> new Node(before.get(next.parent()), next.token(), next.score()))
                    .toList();
            if (step < count - 1) {
                texts.read(
                        kept.stream().mapToInt(Candidate::parent).toArray(),
                        kept.stream().mapToInt(Candidate::token).toArray());
            }
        }
        return nodes.stream().map(node -> found(node, count)).toList();
    }

    /**
     * Chooses among what was found.
     *
     * @param found the best first
     * @param temperature as in {@link Beam}
     */
    public static Found choose(List<Found> found, double temperature, long seed) {
        if (temperature == 0) {
            return found.get(0);
        }
        double best = found.get(0).score();
        double[] weights = found.stream()
                .mapToDouble(text -> Math.exp((best - text.score()) / temperature))
                .toArray();
        return found.get(Sampling.draw(weights, Philox.uniform53(new RandomKey(seed, Purpose.SAMPLING, 0, 0), 0)));
    }

    /** Adds the likeliest tokens after a text, likeliest first; the lower id wins a tie. */
    private static void addLikeliest(
            double[] logits, int topK, int forbidden, int text, double score, List<Candidate> candidates) {
        double logSum = Sampling.logSumExp(logits);
        int most = Math.min(topK, logits.length);
        int[] best = new int[most];
        int count = 0;
        for (int token = 0; token < logits.length; token++) {
            if (token == forbidden || (count == most && logits[token] <= logits[best[count - 1]])) {
                continue;
            }
            int at = count < most ? count++ : count - 1;
            while (at > 0 && logits[best[at - 1]] < logits[token]) {
                best[at] = best[at - 1];
                at--;
            }
            best[at] = token;
        }
        for (int i = 0; i < count; i++) {
            candidates.add(new Candidate(text, best[i], score + logSum - logits[best[i]]));
        }
    }

    private static Found found(Node last, int count) {
        int[] tokens = new int[count];
        Node node = last;
        for (int at = count - 1; at >= 0 && node != null; at--) {
            tokens[at] = node.token();
            node = node.parent();
        }
        return new Found(tokens, last.score());
    }
}
