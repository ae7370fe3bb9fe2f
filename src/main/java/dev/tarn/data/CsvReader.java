package dev.tarn.data;

import dev.tarn.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads comma-separated values as RFC 4180 has them: a field in double quotes may hold commas, line ends and doubled quotes;
 * any other field is taken as it stands. Lines without anything are left out.
 *
 * <p>Deviation: a line end within quotes becomes {@code \n} whatever it was. What the RFC forbids is refused, with the number
 * of the line: a quote that is never closed, text behind a closing quote, a quote within a field that does not begin with one,
 * and a record with more or fewer fields than the first.
 *
 * <p><em>Thread-safety:</em> none. <em>Ownership:</em> the caller closes it.
 */
final class CsvReader implements AutoCloseable {

    /** The longest field in quotes, in characters: an open quote must not read a whole disk into memory. */
    private static final int MAX_FIELD = 1 << 26;

    private final Path file;
    private final LineReader lines;
    private int width = -1;
    private long line;
    private String text = "";
    private int at;

    CsvReader(Path file) {
        this.file = file;
        this.lines = TextFiles.open(file);
    }

    /** The fields of the next record, or null after the last one. */
    @Nullable
    List<String> next() {
        String next = lines.next();
        while (next != null && next.isEmpty()) {
            next = lines.next();
        }
        if (next == null) {
            return null;
        }
        text = next;
        line = lines.lineNumber();
        at = 0;
        List<String> fields = new ArrayList<>(Math.max(4, width));
        do {
            fields.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
        } while (at++ < text.length());
        if (width < 0) {
            width = fields.size();
        } else if (fields.size() != width) {
            throw wrong(line, "has " + fields.size() + " fields, but the first line has " + width);
        }
        return fields;
    }

    /** The line on which the record began that was read last, from 1. */
    long lineNumber() {
        return line;
    }

    private String plain() {
        int comma = text.indexOf(',', at);
        String field = text.substring(at, comma < 0 ? text.length() : comma);
        if (field.indexOf('"') >= 0) {
            throw wrong(lines.lineNumber(), "has a quote within a field that does not begin with one");
        }
        at += field.length();
        return field;
    }

    /** Reads on over line ends up to the closing quote; {@code at} then stands on a comma or the end of the line. */
    private String quoted() {
        long opened = lines.lineNumber();
        StringBuilder field = new StringBuilder();
        at++;
        while (true) {
            int quote = text.indexOf('"', at);
            if (quote < 0) {
                field.append(text, at, text.length()).append('\n');
                String next = lines.next();
                if (next == null || field.length() > MAX_FIELD) {
                    throw wrong(opened, "opens a quote that is never closed");
                }
                text = next;
                at = 0;
            } else {
                field.append(text, at, quote);
                at = quote + 1;
                if (at == text.length() || text.charAt(at) == ',') {
                    return field.toString();
                }
                if (text.charAt(at) != '"') {
                    throw wrong(lines.lineNumber(), "has text behind a closing quote");
                }
                field.append('"');
                at++;
            }
        }
    }

    private DataException wrong(long number, String what) {
        return new DataException("Line " + number + " of '" + file + "' " + what
                + ": a field with quotes, commas or line ends stands in double quotes, and a quote in it is doubled.");
    }

    @Override
    public void close() {
        lines.close();
    }
}
