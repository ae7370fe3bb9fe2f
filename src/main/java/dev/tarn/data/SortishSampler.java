package dev.tarn.data;

import dev.tarn.backend.RandomKey;
import it.unimi.dsi.fastutil.ints.IntArrays;

/**
 * The orders in which a classifier reads documents, after fastai v1's {@code SortishSampler} and {@code SortSampler}:
 * documents of one batch should be about as long, so that little of it is padding, and training wants chance all the same.
 *
 * <p>Training: documents are drawn in a random order and taken in blocks of {@value #BATCHES_PER_BLOCK} batches; each block is
 * sorted from long to short and cut in batches; the batch with the longest document comes first, so that a memory that is too
 * small shows at once, and the others in a second random order.
 *
 * <p>Deviation: where the documents do not divide by the batch size, fastai's short batch may land in the middle and shifts the
 * bounds of all that follow, which then mix long with short. Here the remainder is left out beforehand, the last of the random
 * order, so that every document may be among them but the longest.
 */
final class SortishSampler {

    private static final int BATCHES_PER_BLOCK = 50;

    private final int[] lengths;
    private final int batch;

    /**
     * A sampler.
     *
     * @param lengths the tokens of each document
     * @param batch B, at least 1
     */
    SortishSampler(int[] lengths, int batch) {
        this.lengths = lengths;
        this.batch = batch;
    }

    /** How many full batches an epoch has. */
    int batches() {
        return lengths.length / batch;
    }

    /** The documents of an epoch in order, batch after batch; every batch is full. */
    int[] training(long seed, long epoch) {
        int[] drawn = new int[lengths.length];
        Shuffle.permutation(new RandomKey(seed, RandomKey.Purpose.SHUFFLE, 0, epoch), drawn);
        int[] batchOrder = new int[Math.max(0, batches() - 1)];
        Shuffle.permutation(new RandomKey(seed, RandomKey.Purpose.SHUFFLE, 1, epoch), batchOrder);
        return training(drawn, batchOrder);
    }

    /**
     * The same with draws that are given.
     *
     * @param drawn a permutation of the documents
     * @param batchOrder a permutation of all batches but the first
     */
    int[] training(int[] drawn, int[] batchOrder) {
        int[] sorted = drawn.clone();
        int kept = batches() * batch;
        keepLongest(sorted, kept);
        int block = BATCHES_PER_BLOCK * batch;
        for (int start = 0; start < kept; start += block) {
            IntArrays.stableSort(sorted, start, Math.min(kept, start + block), this::longerFirst);
        }
        int longest = 0;
        for (int i = 1; i < batches(); i++) {
            if (lengths[sorted[i * batch]] > lengths[sorted[longest * batch]]) {
                longest = i;
            }
        }
        swapBatches(sorted, 0, longest);
        int[] order = new int[kept];
        System.arraycopy(sorted, 0, order, 0, Math.min(batch, kept));
        for (int i = 0; i < batchOrder.length; i++) {
            System.arraycopy(sorted, (batchOrder[i] + 1) * batch, order, (i + 1) * batch, batch);
        }
        return order;
    }

    /** All documents from long to short, those of one length as they stand. */
    int[] byLength() {
        int[] order = new int[lengths.length];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        IntArrays.stableSort(order, this::longerFirst);
        return order;
    }

    private int longerFirst(int a, int b) {
        return Integer.compare(lengths[b], lengths[a]);
    }

    private void keepLongest(int[] drawn, int kept) {
        if (kept == drawn.length || kept == 0) {
            return;
        }
        int longest = 0;
        for (int i = 1; i < drawn.length; i++) {
            longest = lengths[drawn[i]] > lengths[drawn[longest]] ? i : longest;
        }
        if (longest >= kept) {
            IntArrays.swap(drawn, 0, longest);
        }
    }

    private void swapBatches(int[] order, int a, int b) {
        for (int i = 0; a != b && i < batch; i++) {
            IntArrays.swap(order, a * batch + i, b * batch + i);
        }
    }
}
