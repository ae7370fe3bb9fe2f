package dev.tarn.text;

import java.util.Arrays;
import java.util.List;

/**
 * Writes JSON strings and arrays of strings as UTF-8 bytes into one growing buffer.
 *
 * <p>Characters beyond ASCII stand as they are; a surrogate without its partner, which UTF-8 cannot hold, is escaped.
 */
final class JsonBytes {

    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private byte[] bytes;
    private int length;

    JsonBytes(int capacity) {
        bytes = new byte[capacity];
    }

    /** The buffer; valid up to {@link #length()} and until the next write. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    /** Adds one ASCII character as it is. */
    void ascii(char c) {
        reserve(1);
        bytes[length++] = (byte) c;
    }

    /** Adds {@code ["a","b"]} without any space. */
    void array(List<String> strings) {
        ascii('[');
        for (int i = 0; i < strings.size(); i++) {
            if (i > 0) {
                ascii(',');
            }
            string(strings.get(i));
        }
        ascii(']');
    }

    /** Adds a string with its quotes. */
    void string(String text) {
        int n = text.length();
        // No char needs more than the six bytes of an escape.
        reserve(6 * n + 2);
        byte[] out = bytes;
        int at = length;
        out[at++] = '"';
        for (int i = 0; i < n; i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x80 && c != '"' && c != '\\') {
                out[at++] = (byte) c;
            } else if (c < 0x80) {
                at = escaped(out, at, c);
            } else if (c < 0x800) {
                out[at++] = (byte) (0xC0 | (c >> 6));
                out[at++] = (byte) (0x80 | (c & 0x3F));
            } else if (!Character.isSurrogate(c)) {
                out[at++] = (byte) (0xE0 | (c >> 12));
                out[at++] = (byte) (0x80 | ((c >> 6) & 0x3F));
                out[at++] = (byte) (0x80 | (c & 0x3F));
            } else if (Character.isHighSurrogate(c) && i + 1 < n && Character.isLowSurrogate(text.charAt(i + 1))) {
                int point = Character.toCodePoint(c, text.charAt(++i));
                out[at++] = (byte) (0xF0 | (point >> 18));
                out[at++] = (byte) (0x80 | ((point >> 12) & 0x3F));
                out[at++] = (byte) (0x80 | ((point >> 6) & 0x3F));
                out[at++] = (byte) (0x80 | (point & 0x3F));
            } else {
                at = escaped(out, at, c);
            }
        }
        out[at++] = '"';
        length = at;
    }

    private static int escaped(byte[] out, int start, char c) {
        int at = start;
        out[at++] = '\\';
        switch (c) {
            case '"', '\\' -> out[at++] = (byte) c;
            case '\n' -> out[at++] = 'n';
            case '\r' -> out[at++] = 'r';
            case '\t' -> out[at++] = 't';
            default -> {
                out[at++] = 'u';
                for (int shift = 12; shift >= 0; shift -= 4) {
                    out[at++] = HEX[(c >> shift) & 15];
                }
            }
        }
        return at;
    }
}
