package dev.tarn.data;

import java.util.NoSuchElementException;

/**
 * Reads {@link Tokens} as B contiguous streams of n = ⌊total/B⌋ tokens, in windows as long as the reader asks for; a
 * {@link LanguageModelStream} cuts an epoch by a plan of its own. Stream b begins with token b·n, and goes on where its
 * window before ended. <em>Thread-safety:</em> none.
 */
public final class StreamReader {

    private final int batch;
    private final DocumentSequence sequence;
    private final WindowBuffer buffer;
    private final long tokensPerStream;
    private long position;

    /**
     * Stands at the beginning.
     *
     * @param batch B, at least 1
     * @param maxSteps the longest window
     * @param backwards as {@link StreamOptions#backwards}
     */
    public StreamReader(Tokens tokens, int batch, int maxSteps, boolean backwards) {
        this.batch = batch;
        this.sequence = new DocumentSequence(tokens, backwards);
        this.buffer = new WindowBuffer(StreamOptions.evaluation(batch, maxSteps));
        this.tokensPerStream = tokens.numTokens() / batch;
    }

    /** How many predictions each stream has left. */
    public long remaining() {
        return Math.max(0, tokensPerStream - 1 - position);
    }

    /**
     * The next window. Its arrays are overwritten by the window after it.
     *
     * @param steps T, 1..maxSteps
     * @throws NoSuchElementException if fewer are left
     */
    public Batch next(int steps) {
        if (steps > remaining()) {
            throw new NoSuchElementException("a window of " + steps + " steps where " + remaining() + " are left");
        }
        for (int b = 0; b < batch; b++) {
            buffer.fill(b, sequence, b * tokensPerStream + position, steps);
        }
        position += steps;
        return buffer.batch(steps);
    }
}
