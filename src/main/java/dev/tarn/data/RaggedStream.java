package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.backend.RandomKey;
import java.util.NoSuchElementException;

/**
 * The windows of fastai's {@code LanguageModelPreLoader} (1.0.42 to 1.0.61): ⌈total/(B·bptt)⌉ windows, all of bptt steps.
 * Stream b starts at token ⌊b·total/B⌋ of the documents in their order and reads on without a break, into its neighbour's
 * part where its own ends and from the last document into the first.
 *
 * <p>fastai permutes the documents in place, so that epoch e depends on all before it; here every epoch has a permutation
 * of its own, which is as random and can be found again. Its quirks of caching are left out: the length never goes stale,
 * and epoch 0 is shuffled like the others, as it is there when the data bunch has been looked at.
 */
final class RaggedStream implements LanguageModelStream {

    private final StreamOptions options;
    private final DocumentSequence sequence;
    private final WindowBuffer buffer;
    private final int[] order;
    private final int windows;
    private long epoch;
    private int window;

    RaggedStream(Tokens tokens, StreamOptions options) {
        this.options = options;
        this.sequence = new DocumentSequence(tokens, options.backwards());
        long total = tokens.numTokens();
        // One token would be its own target, and with fewer tokens than streams two streams would be the same.
        if (total < Math.max(2, options.batch())) {
            throw new DataException("The text has " + total + " tokens, too few for " + options.batch()
                    + " streams: give more text or lower --bs.");
        }
        long perWindow = (long) options.batch() * options.bptt();
        long count = (total + perWindow - 1) / perWindow;
        if (count > 1 << 30) {
            throw new DataException("The text has " + total + " tokens, too many to count windows of " + perWindow
                    + " tokens: raise --bs or --bptt.");
        }
        this.windows = (int) count;
        this.buffer = new WindowBuffer(options);
        this.order = new int[options.shuffle() ? tokens.numDocuments() : 0];
        shuffle();
    }

    static void checkCursor(Cursor cursor, int windows) {
        if (cursor.window() > windows) {
            throw new DataException("The run stopped after window " + cursor.window() + " of epoch " + cursor.epoch()
                    + ", but the data has only " + windows
                    + " windows there: resume with the same text, --bs and --bptt as before.");
        }
    }

    private void shuffle() {
        if (options.shuffle()) {
            Shuffle.permutation(new RandomKey(options.seed(), RandomKey.Purpose.SHUFFLE, 0, epoch), order);
            sequence.order(order);
        }
    }

    /** Sets the order of the documents of this epoch, as recorded from a run of fastai. */
    void order(int[] recorded) {
        sequence.order(recorded);
    }

    @Override
    public StreamOptions options() {
        return options;
    }

    @Override
    public int windows(long epoch) {
        return windows;
    }

    @Override
    public long predictions() {
        return (long) windows * options.bptt() * options.batch();
    }

    @Override
    public int trimmedTokens() {
        return 0;
    }

    @Override
    public void start(long epoch) {
        seek(new Cursor(epoch, 0));
    }

    @Override
    public boolean hasNext() {
        return window < windows;
    }

    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException("epoch " + epoch + " has only " + windows + " windows");
        }
        // fastai computes int(total / bs * b) in double precision, which is not always ⌊b·total/bs⌋.
        double perStream = (double) sequence.total() / options.batch();
        long position = (long) window * options.bptt();
        for (int b = 0; b < options.batch(); b++) {
            buffer.fill(b, sequence, (long) (perStream * b) + position, options.bptt());
        }
        window++;
        return buffer.batch(options.bptt());
    }

    @Override
    public Cursor cursor() {
        return new Cursor(epoch, window);
    }

    @Override
    public void seek(Cursor cursor) {
        checkCursor(cursor, windows);
        if (cursor.epoch() != epoch) {
            epoch = cursor.epoch();
            shuffle();
        }
        window = cursor.window();
    }
}
