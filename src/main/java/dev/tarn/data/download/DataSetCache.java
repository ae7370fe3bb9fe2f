package dev.tarn.data.download;

import dev.tarn.DataException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import dev.tarn.run.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A folder with the data sets that were fetched: {@code NAME/} unpacked, and the archive beside it.
 *
 * @param folder made when needed
 */
public record DataSetCache(Path folder) {

    /** The environment variable that names another place. */
    public static final String VARIABLE = "TARN_CACHE";

    private static final long MOST_ARCHIVE_BYTES = 2L << 30;
    private static final long MOST_BYTES = 8L << 30;

    /** The cache of a user: {@value #VARIABLE}, or where the system keeps what can be fetched again. */
    public static DataSetCache ofUser(Map<String, String> environment, String home, String system) {
        String named = environment.getOrDefault(VARIABLE, "");
        if (!named.isBlank()) {
            return new DataSetCache(Path.of(named));
        }
        String windows = environment.getOrDefault("LOCALAPPDATA", "");
        if (system.startsWith("Windows") && !windows.isBlank()) {
            return new DataSetCache(Path.of(windows, "tarn", "cache"));
        }
        if (system.startsWith("Mac")) {
            return new DataSetCache(Path.of(home, "Library", "Caches", "tarn"));
        }
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        return new DataSetCache(xdg.isBlank() ? Path.of(home, ".cache", "tarn") : Path.of(xdg, "tarn"));
    }

    /**
     * The folder of a data set, fetched and unpacked if it is not there.
     *
     * @param progress told while bytes come
     * @param notes told what was done, in one sentence each
     * @throws DataException if it cannot be fetched, has another checksum than it must, or cannot be unpacked
     */
    public Path get(DataSet set, Progress progress, Consumer<String> notes) {
        Path place = folder.resolve(set.name());
        if (Files.isDirectory(place)) {
            notes.accept("'" + place + "' is there already; delete it to fetch it again.");
            return place;
        }
        try {
            Files.createDirectories(folder);
            Path archive = archive(set, progress, notes);
            unpack(archive, place);
            return place;
        } catch (IOException e) {
            throw new DataException(
                    "The cache '" + folder + "' cannot be used: " + FileErrors.reason(e)
                            + "; name another folder with --cache.",
                    e);
        }
    }

    private Path archive(DataSet set, Progress progress, Consumer<String> notes) throws IOException {
        String path = set.url().getPath();
        Path archive = folder.resolve(set.name() + (path.endsWith(".zip") ? ".zip" : ".tgz"));
        if (Files.exists(archive)) {
            notes.accept("Using '" + archive + "', which is there already.");
            check(set, archive, notes);
            return archive;
        }
        Path part = new Download(set.url(), archive, MOST_ARCHIVE_BYTES, progress).fetch();
        check(set, part, notes);
        AtomicFile.move(part, archive);
        return archive;
    }

    /** Compares the digest of an archive; a wrong one is put aside, so that nobody takes it for the right one. */
    private void check(DataSet set, Path archive, Consumer<String> notes) throws IOException {
        Checksum wanted = set.checksum();
        Path record = folder.resolve(set.name() + ".sha256");
        if (wanted == null && Files.exists(record)) {
            wanted = Checksum.parse(Files.readString(record).strip());
        }
        Checksum got = Checksum.of(archive, wanted == null ? "SHA-256" : wanted.algorithm());
        if (wanted == null) {
            AtomicFile.writeString(record, "sha256:" + got.hex() + "\n");
            notes.accept("No checksum is known for " + set.url() + "; what came has sha256:" + got.hex() + ", which '"
                    + record + "' keeps for the next time.");
            return;
        }
        if (!got.equals(wanted)) {
            Path aside = folder.resolve(set.name() + ".rejected");
            Files.move(archive, aside, StandardCopyOption.REPLACE_EXISTING);
            throw new DataException(
                    "What came from " + set.url() + " has the checksum " + got + ", but must have " + wanted
                            + (set.size() < 0 ? "" : " and " + set.size() + " bytes (has " + Files.size(aside) + ")")
                            + ": it is kept as '" + aside + "' and not used; try again or name a mirror with --url.");
        }
    }

    /** Unpacks beside the place and renames; a single folder in the archive becomes the place itself. */
    private void unpack(Path archive, Path place) throws IOException {
        Path beside = Files.createTempDirectory(folder, ".unpacking-");
        try {
            Archive.unpack(archive, String.valueOf(archive.getFileName()), beside, MOST_BYTES);
            List<Path> inside = list(beside);
            boolean isWrapped = inside.size() == 1 && Files.isDirectory(inside.get(0));
            AtomicFile.move(isWrapped ? inside.get(0) : beside, place);
        } finally {
            Folders.deleteTree(beside);
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.toList();
        }
    }
}
