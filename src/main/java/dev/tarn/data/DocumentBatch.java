package dev.tarn.data;

/**
 * Documents of a classifier side by side, time-major: the token of document {@code i} of the batch at time {@code t} is
 * element {@code t*B + i}. Shorter documents are filled up on the left ({@link DocumentBatches#PADDING}), so the last token
 * of every document stands in the last time step, as fastai's {@code pad_collate} has it.
 *
 * <p>The first {@code rows} columns are documents; the others, which only the last batch of an evaluation has, are padding
 * alone and count in nothing.
 *
 * <p><em>Ownership:</em> the arrays belong to the {@link DocumentBatches} that made the batch and are overwritten by its next
 * one. They may be longer than said; what lies behind is left over from earlier batches.
 *
 * @param ids [T,B] token ids
 * @param steps T, the tokens of the longest document of the batch, at least 1
 * @param batch B, the same for every batch
 * @param rows how many of the B are documents, from 1 to B
 * @param labels [rows] the class of each document, from 0 to C-1; -1 where it has none
 * @param documents [rows] the index of each document in its split
 */
// Copying the arrays would allocate for every batch; a batch is a view, and nobody compares two.
@SuppressWarnings("ArrayRecordComponent")
public record DocumentBatch(int[] ids, int steps, int batch, int rows, int[] labels, int[] documents) {

    /** The token of column {@code i} at time {@code t}. */
    public int id(int t, int i) {
        return ids[t * batch + i];
    }
}
