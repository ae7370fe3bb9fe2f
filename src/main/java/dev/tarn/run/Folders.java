package dev.tarn.run;

import dev.tarn.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Removes a folder of our own with everything in it. */
public final class Folders {

    private Folders() {}

    /**
     * Deletes it.
     *
     * @param folder may be missing
     * @throws ConfigException if something of it cannot be deleted
     */
    public static void delete(Path folder) {
        try {
            deleteTree(folder);
        } catch (IOException e) {
            throw new ConfigException(
                    "The folder " + folder + " cannot be removed (" + FileErrors.reason(e) + "); remove it.", e);
        }
    }

    /**
     * As {@link #delete}, for callers with words of their own for a failure.
     *
     * @throws IOException if something of it cannot be deleted
     */
    public static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            List<Path> inside = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path path : inside) {
                Files.delete(path);
            }
        }
    }
}
