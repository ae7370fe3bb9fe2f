package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Opens text files and says clearly what is wrong with those that cannot be used: missing, a folder, empty, unreadable, or
 * not UTF-8. Nothing is ever replaced by a question mark.
 */
public final class TextFiles {

    private TextFiles() {}

    /**
     * Opens a file to read its lines, each of them a document.
     *
     * @throws DataException if the file is missing, a folder, empty or unreadable
     */
    public static LineReader open(Path file) {
        if (Files.isDirectory(file)) {
            throw new DataException("'" + file + "' is a folder: give a text file.");
        }
        try {
            LineReader reader = new LineReader(file, Files.newInputStream(file));
            if (!reader.hasNext()) {
                reader.close();
                throw new DataException("'" + file + "' is empty: give a text file with at least one line.");
            }
            return reader;
        } catch (NoSuchFileException e) {
            throw new DataException("There is no file '" + file + "': give a UTF-8 text file that exists.", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** Reads the lines of a stream, such as standard input, which may have none. */
    public static LineReader read(String name, InputStream in) {
        return new LineReader(Path.of(name), in);
    }

    /**
     * Gives every line of a file to {@code each}, in order.
     *
     * @throws DataException as {@link #open} and {@link LineReader#next}
     */
    public static void forEachLine(Path file, Consumer<String> each) {
        try (LineReader reader = open(file)) {
            for (String line = reader.next(); line != null; line = reader.next()) {
                each.accept(line);
            }
        }
    }

    /**
     * A whole file as one document, its line ends kept; at most 256 MiB.
     *
     * @throws DataException as {@link #open} and {@link LineReader#next}
     */
    public static String read(Path file) {
        try (LineReader reader = open(file)) {
            String text = reader.rest();
            return text == null ? "" : text;
        }
    }

    /** As {@link #read}, but an empty file is an empty text. */
    static String readOrEmpty(Path file) {
        try {
            return Files.size(file) == 0 ? "" : read(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    static DataException unreadable(Path file, IOException e) {
        return new DataException(
                "'" + file + "' cannot be read: " + FileErrors.reason(e) + "; check the file and its permissions.", e);
    }
}
