package dev.tarn.text;

import java.util.Iterator;
import java.util.function.Consumer;

/**
 * Turns documents into token ids.
 *
 * <p><em>Thread-safety:</em> safe for many threads.
 *
 * @param pipeline makes the tokens
 * @param vocab gives them their ids
 */
public record Numericalizer(TextPipeline pipeline, Vocab vocab) {

    /** The ids of one document, in a new array. */
    public int[] numericalize(String document) {
        return vocab.numericalize(pipeline.tokenize(document));
    }

    /**
     * Numericalizes many documents on several threads, with a few batches of them in memory at a time.
     *
     * @param documents read on the calling thread
     * @param sink gets the ids of each document, in the order of the documents, on the calling thread; the array is its own
     * @throws IllegalArgumentException if {@code threads} is below 1
     */
    public void numericalizeAll(Iterator<String> documents, int threads, Consumer<int[]> sink) {
        OrderedWork.eachDocument(documents, threads, this::numericalize, sink);
    }
}
