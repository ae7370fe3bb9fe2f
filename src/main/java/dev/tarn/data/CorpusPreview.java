package dev.tarn.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** What {@code data show} prints: rows of a batch as text, and the counts of a corpus. */
public final class CorpusPreview {

    private static final int SLICE = 1 << 14;

    private CorpusPreview() {}

    /**
     * The beginnings of the first streams of a batch, as fastai's {@code show_batch} has them.
     *
     * @param token the text of an id
     * @param rows how many streams at most; fastai shows 5
     * @param pieces how many pieces of each at most; fastai shows 70
     * @return one string a stream
     */
    public static List<String> rows(Batch batch, IntFunction<String> token, int rows, int pieces) {
        List<String> shown = new ArrayList<>();
        for (int b = 0; b < Math.min(rows, batch.batch()); b++) {
            int stream = b;
            shown.add(beginning(Math.min(pieces, batch.steps()), t -> token.apply(batch.input(t, stream)), pieces));
        }
        return shown;
    }

    /** The same of the first documents of a batch, their padding left out. */
    public static List<String> rows(DocumentBatch batch, IntFunction<String> token, int rows, int pieces) {
        List<String> shown = new ArrayList<>();
        for (int i = 0; i < Math.min(rows, batch.rows()); i++) {
            int document = i;
            int start = 0;
            while (start < batch.steps() && batch.id(start, i) == DocumentBatches.PADDING) {
                start++;
            }
            int first = start;
            shown.add(beginning(
                    Math.min(pieces, batch.steps() - first), t -> token.apply(batch.id(first + t, document)), pieces));
        }
        return shown;
    }

    /**
     * Tokens with a space between them, cut after so many pieces. As in fastai a piece is what stands between two spaces: a
     * token of white space that holds spaces makes several. A line end is shown as {@code \n}.
     */
    private static String beginning(int count, IntFunction<String> token, int pieces) {
        StringBuilder text = new StringBuilder();
        for (int t = 0; t < count; t++) {
            text.append(t == 0 ? "" : " ").append(token.apply(t));
        }
        List<String> cut = Arrays.asList(text.toString().split(" ", -1));
        return String.join(" ", cut.subList(0, Math.min(pieces, cut.size())))
                .replace("\n", "\\n")
                .replace("\r", "\\r");
    }

    /**
     * The counts of a corpus, in one pass over its tokens.
     *
     * @param vocabularySize every id is below it
     * @param unknown the id of unknown words
     */
    public static Summary summary(Tokens tokens, int vocabularySize, int unknown) {
        long[] counts = new long[vocabularySize];
        int[] slice = new int[SLICE];
        for (long start = 0; start < tokens.numTokens(); start += SLICE) {
            int count = (int) Math.min(SLICE, tokens.numTokens() - start);
            tokens.copy(start, slice, 0, count);
            for (int i = 0; i < count; i++) {
                counts[slice[i]]++;
            }
        }
        long shortest = Long.MAX_VALUE;
        long longest = 0;
        for (int i = 0; i < tokens.numDocuments(); i++) {
            long length = tokens.documentOffset(i + 1) - tokens.documentOffset(i);
            shortest = Math.min(shortest, length);
            longest = Math.max(longest, length);
        }
        int types = (int) Arrays.stream(counts).filter(count -> count > 0).count();
        return new Summary(
                tokens.numDocuments(), tokens.numTokens(), vocabularySize, types, counts[unknown], shortest, longest);
    }

    /**
     * The counts of a corpus.
     *
     * @param documents documents
     * @param tokens tokens of all documents
     * @param vocabularySize ids that could occur
     * @param types ids that do occur
     * @param unknown tokens that the vocabulary does not know
     * @param shortest tokens of the shortest document
     * @param longest tokens of the longest document
     */
    public record Summary(
            int documents, long tokens, int vocabularySize, int types, long unknown, long shortest, long longest) {

        /** Tokens a document, on average. */
        public double meanLength() {
            return (double) tokens / documents;
        }

        /** The share of unknown tokens, from 0 to 1. */
        public double unknownShare() {
            return (double) unknown / tokens;
        }
    }
}
