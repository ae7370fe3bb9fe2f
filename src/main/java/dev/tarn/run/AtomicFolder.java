package dev.tarn.run;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes a new folder so that a reader sees it whole or not at all: its files go into a folder of a temporary name beside
 * it, which is then renamed. A failure leaves nothing.
 */
public final class AtomicFolder {

    private AtomicFolder() {}

    /** Puts files into a folder that exists and is empty. */
    @FunctionalInterface
    public interface Content {
        void writeTo(Path folder) throws IOException;
    }

    /**
     * Makes {@code target}; folders above it are made too.
     *
     * @throws FileAlreadyExistsException if there is anything of that name
     * @throws IOException if it cannot be written
     */
    public static void create(Path target, Content content) throws IOException {
        Path absolute = target.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        if (parent == null || Files.exists(absolute)) {
            throw new FileAlreadyExistsException(target.toString(), null, "it exists already");
        }
        Files.createDirectories(parent);
        Path temporary = absolute.resolveSibling("." + absolute.getFileName() + ".tmp");
        Folders.deleteTree(temporary);
        try {
            Files.createDirectory(temporary);
            content.writeTo(temporary);
            AtomicFile.syncFolder(temporary);
            AtomicFile.move(temporary, absolute);
        } finally {
            Folders.deleteTree(temporary);
        }
        AtomicFile.syncFolder(parent);
    }
}
