package dev.tarn.data.download;

import dev.tarn.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The digest that a file must have.
 *
 * @param algorithm {@code MD5} or {@code SHA-256}
 * @param hex its digits in lower case
 */
public record Checksum(String algorithm, String hex) {

    private static final Pattern FORM = Pattern.compile("(md5|sha256):([0-9a-fA-F]+)");
    private static final int MD5_DIGITS = 32;
    private static final int SHA_256_DIGITS = 64;

    static Checksum md5(String hex) {
        return new Checksum("MD5", hex);
    }

    /**
     * Reads {@code md5:DIGITS} or {@code sha256:DIGITS}.
     *
     * @throws ConfigException if it is something else
     */
    public static Checksum parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches() || form.group(2).length() != (form.group(1).equals("md5") ? MD5_DIGITS : SHA_256_DIGITS)) {
            throw new ConfigException("'" + text + "' is no checksum: write md5: and " + MD5_DIGITS
                    + " hexadecimal digits, or sha256: and " + SHA_256_DIGITS + ".");
        }
        return new Checksum(
                form.group(1).equals("md5") ? "MD5" : "SHA-256", form.group(2).toLowerCase(Locale.ROOT));
    }

    /** The digest of a file. */
    static Checksum of(Path file, String algorithm) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            byte[] buffer = new byte[1 << 16];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
            return new Checksum(algorithm, HexFormat.of().formatHex(digest.digest()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }

    @Override
    public String toString() {
        return algorithm + " " + hex;
    }
}
