package dev.tarn.data;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The documents of some {@link Tokens} as one endless circle of tokens, in an order and a direction of choice. Backwards
 * is the exact mirror: the last token of the last document in order comes first.
 */
final class DocumentSequence {

    private final Tokens tokens;
    private final boolean backwards;
    private final long total;
    private int @Nullable [] order;
    private long[] starts = {};

    DocumentSequence(Tokens tokens, boolean backwards) {
        this.tokens = tokens;
        this.backwards = backwards;
        this.total = tokens.numTokens();
    }

    long total() {
        return total;
    }

    /**
     * Sets the order of the documents from now on.
     *
     * @param order a permutation that this object keeps a reference to, or null for the order in which they are stored
     */
    void order(int @Nullable [] order) {
        this.order = order;
        if (order == null) {
            return;
        }
        if (starts.length != order.length + 1) {
            starts = new long[order.length + 1];
        }
        for (int i = 0; i < order.length; i++) {
            starts[i + 1] = starts[i] + tokens.documentOffset(order[i] + 1) - tokens.documentOffset(order[i]);
        }
    }

    /** Copies {@code count} tokens from place {@code start} on, going round after the last one. */
    void read(long start, int[] dst, int at, int count) {
        long place = start % total;
        int done = 0;
        while (done < count) {
            int run = (int) Math.min(count - done, total - place);
            if (backwards) {
                readForwards(total - place - run, dst, at + done, run);
                reverse(dst, at + done, run);
            } else {
                readForwards(place, dst, at + done, run);
            }
            done += run;
            place = 0;
        }
    }

    private void readForwards(long place, int[] dst, int at, int count) {
        int[] order = this.order;
        if (order == null) {
            tokens.copy(place, dst, at, count);
            return;
        }
        int i = documentAt(place);
        int done = 0;
        while (done < count) {
            long inDocument = place + done - starts[i];
            int run = (int) Math.min(count - done, starts[i + 1] - starts[i] - inDocument);
            tokens.copy(tokens.documentOffset(order[i]) + inDocument, dst, at + done, run);
            done += run;
            i++;
        }
    }

    /** The index in {@code order} of the document that holds a place; empty documents hold none. */
    private int documentAt(long place) {
        int found = Arrays.binarySearch(starts, place);
        int i = found >= 0 ? found : -found - 2;
        while (starts[i + 1] == starts[i]) {
            i++;
        }
        return i;
    }

    private static void reverse(int[] values, int at, int count) {
        for (int low = at, high = at + count - 1; low < high; low++, high--) {
            int swapped = values[low];
            values[low] = values[high];
            values[high] = swapped;
        }
    }
}
