package dev.tarn.data;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.text.SpecialToken;
import java.util.Arrays;
import java.util.NoSuchElementException;

/**
 * Reads {@link Documents} as batches of whole documents of about the same length, padded on the left.
 *
 * <p>Training draws another order in every epoch ({@link SortishSampler}) and has full batches only; evaluation goes from the
 * longest document to the shortest, gives each exactly once, and its last batch may have columns of padding alone. An order
 * follows from (seed, epoch), so {@link #seek} to a {@link Cursor} continues bit for bit.
 *
 * <p>New ones stand at the start of epoch 0. The arrays of a batch grow with the longest seen and are then used again.
 *
 * <p><em>Thread-safety:</em> none.
 */
public final class DocumentBatches {

    /** The id that fills batches up, {@code xxpad}. */
    public static final int PADDING = SpecialToken.PAD.id();

    private static final int MAX_CELLS = 1 << 28;

    private final Documents source;
    private final int batch;
    private final boolean backwards;
    private final boolean isTraining;
    private final long seed;
    private final SortishSampler sampler;
    private final int longest;
    private final int windows;
    private final int[] labels;
    private final int[] documents;
    private int[] ids = {};
    private int[] row = {};
    private long epoch;
    private int window;
    private int[] order;

    private DocumentBatches(Documents source, int batch, boolean backwards, boolean isTraining, long seed) {
        if (batch < 1) {
            throw new ConfigException("The batch size is " + batch + ", but it must be at least 1: set --bs.");
        }
        this.source = source;
        this.batch = batch;
        this.backwards = backwards;
        this.isTraining = isTraining;
        this.seed = seed;
        int[] lengths = lengths(source);
        this.longest = Math.max(1, Arrays.stream(lengths).max().orElse(0));
        if ((long) longest * batch > MAX_CELLS) {
            throw new DataException("The longest document has " + longest + " tokens, which makes batches of " + batch
                    + " larger than the " + MAX_CELLS + " tokens that are allowed: lower --bs to "
                    + Math.max(1, MAX_CELLS / longest) + " or split the document.");
        }
        this.sampler = new SortishSampler(lengths, batch);
        this.windows = isTraining ? sampler.batches() : (int) ((lengths.length + batch - 1L) / batch);
        this.labels = new int[batch];
        this.documents = new int[batch];
        this.order = isTraining ? sampler.training(seed, 0) : sampler.byLength();
    }

    /**
     * Batches to train on.
     *
     * @param documents each with a label
     * @param batch B, the documents of a batch
     * @param seed the orders of all epochs follow from it
     * @param backwards whether the tokens of a document come in reverse order; padding stands on the left all the same
     * @throws DataException if there are fewer documents than a batch has, or one has no label
     */
    public static DocumentBatches training(Documents documents, int batch, long seed, boolean backwards) {
        DocumentBatches made = new DocumentBatches(documents, batch, backwards, true, seed);
        for (int i = 0; i < documents.size(); i++) {
            if (documents.labels()[i] == Documents.UNLABELLED) {
                throw new DataException("Document " + i
                        + " of the training text has no label, but a classifier learns from labels: give it one.");
            }
        }
        if (made.windows == 0) {
            throw new DataException("There are " + documents.size() + " documents to train on, fewer than a batch of "
                    + batch + ": " + (documents.size() == 0 ? "" : "lower --bs to " + documents.size() + " or ")
                    + "give more documents.");
        }
        return made;
    }

    /**
     * Batches to measure or predict with: every document once, in the same order in every epoch.
     *
     * @param documents with labels or without
     * @param batch B, the columns of a batch
     * @param backwards as {@link #training}
     */
    public static DocumentBatches evaluation(Documents documents, int batch, boolean backwards) {
        return new DocumentBatches(documents, batch, backwards, false, 0);
    }

    private static int[] lengths(Documents source) {
        int[] lengths = new int[source.size()];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = (int) Math.min(Integer.MAX_VALUE, source.length(i));
        }
        return lengths;
    }

    /** B, the columns of a batch. */
    public int batch() {
        return batch;
    }

    /** The most steps that a batch can have: the tokens of the longest document, at least 1. */
    public int longest() {
        return longest;
    }

    /** The number of batches of an epoch, the same for every epoch. */
    public int windows(long epoch) {
        return windows;
    }

    /** Whether the epoch has another batch. */
    public boolean hasNext() {
        return window < windows;
    }

    /**
     * The next batch of the epoch. Its arrays are overwritten by the batch after it.
     *
     * @throws NoSuchElementException if the epoch is over
     */
    public DocumentBatch next() {
        if (!hasNext()) {
            throw new NoSuchElementException("epoch " + epoch + " has only " + windows + " batches");
        }
        int start = window * batch;
        int rows = Math.min(batch, order.length - start);
        int steps = 1;
        for (int i = 0; i < rows; i++) {
            documents[i] = order[start + i];
            labels[i] = source.labels()[documents[i]];
            steps = Math.max(steps, (int) source.length(documents[i]));
        }
        if (ids.length < steps * batch) {
            ids = new int[steps * batch];
            row = new int[steps];
        }
        Arrays.fill(ids, 0, steps * batch, PADDING);
        for (int i = 0; i < rows; i++) {
            fill(i, documents[i], steps);
        }
        window++;
        return new DocumentBatch(ids, steps, batch, rows, labels, documents);
    }

    private void fill(int column, int document, int steps) {
        int length = (int) source.length(document);
        source.tokens().copy(source.tokens().documentOffset(document), row, 0, length);
        for (int i = 0; i < length; i++) {
            ids[(steps - length + i) * batch + column] = row[backwards ? length - 1 - i : i];
        }
    }

    /** Where these stand: the batch that {@link #next} would give. */
    public Cursor cursor() {
        return new Cursor(epoch, window);
    }

    /**
     * Goes to a place, at any time.
     *
     * @throws DataException if an epoch has fewer batches, which means that the documents or the batch size are not those
     *     that the cursor was taken with
     */
    public void seek(Cursor cursor) {
        RaggedStream.checkCursor(cursor, windows);
        if (isTraining && cursor.epoch() != epoch) {
            order = sampler.training(seed, cursor.epoch());
        }
        epoch = cursor.epoch();
        window = cursor.window();
    }
}
