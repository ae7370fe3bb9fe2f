package dev.tarn.data;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Documents that can be read again and again, one at a time, always in the same order: a vocabulary is counted in a first
 * pass and ids are written in a second.
 */
public interface DocumentSource {

    /**
     * Starts to read from the first document on.
     *
     * @throws dev.tarn.DataException here and while reading, if a file cannot be used
     */
    Reading open();

    /** Whether all documents of a file are lines of one running text, which becomes a single document. */
    default boolean isRunning() {
        return false;
    }

    /** How many documents there are; reads them if nothing quicker is known. */
    default int count() {
        int count = 0;
        try (Reading reading = open()) {
            while (reading.next() != null) {
                count++;
            }
        }
        return count;
    }

    /** Those of the documents whose place, from 0, is in a set. */
    default DocumentSource only(BitSet places) {
        return () -> {
            Reading all = open();
            return new Reading() {
                private int place;

                @Override
                public @Nullable SourceDocument next() {
                    SourceDocument document = all.next();
                    while (document != null && !places.get(place++)) {
                        document = all.next();
                    }
                    return document;
                }

                @Override
                public void close() {
                    all.close();
                }
            };
        };
    }

    /** One pass over a source. <em>Ownership:</em> the caller closes it. */
    interface Reading extends AutoCloseable {

        /** The next document, or null after the last one. */
        @Nullable
        SourceDocument next();

        @Override
        void close();
    }
}
