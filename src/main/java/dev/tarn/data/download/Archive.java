package dev.tarn.data.download;

import dev.tarn.DataException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks an archive whose content nobody vouches for: an entry that leads out of the folder, is neither file nor folder, or
 * stands there twice ends it, and so does content beyond a bound.
 */
final class Archive {

    private static final int MOST_ENTRIES = 2_000_000;

    private final Path file;
    private final Path target;
    private final long mostBytes;
    private final byte[] buffer = new byte[1 << 16];
    private long bytes;
    private int entries;

    private Archive(Path file, Path target, long mostBytes) {
        this.file = file;
        this.target = target;
        this.mostBytes = mostBytes;
    }

    /**
     * Unpacks a .zip, or a .tar.gz under any other name.
     *
     * @param name the name of the archive, whose ending says what it is
     * @param target an empty folder
     * @param mostBytes refused beyond, in all files together
     * @throws DataException if the archive is damaged or hostile; what was unpacked before stands in the folder
     */
    static void unpack(Path file, String name, Path target, long mostBytes) {
        Archive archive = new Archive(file, target.toAbsolutePath().normalize(), mostBytes);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            if (name.endsWith(".zip")) {
                archive.unzip(in);
            } else {
                archive.untar(new GZIPInputStream(in, 1 << 16));
            }
        } catch (EOFException | ZipException e) {
            throw archive.damaged(e.getMessage() == null ? "it ends too early" : e.getMessage(), e);
        } catch (IOException | IllegalArgumentException e) {
            // Java's zip tells of names that are no text by an IllegalArgumentException.
            throw archive.damaged(String.valueOf(e.getMessage()), e);
        }
        if (archive.entries == 0) {
            throw archive.damaged("it holds nothing", null);
        }
    }

    private void unzip(InputStream in) throws IOException {
        ZipInputStream zip = new ZipInputStream(in);
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            if (entry.isDirectory()) {
                folder(entry.getName());
            } else {
                write(entry.getName(), zip, Long.MAX_VALUE);
            }
        }
    }

    private void untar(InputStream in) throws IOException {
        TarReader tar = new TarReader(in);
        while (tar.next()) {
            switch (tar.kind()) {
                case FOLDER -> folder(tar.name());
                case FILE -> {
                    if (write(tar.name(), in, tar.size()) != tar.size()) {
                        throw new EOFException("it ends within '" + tar.name() + "'");
                    }
                    tar.skipPadding();
                }
                case OTHER -> throw new ZipException("'" + tar.name() + "' is a link or a device");
            }
        }
    }

    private void folder(String name) throws IOException {
        Files.createDirectories(inside(name));
    }

    /** The place of an entry, which is below the folder. */
    private Path inside(String name) throws IOException {
        if (++entries > MOST_ENTRIES) {
            throw new ZipException("it has more than " + MOST_ENTRIES + " entries");
        }
        try {
            Path place = target.resolve(name).normalize();
            boolean hasParent = ("/" + name.replace('\\', '/') + "/").contains("/../");
            if (place.startsWith(target) && !hasParent && !name.startsWith("/") && name.indexOf('\\') < 0) {
                return place;
            }
        } catch (InvalidPathException e) {
            throw new ZipException("'" + name + "' is no name of a file");
        }
        throw new ZipException("'" + name + "' leads out of its folder");
    }

    private long write(String name, InputStream in, long size) throws IOException {
        Path place = inside(name);
        if (place.equals(target) || Files.exists(place)) {
            throw new ZipException("'" + name + "' stands there twice");
        }
        Path parent = place.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        long written = 0;
        try (OutputStream out = Files.newOutputStream(place, StandardOpenOption.CREATE_NEW)) {
            while (written < size) {
                int count = in.read(buffer, 0, (int) Math.min(buffer.length, size - written));
                if (count < 0) {
                    break;
                }
                bytes += count;
                if (bytes > mostBytes) {
                    throw new ZipException("it unpacks to more than " + mostBytes + " bytes");
                }
                out.write(buffer, 0, count);
                written += count;
            }
        }
        return written;
    }

    private DataException damaged(String what, @Nullable Throwable cause) {
        String sentence = "The archive '" + file + "' cannot be unpacked: " + what
                + "; delete it to download it again, or name another mirror with --url.";
        return cause == null ? new DataException(sentence) : new DataException(sentence, cause);
    }
}
