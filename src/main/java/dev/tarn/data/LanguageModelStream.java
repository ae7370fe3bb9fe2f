package dev.tarn.data;

import dev.tarn.DataException;

/**
 * Reads {@link Tokens} as B parallel streams, cut in windows of [T,B] inputs with the tokens that follow them as targets.
 * Stream b of a window continues where stream b of the window before ended, so hidden state may be carried from window to
 * window; it starts anew with an epoch.
 *
 * <p>{@link Windows} says how windows are cut. Everything random follows from (seed, epoch), so {@link #seek} to a
 * {@link Cursor} continues bit for bit, and the number of windows of any epoch is known beforehand.
 *
 * <p>A new stream stands at the start of epoch 0. Reading a window allocates nothing once each length has been seen.
 *
 * <p><em>Thread-safety:</em> none; one thread reads a stream.
 */
public sealed interface LanguageModelStream permits ContiguousStream, RaggedStream {

    /**
     * A stream over some tokens.
     *
     * @throws DataException if the tokens are too few for the options
     */
    static LanguageModelStream open(Tokens tokens, StreamOptions options) {
        return switch (options.windows()) {
            case VARIABLE, CONTIGUOUS -> new ContiguousStream(tokens, options);
            case FIXED -> new RaggedStream(tokens, options);
        };
    }

    /** What the stream was opened with. */
    StreamOptions options();

    /** The exact number of windows of an epoch. Variable windows are drawn to count them: about a microsecond each. */
    int windows(long epoch);

    /** The number of windows of {@code epochs} epochs from {@code firstEpoch} on; a one-cycle schedule is as long. */
    default long windows(long firstEpoch, int epochs) {
        long sum = 0;
        for (int i = 0; i < epochs; i++) {
            sum += windows(firstEpoch + i);
        }
        return sum;
    }

    /** How many predictions an epoch makes: the sum of T * B over its windows. It is the same for every epoch. */
    long predictions();

    /** How many tokens at the end of an epoch stand in no stream, because the tokens do not divide by B. */
    int trimmedTokens();

    /** Goes to the start of an epoch and shuffles if asked to. */
    void start(long epoch);

    /** Whether the epoch has another window. */
    boolean hasNext();

    /**
     * The next window of the epoch. Its arrays are overwritten by the window after it.
     *
     * @throws java.util.NoSuchElementException if the epoch is over
     */
    Batch next();

    /** Where the stream stands: the window that {@link #next} would give. */
    Cursor cursor();

    /**
     * Goes to a place, at any time.
     *
     * @throws DataException if the epoch has fewer windows, which means that the text, bptt or the batch size are not those
     *     that the cursor was taken with
     */
    void seek(Cursor cursor);
}
