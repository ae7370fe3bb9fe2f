package dev.tarn.data.download;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipException;

/**
 * Reads the headers of a tar archive: POSIX ustar with pax records for long names, and GNU's long names. After {@link #next}
 * the stream stands at the content of the entry, whose {@link #size} bytes the caller reads and then {@link #skipPadding}.
 */
final class TarReader {

    /** What an entry is. */
    enum Kind {
        FILE,
        FOLDER,
        OTHER
    }

    private static final int BLOCK = 512;
    private static final int MOST_EXTRA = 1 << 16;

    private final InputStream in;
    private final byte[] header = new byte[BLOCK];
    private String name = "";
    private long size;
    private Kind kind = Kind.OTHER;

    TarReader(InputStream in) {
        this.in = in;
    }

    String name() {
        return name;
    }

    long size() {
        return size;
    }

    Kind kind() {
        return kind;
    }

    /** Goes to the next entry; false at the end of the archive. */
    boolean next() throws IOException {
        String longName = "";
        long longSize = -1;
        while (readHeader()) {
            size = number(124, 12);
            switch (header[156]) {
                case 'L' -> {
                    String extra = extra();
                    longName = extra.indexOf('\0') < 0 ? extra : extra.substring(0, extra.indexOf('\0'));
                }
                case 'x' -> {
                    String records = extra();
                    String path = record(records, "path");
                    longName = path.isEmpty() ? longName : path;
                    String bytes = record(records, "size");
                    longSize = bytes.isEmpty() ? longSize : Long.parseLong(bytes);
                }
                case 'g' -> extra();
                default -> {
                    name = longName.isEmpty() ? headerName() : longName;
                    size = longSize >= 0 ? longSize : size;
                    kind = kind(header[156]);
                    return true;
                }
            }
        }
        return false;
    }

    private Kind kind(byte type) {
        return switch (type) {
            case '0', '7', 0 -> name.endsWith("/") ? Kind.FOLDER : Kind.FILE;
            case '5' -> Kind.FOLDER;
            default -> Kind.OTHER;
        };
    }

    private boolean readHeader() throws IOException {
        int count = in.readNBytes(header, 0, BLOCK);
        if (count == 0) {
            return false;
        }
        if (count < BLOCK) {
            throw new EOFException("it ends within a header");
        }
        int sum = 0;
        boolean isZero = true;
        for (int i = 0; i < BLOCK; i++) {
            isZero &= header[i] == 0;
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xFF;
        }
        if (isZero) {
            return false;
        }
        if (number(148, 8) != sum) {
            throw new ZipException("a header does not match its checksum, so it is damaged or no tar archive");
        }
        return true;
    }

    private String headerName() {
        boolean isUstar = field(257, 5).equals("ustar");
        String prefix = isUstar ? field(345, 155) : "";
        return prefix.isEmpty() ? field(0, 100) : prefix + "/" + field(0, 100);
    }

    private String field(int start, int length) {
        int end = start;
        while (end < start + length && header[end] != 0) {
            end++;
        }
        return new String(header, start, end - start, StandardCharsets.UTF_8);
    }

    /** A number in octal digits, or in GNU's binary form where the first bit is set. */
    private long number(int start, int length) throws IOException {
        long value = 0;
        if ((header[start] & 0x80) != 0) {
            value = header[start] & 0x7F;
            for (int i = start + 1; i < start + length; i++) {
                if (value >>> 55 != 0) {
                    throw new ZipException("a header has a number that is too large");
                }
                value = (value << 8) | (header[i] & 0xFF);
            }
            return value;
        }
        String digits = field(start, length).strip();
        if (!digits.matches("[0-7]*")) {
            throw new ZipException("a header has '" + digits + "' for a number");
        }
        return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
    }

    private String extra() throws IOException {
        if (size > MOST_EXTRA) {
            throw new ZipException("a name has " + size + " bytes");
        }
        byte[] bytes = in.readNBytes((int) size);
        if (bytes.length < size) {
            throw new EOFException("it ends within a name");
        }
        skipPadding();
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The value of a key of pax records, which are lines of {@code LENGTH KEY=VALUE}. */
    private static String record(String records, String key) {
        for (String line : records.split("\n", -1)) {
            int space = line.indexOf(' ');
            if (line.startsWith(key + "=", space + 1)) {
                return line.substring(space + 1 + key.length() + 1);
            }
        }
        return "";
    }

    /** Goes over what fills the last block of the content up. */
    void skipPadding() throws IOException {
        long padding = -size & (BLOCK - 1);
        if (in.readNBytes((int) padding).length < padding) {
            throw new EOFException("it ends within a block");
        }
    }
}
