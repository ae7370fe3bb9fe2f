package dev.tarn.data;

import java.util.List;

/**
 * Token ids in documents, one after the other. A {@link TokenStore} keeps them in a file; {@link #of} wraps arrays.
 *
 * <p><em>Thread-safety:</em> immutable, so any number of threads may read.
 */
public interface Tokens {

    /** All tokens of all documents. */
    long numTokens();

    /** The number of documents. A document may be empty. */
    int numDocuments();

    /**
     * Where a document starts.
     *
     * @param document from 0 to {@link #numDocuments()} inclusive; the last one gives {@link #numTokens()}
     * @return index of its first token
     */
    long documentOffset(int document);

    /**
     * Copies {@code count} ids from token {@code start} on into {@code dst[at..at+count)}.
     *
     * @throws IndexOutOfBoundsException if that leaves the tokens or the array
     */
    void copy(long start, int[] dst, int at, int count);

    /** Tokens in memory, one array per document. The arrays are copied. */
    static Tokens of(List<int[]> documents) {
        return ArrayTokens.of(documents);
    }

    /** One document in memory. The array is copied. */
    static Tokens of(int... document) {
        return ArrayTokens.of(List.of(document));
    }
}
