package dev.tarn.cli;

import dev.tarn.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Removes a folder of our own with everything in it. */
final class Folders {

    private Folders() {}

    static void delete(Path folder) {
        try (Stream<Path> walk = Files.walk(folder)) {
            List<Path> inside = walk.sorted(Comparator.reverseOrder()).toList();
            for (Path path : inside) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new ConfigException(
                    "The folder " + folder + " cannot be removed (" + e.getMessage() + "); remove it.", e);
        }
    }
}
