package dev.tarn.text;

import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;

/**
 * How often each token stands in the training documents, and which came first.
 *
 * <p>The order of first appearance decides between tokens of equal count, so documents are added in their order.
 *
 * <p><em>Thread-safety:</em> none; {@link #of} tokenizes in parallel and counts on the calling thread.
 */
public final class TokenCounts {

    private final Object2IntOpenHashMap<String> indices = new Object2IntOpenHashMap<>();
    private final List<String> tokens = new ArrayList<>();
    private final IntArrayList counts = new IntArrayList();
    private long total;

    /** No tokens yet. */
    public TokenCounts() {
        indices.defaultReturnValue(-1);
    }

    /** The counts of many documents, tokenized on {@code threads} threads. */
    public static TokenCounts of(TextPipeline pipeline, Iterator<String> documents, int threads) {
        TokenCounts counts = new TokenCounts();
        pipeline.tokenizeAll(documents, threads, counts::addAll);
        return counts;
    }

    /** Counts each of the tokens once more. */
    public void addAll(Collection<String> more) {
        for (String token : more) {
            add(token);
        }
    }

    /** Counts the token once more. */
    public void add(String token) {
        int index = indices.getInt(token);
        if (index < 0) {
            indices.put(token, tokens.size());
            tokens.add(token);
            counts.add(1);
        } else {
            counts.set(index, counts.getInt(index) + 1);
        }
        total++;
    }

    /** How often the token was added; 0 if never. */
    public int count(String token) {
        int index = indices.getInt(token);
        return index < 0 ? 0 : counts.getInt(index);
    }

    /** How many different tokens there are. */
    public int distinct() {
        return tokens.size();
    }

    /** How many tokens were added. */
    public long total() {
        return total;
    }

    /** The tokens with at least {@code minFreq} occurrences among the {@code limit} most frequent ones, frequent first. */
    List<String> mostCommon(int limit, int minFreq) {
        List<Integer> order = new ArrayList<>(tokens.size());
        for (int i = 0; i < tokens.size(); i++) {
            order.add(i);
        }
        // The sort is stable, so that equal counts stay in the order of first appearance.
        order.sort((a, b) -> Integer.compare(counts.getInt(b), counts.getInt(a)));
        List<String> common = new ArrayList<>();
        for (int i : order.subList(0, Math.min(limit, order.size()))) {
            if (counts.getInt(i) >= minFreq) {
                common.add(tokens.get(i));
            }
        }
        return common;
    }
}
