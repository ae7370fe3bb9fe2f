package dev.tarn.data;

import dev.tarn.DataException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The lines of several files one after another, or of a stream where there is no file; each line is a text, read when it
 * is asked for.
 *
 * <p>Thread-safety: none. Ownership: what it reads, closed by {@link #close}.
 */
public final class Lines implements Supplier<@Nullable String>, AutoCloseable {

    private final Deque<Path> files;
    private @Nullable LineReader reader;

    /**
     * Looks at every file, so that one that is missing is told before anything is done with the others.
     *
     * @param in read where there are no files
     * @throws DataException if a file is missing, a folder, empty or unreadable
     */
    public Lines(Collection<Path> files, InputStream in) {
        this.files = new ArrayDeque<>(files);
        for (Path file : files) {
            TextFiles.open(file).close();
        }
        reader = files.isEmpty() ? TextFiles.read("standard input", in) : null;
    }

    /**
     * The next line without its end, or null after the last one of the last file.
     *
     * @throws DataException as {@link LineReader#next}
     */
    @Override
    public @Nullable String get() {
        while (true) {
            String line = reader == null ? null : reader.next();
            if (line != null) {
                return line;
            }
            if (files.isEmpty()) {
                return null;
            }
            close();
            reader = TextFiles.open(files.remove());
        }
    }

    @Override
    public void close() {
        if (reader != null) {
            reader.close();
        }
    }
}
