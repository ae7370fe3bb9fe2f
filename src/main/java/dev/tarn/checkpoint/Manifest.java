package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The list of files of a checkpoint with their sizes and checksums, so that a damaged file, or one of another checkpoint,
 * is found. CRC-32C is used because it guards against accidents, not against forgery, and costs a tenth of SHA-256.
 *
 * <pre>
 *   tarn checkpoint 1
 *   {crc32c, 8 hex digits} {bytes} {file name}      one line a file, sorted by name
 *   {crc32c, 8 hex digits} {bytes} {manifest.txt}   of the lines above
 * </pre>
 *
 * Only the exact text that {@link #toString()} would give again is accepted.
 */
record Manifest(Map<String, FileSum> files) {

    static final String NAME = "manifest.txt";

    private static final String FIRST_LINE = "tarn checkpoint 1";
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{8}) ([0-9]{1,18}) ([a-z]+\\.[a-z]+)");

    /** Longer than any manifest with the names that {@link #LINE} allows. */
    private static final int MAX_BYTES = 1 << 16;

    record FileSum(long bytes, long crc) {}

    Manifest {
        files = new TreeMap<>(files);
    }

    static FileSum sum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return new FileSum(bytes.length, crc.getValue());
    }

    static Manifest read(Path folder) throws IOException {
        Path file = folder.resolve(NAME);
        if (Files.size(file) > MAX_BYTES) {
            throw damaged(file);
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        Map<String, FileSum> files = new TreeMap<>();
        for (String line : text.split("\n", -1)) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches() && !matcher.group(3).equals(NAME)) {
                files.put(
                        matcher.group(3),
                        new FileSum(Long.parseLong(matcher.group(2)), Long.parseLong(matcher.group(1), 16)));
            }
        }
        Manifest manifest = new Manifest(files);
        if (!manifest.toString().equals(text)) {
            throw damaged(file);
        }
        return manifest;
    }

    /** Refuses a file that is not the one that was written. */
    void check(Path file, FileSum found) {
        FileSum wanted = files.get(file.getFileName().toString());
        if (wanted == null || !wanted.equals(found)) {
            throw new CheckpointException(file + " is damaged or belongs to another checkpoint: it has " + found.bytes()
                    + " bytes with checksum " + hex(found.crc())
                    + (wanted == null
                            ? ", and is not listed"
                            : ", written were " + wanted.bytes() + " with " + hex(wanted.crc()))
                    + "; use another checkpoint.");
        }
    }

    /** The content of the file. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
        files.forEach((name, sum) -> text.append(line(name, sum)));
        FileSum own = sum(text.toString().getBytes(StandardCharsets.ISO_8859_1));
        return text.append(line(NAME, own)).toString();
    }

    private static String line(String name, FileSum sum) {
        return hex(sum.crc()) + ' ' + sum.bytes() + ' ' + name + '\n';
    }

    private static String hex(long crc) {
        return String.format(Locale.ROOT, "%08x", crc);
    }

    private static CheckpointException damaged(Path file) {
        return new CheckpointException(
                file + " is damaged or was written by another version of Tarn; use another checkpoint.");
    }
}
