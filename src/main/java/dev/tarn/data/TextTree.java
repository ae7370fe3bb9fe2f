package dev.tarn.data;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.run.FileErrors;
import dev.tarn.run.Nearest;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the text files below a folder, in the order of their names. Links are followed, but a link that leads back to a folder
 * above it is refused. What is hidden is left out, and so is a file with another ending; the number of the latter is told.
 */
final class TextTree {

    private final Path root;
    private final String suffix;
    private final Consumer<String> notes;

    /**
     * A tree.
     *
     * @param suffix the ending of text files, such as {@code ".txt"}; empty: every file
     * @param notes told in one sentence each what is left out
     */
    TextTree(Path root, String suffix, Consumer<String> notes) {
        if (!Files.isDirectory(root)) {
            throw new DataException("There is no folder '" + root + "': give a folder with text files.");
        }
        this.root = root;
        this.suffix = suffix;
        this.notes = notes;
    }

    /**
     * Every text file as a document without a label.
     *
     * @param include the names of the folders below the root to look in; none: in all of it
     */
    FolderSource texts(List<String> include) {
        List<FolderSource.Item> items = new ArrayList<>();
        for (Path folder : include.isEmpty() ? List.of(root) : subfolders(root, include)) {
            collect(folder, null, items);
        }
        return nonEmpty(root, items);
    }

    /**
     * Documents whose label is the name of a folder.
     *
     * @param name the folder below the root that holds a folder for each label; {@code "."} for the root itself
     * @param include the labels to take; none: all
     */
    FolderSource labelled(String name, List<String> include) {
        Path parent = root.resolve(name).normalize();
        if (!Files.isDirectory(parent)) {
            throw new DataException("There is no folder '" + parent + "': '" + root + "' has "
                    + String.join(", ", names(folders(root))) + ".");
        }
        List<Path> labels = include.isEmpty() ? folders(parent) : subfolders(parent, include);
        if (labels.isEmpty()) {
            throw new DataException(
                    "'" + parent + "' has no folders, but each label must be a folder with its texts: move"
                            + " the texts, or use --no-labels.");
        }
        List<FolderSource.Item> items = new ArrayList<>();
        for (Path label : labels) {
            int before = items.size();
            collect(label, String.valueOf(label.getFileName()), items);
            if (items.size() == before) {
                throw new DataException("The label '" + label.getFileName() + "' has no example: '" + label
                        + "' holds no " + files() + "; add some, remove the folder, or choose others with --include.");
            }
        }
        long loose = list(parent).stream()
                .filter(path -> Files.isRegularFile(path) && isText(path))
                .count();
        if (loose > 0) {
            notes.accept("Left out: " + loose + " " + files() + " right in '" + parent
                    + "', outside the folders of the labels.");
        }
        return nonEmpty(parent, items);
    }

    private FolderSource nonEmpty(Path folder, List<FolderSource.Item> items) {
        if (items.isEmpty()) {
            throw new DataException("'" + folder + "' holds no " + files()
                    + ": give a folder with texts, or the ending of" + " its files with --suffix.");
        }
        return new FolderSource(items);
    }

    private String files() {
        return suffix.isEmpty() ? "files" : suffix + " files";
    }

    private List<Path> subfolders(Path parent, List<String> names) {
        List<Path> chosen = new ArrayList<>();
        for (String name : names) {
            Path folder = parent.resolve(name).normalize();
            if (!Files.isDirectory(folder)) {
                List<String> known = names(folders(parent));
                throw new ConfigException("--include names '" + name + "', but '" + parent + "' has "
                        + (known.isEmpty()
                                ? "no folders; leave it out."
                                : String.join(", ", known) + "; did you mean " + Nearest.name(name, known) + "?"));
            }
            chosen.add(folder);
        }
        return chosen;
    }

    private static List<String> names(List<Path> paths) {
        return paths.stream().map(path -> String.valueOf(path.getFileName())).toList();
    }

    private static List<Path> folders(Path parent) {
        return list(parent).stream().filter(Files::isDirectory).toList();
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.filter(path -> !isHidden(path)).sorted().toList();
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
    }

    private static boolean isHidden(Path path) {
        return String.valueOf(path.getFileName()).startsWith(".");
    }

    private boolean isText(Path file) {
        return String.valueOf(file.getFileName()).endsWith(suffix);
    }

    private void collect(Path folder, @Nullable String label, List<FolderSource.Item> items) {
        List<Path> found = new ArrayList<>();
        int[] others = {0};
        try {
            Files.walkFileTree(
                    folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(Path inside, BasicFileAttributes attributes) {
                            return isHidden(inside) && !inside.equals(folder)
                                    ? FileVisitResult.SKIP_SUBTREE
                                    : FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                            // What is still a link here leads nowhere; reading it says so.
                            if (!isHidden(file) && (attributes.isRegularFile() || attributes.isSymbolicLink())) {
                                if (isText(file)) {
                                    found.add(file);
                                } else {
                                    others[0]++;
                                }
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            throw unreadable(file, e);
                        }
                    });
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
        if (others[0] > 0) {
            notes.accept("Left out: " + others[0] + " files below '" + folder + "' that do not end in " + suffix + ".");
        }
        found.sort(Comparator.naturalOrder());
        for (Path file : found) {
            items.add(new FolderSource.Item(file, name(file), label));
        }
    }

    private String name(Path file) {
        return root.normalize().relativize(file.normalize()).toString().replace('\\', '/');
    }

    private static DataException unreadable(Path path, IOException e) {
        if (e instanceof FileSystemLoopException) {
            return new DataException(
                    "'" + path + "' is a link to a folder that holds it, so its texts would never end: remove it.", e);
        }
        return new DataException(
                "'" + path + "' cannot be read: " + FileErrors.reason(e) + "; check the folder and its permissions.",
                e);
    }
}
