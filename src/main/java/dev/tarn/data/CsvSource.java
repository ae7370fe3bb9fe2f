package dev.tarn.data;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.run.Nearest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The records of a CSV file with a column for the text and perhaps one for the label; see {@link CsvReader}. */
final class CsvSource implements DocumentSource {

    private final Path file;
    private final CsvColumns columns;
    private final boolean isLabelled;
    private final int textAt;
    private final int labelAt;
    private final int validAt;

    /**
     * Reads the header.
     *
     * @param isLabelled whether to read labels; null: if there is a column for them
     */
    CsvSource(Path file, CsvColumns columns, @Nullable Boolean isLabelled) {
        this.file = file;
        this.columns = columns;
        List<String> names = names();
        this.textAt = require(names, columns.text(), "--text-column");
        this.isLabelled = isLabelled == null ? names.contains(columns.label()) : isLabelled;
        this.labelAt = this.isLabelled ? require(names, columns.label(), "--label-column") : -1;
        this.validAt = names.indexOf(columns.valid());
    }

    private List<String> names() {
        try (CsvReader reader = new CsvReader(file)) {
            List<String> first = reader.next();
            if (first == null) {
                throw new DataException(
                        "'" + file + "' has no header: give a CSV file whose first line names columns.");
            }
            if (columns.hasHeader()) {
                return first;
            }
            List<String> numbers = new ArrayList<>();
            for (int i = 0; i < first.size(); i++) {
                numbers.add(Integer.toString(i));
            }
            return numbers;
        }
    }

    private int require(List<String> names, String name, String flag) {
        int index = names.indexOf(name);
        if (index < 0) {
            throw new ConfigException("'" + file + "' has no column '" + name + "' but " + String.join(", ", names)
                    + ": name one with " + flag + ", such as '" + Nearest.name(name, names) + "'.");
        }
        return index;
    }

    boolean isLabelled() {
        return isLabelled;
    }

    /** The places of the documents that the column for validation marks; none if there is no such column. */
    BitSet valid() {
        BitSet marked = new BitSet();
        if (validAt >= 0) {
            try (CsvReader reader = records()) {
                List<String> record = reader.next();
                for (int place = 0; record != null; place++) {
                    marked.set(place, isTrue(record.get(validAt), reader.lineNumber()));
                    record = reader.next();
                }
            }
        }
        return marked;
    }

    private boolean isTrue(String value, long line) {
        return switch (value.strip().toLowerCase(Locale.ROOT)) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default ->
                throw new DataException("Line " + line + " of '" + file + "' has '" + value + "' in the column '"
                        + columns.valid() + "': write True or False.");
        };
    }

    private CsvReader records() {
        CsvReader reader = new CsvReader(file);
        if (columns.hasHeader()) {
            reader.next();
        }
        return reader;
    }

    @Override
    public Reading open() {
        CsvReader reader = records();
        return new Reading() {
            @Override
            public @Nullable SourceDocument next() {
                List<String> record = reader.next();
                if (record == null) {
                    return null;
                }
                String label = isLabelled ? record.get(labelAt).strip() : null;
                if (label != null && label.isEmpty()) {
                    throw new DataException(
                            "Line " + reader.lineNumber() + " of '" + file + "' has no label in the column '"
                                    + columns.label() + "': give it one, leave the line out, or use --no-labels.");
                }
                return new SourceDocument(record.get(textAt), label, file.toString(), reader.lineNumber());
            }

            @Override
            public void close() {
                reader.close();
            }
        };
    }
}
