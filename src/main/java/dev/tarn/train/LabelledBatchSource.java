package dev.tarn.train;

import dev.tarn.data.Cursor;
import dev.tarn.data.DocumentBatch;
import dev.tarn.data.DocumentBatches;

/** What training and evaluation need of {@link DocumentBatches}, so that tests can feed them batches of their own. */
interface LabelledBatchSource {

    int batch();

    int longest();

    int windows(long epoch);

    boolean hasNext();

    DocumentBatch next();

    Cursor cursor();

    void seek(Cursor cursor);

    static LabelledBatchSource of(DocumentBatches batches) {
        return new LabelledBatchSource() {
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
