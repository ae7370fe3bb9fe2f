package dev.tarn.data;

import dev.tarn.DataException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines of text files, each of them a document: plain text, or {@code LABEL<TAB>text}. Blank lines are left out, but in a
 * running text, where each ends a line like any other.
 */
final class LineSource implements DocumentSource {

    private final List<Path> files;
    private final boolean isLabelled;
    private final boolean isRunning;

    /**
     * A source.
     *
     * @param isLabelled whether what stands before the first tab of a line is its label
     * @param isRunning whether a file is one text whose lines must not be torn apart; labelled lines never are
     */
    LineSource(List<Path> files, boolean isLabelled, boolean isRunning) {
        this.files = List.copyOf(files);
        this.isLabelled = isLabelled;
        this.isRunning = isRunning && !isLabelled;
    }

    @Override
    public boolean isRunning() {
        return isRunning;
    }

    @Override
    public Reading open() {
        return new Lines();
    }

    private SourceDocument document(Path file, String line, long number) {
        if (!isLabelled) {
            return new SourceDocument(line, null, file.toString(), number);
        }
        int tab = line.indexOf('\t');
        String label = tab < 0 ? "" : line.substring(0, tab).strip();
        if (label.isEmpty()) {
            throw new DataException(
                    "Line " + number + " of '" + file + "' has no label, but every line must be a label,"
                            + " a tab and the text: mend the line, or leave --labels out.");
        }
        return new SourceDocument(line.substring(tab + 1), label, file.toString(), number);
    }

    private final class Lines implements Reading {

        private int file;
        private @Nullable LineReader reader;

        @Override
        public @Nullable SourceDocument next() {
            while (file < files.size()) {
                if (reader == null) {
                    reader = TextFiles.open(files.get(file));
                }
                String line = reader.next();
                while (line != null && line.isBlank() && !isRunning) {
                    line = reader.next();
                }
                if (line != null) {
                    return document(files.get(file), line, reader.lineNumber());
                }
                close();
                file++;
            }
            return null;
        }

        @Override
        public void close() {
            if (reader != null) {
                reader.close();
                reader = null;
            }
        }
    }
}
