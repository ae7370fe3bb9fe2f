package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.backend.RandomKey;
import java.util.NoSuchElementException;

/**
 * B contiguous streams of n = ⌊total/B⌋ tokens in windows of drawn or regular length. A stream makes n-1 predictions: each
 * of its tokens but the first is predicted exactly once.
 *
 * <p>Regular windows are what a perplexity is measured on: no token counts twice, as with overlapping rows, and none is
 * left out but the first of each stream and the remainder of total/B. With B = 1 that is every token but the first. State
 * is carried, so window boundaries cost no context, while each of the B streams starts without any: a smaller B gives a
 * slightly lower figure. Use the same B to compare.
 */
final class ContiguousStream implements LanguageModelStream {

    private final StreamOptions options;
    private final DocumentSequence sequence;
    private final WindowBuffer buffer;
    private final int[] order;
    private final long tokensPerStream;
    private long epoch;
    private int window;
    private long position;
    private int[] lengths;

    ContiguousStream(Tokens tokens, StreamOptions options) {
        this.options = options;
        this.sequence = new DocumentSequence(tokens, options.backwards());
        this.tokensPerStream = tokens.numTokens() / options.batch();
        checkSize(tokens.numTokens());
        this.buffer = new WindowBuffer(options);
        this.order = new int[options.shuffle() ? tokens.numDocuments() : 0];
        this.lengths = lengths(0);
        shuffle();
    }

    private void checkSize(long total) {
        // Training wants one nominal window; a validation text may be as short as one prediction a stream.
        long perStream = options.windows() == Windows.VARIABLE ? options.bptt() + 1L : 2;
        if (tokensPerStream < perStream) {
            throw tooFew(total, options, perStream);
        }
        long shortest = Math.min(options.bptt(), BpttWindows.MIN_STEPS);
        if (tokensPerStream / shortest > 1 << 30) {
            throw new DataException(
                    "The text has " + tokensPerStream + " tokens a stream, too many to count windows of "
                            + options.bptt() + " steps: raise --bs or --bptt.");
        }
    }

    static DataException tooFew(long total, StreamOptions options, long perStream) {
        int batch = options.batch();
        long fitting = total / perStream;
        String mend = fitting >= 1
                ? "lower --bs to " + fitting + (perStream > 2 ? " or --bptt" : "") + ", or give more text."
                : "give more text" + (perStream > 2 ? " or lower --bptt." : ".");
        return new DataException("The text has " + total + " tokens, but a batch size of " + batch + " with bptt "
                + options.bptt() + " needs at least " + batch * perStream + " (" + batch + " streams of " + perStream
                + "): " + mend);
    }

    private int[] lengths(long epoch) {
        long positions = tokensPerStream - 1;
        return options.windows() == Windows.VARIABLE
                ? BpttWindows.drawn(positions, options.bptt(), options.seed(), epoch)
                : BpttWindows.regular(positions, options.bptt());
    }

    private void shuffle() {
        if (options.shuffle()) {
            Shuffle.permutation(new RandomKey(options.seed(), RandomKey.Purpose.SHUFFLE, 0, epoch), order);
            sequence.order(order);
        }
    }

    @Override
    public StreamOptions options() {
        return options;
    }

    @Override
    public int windows(long epoch) {
        return epoch == this.epoch || options.windows() != Windows.VARIABLE ? lengths.length : lengths(epoch).length;
    }

    @Override
    public long predictions() {
        return (tokensPerStream - 1) * options.batch();
    }

    @Override
    public int trimmedTokens() {
        return (int) (sequence.total() - tokensPerStream * options.batch());
    }

    @Override
    public void start(long epoch) {
        seek(new Cursor(epoch, 0));
    }

    @Override
    public boolean hasNext() {
        return window < lengths.length;
    }

    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException("epoch " + epoch + " has only " + lengths.length + " windows");
        }
        int steps = lengths[window];
        for (int b = 0; b < options.batch(); b++) {
            buffer.fill(b, sequence, b * tokensPerStream + position, steps);
        }
        window++;
        position += steps;
        return buffer.batch(steps);
    }

    @Override
    public Cursor cursor() {
        return new Cursor(epoch, window);
    }

    @Override
    public void seek(Cursor cursor) {
        int[] lengths = cursor.epoch() == epoch ? this.lengths : lengths(cursor.epoch());
        RaggedStream.checkCursor(cursor, lengths.length);
        if (cursor.epoch() != epoch) {
            this.lengths = lengths;
            epoch = cursor.epoch();
            shuffle();
        }
        window = cursor.window();
        position = 0;
        for (int i = 0; i < window; i++) {
            position += lengths[i];
        }
    }
}
