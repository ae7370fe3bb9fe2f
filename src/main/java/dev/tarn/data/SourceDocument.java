package dev.tarn.data;

import org.jspecify.annotations.Nullable;

/**
 * A document as it was found, and where.
 *
 * @param text its raw text, which may be empty
 * @param label its class, or null where the source has none
 * @param file the file that holds it
 * @param line the line where it begins, from 1; 0 if it is the whole file
 */
public record SourceDocument(String text, @Nullable String label, String file, long line) {

    /** Where it was found: {@code "train/pos/7_9.txt"} or {@code "texts.csv:17"}. */
    public String origin() {
        return origin(file, line);
    }

    static String origin(String file, long line) {
        return line == 0 ? file : file + ":" + line;
    }
}
