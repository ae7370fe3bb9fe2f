package dev.tarn.train;

import dev.tarn.data.Batch;
import dev.tarn.data.Cursor;
import dev.tarn.data.DocumentBatch;
import dev.tarn.data.DocumentBatches;
import dev.tarn.data.LanguageModelStream;

/**
 * What training and evaluation need of {@link LanguageModelStream} and {@link DocumentBatches}, so that tests can feed them
 * batches of their own.
 *
 * @param <B> a batch
 */
interface BatchSource<B> {

    /** B, the streams or documents of a batch. */
    int batch();

    /** The most steps that a batch has. */
    int longest();

    /** The number of batches of an epoch. */
    int windows(long epoch);

    /** Whether the epoch has another batch. */
    boolean hasNext();

    B next();

    /** The batch that comes next. */
    Cursor cursor();

    /** Goes to a batch. */
    void seek(Cursor cursor);

    static BatchSource<Batch> of(LanguageModelStream stream) {
        return new BatchSource<>() {
            @Override
            public int batch() {
                return stream.options().batch();
            }

            @Override
            public int longest() {
                return stream.options().maxSteps();
            }

            @Override
            public int windows(long epoch) {
                return stream.windows(epoch);
            }

            @Override
            public boolean hasNext() {
                return stream.hasNext();
            }

            @Override
            public Batch next() {
                return stream.next();
            }

            @Override
            public Cursor cursor() {
                return stream.cursor();
            }

            @Override
            public void seek(Cursor cursor) {
                stream.seek(cursor);
            }
        };
    }

    static BatchSource<DocumentBatch> of(DocumentBatches batches) {
        return new BatchSource<>() {
            @Override
            public int batch() {
                return batches.batch();
            }

            @Override
            public int longest() {
                return batches.longest();
            }

            @Override
            public int windows(long epoch) {
                return batches.windows(epoch);
            }

            @Override
            public boolean hasNext() {
                return batches.hasNext();
            }

            @Override
            public DocumentBatch next() {
                return batches.next();
            }

            @Override
            public Cursor cursor() {
                return batches.cursor();
            }

            @Override
            public void seek(Cursor cursor) {
                batches.seek(cursor);
            }
        };
    }
}
