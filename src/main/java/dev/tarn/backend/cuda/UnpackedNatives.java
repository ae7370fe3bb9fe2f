package dev.tarn.backend.cuda;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JCuda's own native libraries, unpacked from its jars into a folder that only this user can write. JCuda by itself unpacks
 * them into the folder for temporary files under a fixed name, and takes whatever file has that name already: another
 * user's, or one that another process is still writing. Here a file is compared with the jar each time, byte for byte, and
 * replaced at once as a whole where it differs, so that several processes may do this at the same time.
 */
final class UnpackedNatives {

    private static final String VERSION = "12.6.0";

    private final Path folder;
    private final List<Path> files;

    private UnpackedNatives(Path folder, List<Path> files) {
        this.folder = folder;
        this.files = files;
    }

    /** The folder that holds nothing else. */
    Path folder() {
        return folder;
    }

    /** In the order of their names. */
    List<Path> files() {
        return files;
    }

    /**
     * Into the user's cache or, where that cannot be written, beside the temporary files.
     *
     * @param names as JCuda has them: {@code JCudaDriver}
     */
    static UnpackedNatives unpack(List<String> names, Map<String, String> environment) throws IOException {
        Map<String, byte[]> contents = new LinkedHashMap<>();
        for (String name : names) {
            // As JCuda spells it, whose search must find this very file.
            String file = "lib" + name + "-" + VERSION + "-linux-x86_64.so";
            contents.put(file, resource("/lib/" + file));
        }
        String name = "jcuda-" + VERSION + "-" + hash(contents);
        try {
            return unpack(contents, cache(environment).resolve(name));
        } catch (IOException first) {
            try {
                return unpack(contents, besideTemporaryFiles().resolve(name));
            } catch (IOException second) {
                first.addSuppressed(second);
                throw first;
            }
        }
    }

    private static Path besideTemporaryFiles() {
        return Path.of(System.getProperty("java.io.tmpdir"), "tarn-" + System.getProperty("user.name"));
    }

    private static Path cache(Map<String, String> environment) {
        String set = environment.get("XDG_CACHE_HOME");
        // The specification of the variable says to ignore what is not absolute.
        if (set != null && set.startsWith("/")) {
            return Path.of(set, "tarn");
        }
        Path home = Path.of(System.getProperty("user.home"));
        // A user whom the system does not know, as in many containers, has "?" for a home.
        return home.isAbsolute() ? home.resolve(".cache").resolve("tarn") : besideTemporaryFiles();
    }

    /** Into this folder. */
    static UnpackedNatives unpack(Map<String, byte[]> contents, Path folder) throws IOException {
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        mustBeOurs(folder.resolveSibling(""));
        mustBeOurs(folder);
        List<Path> files = new ArrayList<>();
        for (Map.Entry<String, byte[]> entry : contents.entrySet()) {
            Path file = folder.resolve(entry.getKey());
            if (!holds(file, entry.getValue())) {
                write(file, entry.getValue());
            }
            files.add(file);
        }
        return new UnpackedNatives(folder, files);
    }

    private static boolean holds(Path file, byte[] content) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && Files.size(file) == content.length
                && Arrays.equals(Files.readAllBytes(file), content);
    }

    private static void write(Path file, byte[] content) throws IOException {
        Path part = Files.createTempFile(file.resolveSibling(""), "part", ".tmp");
        try {
            Files.write(part, content);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** Code is loaded from it: it must be this user's, and no one else may write to it. */
    private static void mustBeOurs(Path folder) throws IOException {
        String permissions = PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
        boolean isOurs = Files.getOwner(folder).equals(Files.getOwner(Path.of("/proc/self")));
        if (Files.isSymbolicLink(folder) || !isOurs || permissions.charAt(4) == 'w' || permissions.charAt(7) == 'w') {
            throw new IOException(folder + " belongs to or can be written by others");
        }
    }

    /**
     * Runs what makes JCuda look for its libraries while the folder for temporary files is this one, which is where it
     * looks.
     */
    void whileFound(Runnable action) {
        String property = "java.io.tmpdir";
        String before = System.getProperty(property);
        rememberTemporaryFolder();
        System.setProperty(property, folder.toString());
        try {
            action.run();
        } finally {
            System.setProperty(property, before);
        }
    }

    /** Java's own classes for temporary files remember the folder when they are first used: that is to be the true one. */
    private void rememberTemporaryFolder() {
        for (int i = 0; i < 2; i++) {
            try {
                File probe = i == 0
                        ? Files.createTempFile(folder, "probe", ".tmp").toFile()
                        : File.createTempFile("probe", ".tmp", folder.toFile());
                Files.delete(probe.toPath());
            } catch (IOException e) {
                // A folder that cannot be written any more is good enough: the classes are initialised.
            }
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (@Nullable InputStream in = UnpackedNatives.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("the jar of JCuda that holds " + name + " is not on the class path");
            }
            return in.readAllBytes();
        }
    }

    private static String hash(Map<String, byte[]> contents) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            contents.values().forEach(digest::update);
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new UncheckedIOException(new IOException("every JDK has SHA-256", e));
        }
    }
}
