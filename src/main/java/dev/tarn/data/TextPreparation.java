package dev.tarn.data;

import dev.tarn.text.Numericalizer;
import dev.tarn.text.TextPipeline;
import dev.tarn.text.TokenCounts;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Passes over {@link DocumentSource}s on several threads: one that counts tokens, one that writes ids and labels. */
final class TextPreparation {

    private TextPreparation() {}

    static TokenCounts count(DocumentSource source, TextPipeline pipeline, int threads) {
        TokenCounts counts = new TokenCounts();
        try (DocumentSource.Reading reading = source.open()) {
            pipeline.tokenizeAll(new Texts(reading, null), threads, counts::addAll);
        }
        return counts;
    }

    /** What is written of a split before the classes are known. */
    record Split(DocumentTableWriter table, int checksum) {}

    /** Writes the token store of a split. */
    static Split write(Path store, DocumentSource source, Numericalizer numericalizer, String vocabulary, int threads) {
        DocumentTableWriter table = new DocumentTableWriter();
        try (TokenStoreWriter writer =
                TokenStore.create(store, numericalizer.vocab().size(), vocabulary)) {
            forEach(source, numericalizer, threads, table::add, writer::add);
            writer.commit();
            return new Split(table, writer.checksum());
        }
    }

    /**
     * Gives every document, as found and as ids, in order. The lines of a running text are put together: the first of a file
     * stands for it.
     */
    static void forEach(
            DocumentSource source,
            Numericalizer numericalizer,
            int threads,
            Consumer<SourceDocument> found,
            Consumer<int[]> ids) {
        Deque<SourceDocument> ahead = new ArrayDeque<>();
        Joined joined = new Joined(found, ids);
        try (DocumentSource.Reading reading = source.open()) {
            numericalizer.numericalizeAll(new Texts(reading, ahead), threads, document -> {
                SourceDocument next = ahead.remove();
                if (source.isRunning()) {
                    joined.add(next, document);
                } else {
                    found.accept(next);
                    ids.accept(document);
                }
            });
        }
        joined.flush();
    }

    /** Puts the lines of a file together. */
    private static final class Joined {

        private final Consumer<SourceDocument> found;
        private final Consumer<int[]> ids;
        private final IntArrayList tokens = new IntArrayList();
        private @Nullable SourceDocument first;

        Joined(Consumer<SourceDocument> found, Consumer<int[]> ids) {
            this.found = found;
            this.ids = ids;
        }

        void add(SourceDocument line, int[] lineTokens) {
            if (first != null && !first.file().equals(line.file())) {
                flush();
            }
            if (first == null) {
                first = new SourceDocument("", null, line.file(), 0);
            }
            tokens.addElements(tokens.size(), lineTokens);
        }

        void flush() {
            if (first != null) {
                found.accept(first);
                ids.accept(tokens.toIntArray());
            }
            first = null;
            tokens.clear();
        }
    }

    /** A reading as an iterator, which is how work in parallel takes its documents. */
    private static final class Texts implements Iterator<String> {

        private final DocumentSource.Reading reading;
        private final @Nullable Deque<SourceDocument> ahead;
        private @Nullable SourceDocument next;

        /**
         * An iterator.
         *
         * @param ahead gets every document that was handed out, without its text; or null
         */
        Texts(DocumentSource.Reading reading, @Nullable Deque<SourceDocument> ahead) {
            this.reading = reading;
            this.ahead = ahead;
            this.next = reading.next();
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public String next() {
            SourceDocument document = next;
            if (document == null) {
                throw new NoSuchElementException();
            }
            if (ahead != null) {
                ahead.add(new SourceDocument("", document.label(), document.file(), document.line()));
            }
            next = reading.next();
            return document.text();
        }
    }

    /** Writes the tables of both splits, with the classes of the training documents. */
    static void writeTables(Split train, Path trainTable, @Nullable Split valid, Path validTable) {
        List<String> classes = train.table().classes();
        if (valid != null) {
            valid.table().requireLabelsOf(classes);
            valid.table().write(validTable, valid.table().classes().isEmpty() ? List.of() : classes, valid.checksum());
        }
        train.table().write(trainTable, classes, train.checksum());
    }
}
