package dev.tarn.train;

import dev.tarn.data.Batch;
import dev.tarn.data.Cursor;
import dev.tarn.data.LanguageModelStream;

/** What the loop needs of a {@link LanguageModelStream}, so that tests can feed it windows of their own. */
interface BatchSource {

    int batch();

    int maxSteps();

    int windows(long epoch);

    boolean hasNext();

    Batch next();

    Cursor cursor();

    void seek(Cursor cursor);

    static BatchSource of(LanguageModelStream stream) {
        return new BatchSource() {
            @Override
            public int batch() {
                return stream.options().batch();
            }

            @Override
            public int maxSteps() {
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
}
