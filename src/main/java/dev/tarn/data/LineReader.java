package dev.tarn.data;

import dev.tarn.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a text file line by line, decoding UTF-8 strictly. A line ends at {@code \n}; a {@code \r} before it goes too, and
 * no other character ends a line. A last line without an end counts, and so do empty lines. A byte order mark at the start
 * of the file is no text and is dropped.
 *
 * <p>Memory is one line, so a file may have any size; a line may have at most 256 MiB.
 *
 * <p><em>Thread-safety:</em> none. <em>Ownership:</em> the caller closes it.
 */
public final class LineReader implements AutoCloseable {

    /** The longest line or whole document, in bytes. */
    static final int MAX_BYTES = 1 << 28;

    private final Path file;
    private final InputStream in;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final byte[] chunk = new byte[1 << 16];
    private int chunkAt;
    private int chunkEnd;
    private byte[] line = new byte[1 << 10];
    private int lineEnd;
    private CharBuffer chars = CharBuffer.allocate(1 << 10);
    private long offset;
    private long lineStart;
    private long lines;

    LineReader(Path file, InputStream in) {
        this.file = file;
        this.in = in;
    }

    /** Whether anything is left to read. */
    boolean hasNext() {
        return chunkAt < chunkEnd || fill();
    }

    /**
     * The next line without its end, or null after the last one.
     *
     * @throws DataException if the line is not UTF-8 (the message has the offset of the first bad byte), is longer than
     *     256 MiB, or cannot be read
     */
    public @Nullable String next() {
        if (!hasNext()) {
            return null;
        }
        lineStart = offset;
        lineEnd = 0;
        boolean ended = false;
        while (!ended && hasNext()) {
            int end = chunkAt;
            while (end < chunkEnd && chunk[end] != '\n') {
                end++;
            }
            append(end - chunkAt);
            ended = end < chunkEnd;
            if (ended) {
                chunkAt++;
                offset++;
            }
        }
        if (ended && lineEnd > 0 && line[lineEnd - 1] == '\r') {
            lineEnd--;
        }
        lines++;
        return decode();
    }

    /** The rest of the file as one text, line ends kept; null if nothing is left. */
    @Nullable
    String rest() {
        if (!hasNext()) {
            return null;
        }
        lineStart = offset;
        lineEnd = 0;
        while (hasNext()) {
            append(chunkEnd - chunkAt);
        }
        lines++;
        return decode();
    }

    /** The number of lines read so far; after {@link #next} the number of its line, counted from 1. */
    public long lineNumber() {
        return lines;
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void append(int count) {
        if (count > MAX_BYTES - lineEnd) {
            throw new DataException("'" + file + "' has more than " + MAX_BYTES + " bytes in one document from byte "
                    + lineStart + " on: split the text into lines or files.");
        }
        if (lineEnd + count > line.length) {
            line = Arrays.copyOf(line, Math.min(MAX_BYTES, Math.max(lineEnd + count, 2 * line.length)));
        }
        System.arraycopy(chunk, chunkAt, line, lineEnd, count);
        lineEnd += count;
        chunkAt += count;
        offset += count;
    }

    private String decode() {
        int skip = lineStart == 0
                        && lineEnd >= 3
                        && line[0] == (byte) 0xEF
                        && line[1] == (byte) 0xBB
                        && line[2] == (byte) 0xBF
                ? 3
                : 0;
        // UTF-8 never makes more characters than it has bytes.
        if (chars.capacity() < lineEnd) {
            chars = CharBuffer.allocate(line.length);
        }
        ByteBuffer bytes = ByteBuffer.wrap(line, skip, lineEnd - skip);
        chars.clear();
        CoderResult result = decoder.reset().decode(bytes, chars, true);
        if (result.isError()) {
            throw notUtf8(bytes.position());
        }
        return chars.flip().toString();
    }

    private DataException notUtf8(int position) {
        long at = lineStart + position;
        int value = line[position] & 0xFF;
        long number = lines;
        for (int i = 0; i < position; i++) {
            number += line[i] == '\n' ? 1 : 0;
        }
        boolean utf16 = at == 0 && (value == 0xFF || value == 0xFE);
        return new DataException(String.format(
                "'%s' is not UTF-8: byte 0x%02X at offset %d (line %d) cannot stand there%s; convert the file to UTF-8.",
                file, value, at, number, utf16 ? ", it looks like UTF-16" : ""));
    }

    private boolean fill() {
        try {
            int read = in.read(chunk);
            chunkAt = 0;
            chunkEnd = Math.max(0, read);
            return read > 0;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private DataException unreadable(IOException e) {
        return TextFiles.unreadable(file, e);
    }
}
