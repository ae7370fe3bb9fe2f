package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The table of contents of a zip archive of the kind that PyTorch writes: every entry stored as it is. A compressed or an
 * encrypted entry is refused, so nothing in the archive can be larger than the archive. Names are compared with expected
 * ones and never become paths.
 */
final class ZipIndex {

    /** Where the bytes of an entry lie in the file, and their CRC-32. */
    record Entry(long position, long bytes, long crc) {}

    /** The longest table that is read; PyTorch's takes about a hundred bytes a tensor. */
    private static final int MAX_TABLE_BYTES = 16 << 20;

    private static final int LOCAL_BYTES = 30;
    private static final int CENTRAL_BYTES = 46;
    private static final int END_BYTES = 22;
    private static final int LOCATOR_BYTES = 20;
    private static final int END_64_BYTES = 56;
    private static final int MAX_COMMENT_BYTES = 0xffff;
    private static final int LOCAL = 0x04034b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int LOCATOR = 0x07064b50;
    private static final int END_64 = 0x06064b50;
    private static final int ENCRYPTED = 1;
    private static final long IN_EXTRA = 0xffffffffL;
    private static final int EXTRA_64 = 1;

    private final String origin;
    private final FileChannel channel;
    private final long size;

    private ZipIndex(String origin, FileChannel channel, long size) {
        this.origin = origin;
        this.channel = channel;
        this.size = size;
    }

    /**
     * Reads the table.
     *
     * @param origin names the file in messages
     * @return the entries by name, in the order of the table
     * @throws CheckpointException if it is damaged, or has entries that PyTorch does not write
     */
    static Map<String, Entry> read(String origin, FileChannel channel, long size) throws IOException {
        return new ZipIndex(origin, channel, size).entries();
    }

    private Map<String, Entry> entries() throws IOException {
        ByteBuffer end = end();
        long bytes = end.getInt(12) & IN_EXTRA;
        long start = end.getInt(16) & IN_EXTRA;
        if (bytes == IN_EXTRA || start == IN_EXTRA || end.getShort(10) == -1) {
            ByteBuffer wide = end64(size - end.remaining());
            bytes = wide.getLong(40);
            start = wide.getLong(48);
        }
        if (bytes < 0 || bytes > MAX_TABLE_BYTES || start < 0 || start > size - bytes) {
            throw broken("its table of contents cannot be where it is said to be");
        }
        ByteBuffer table = read(start, (int) bytes);
        Map<String, Entry> entries = new LinkedHashMap<>();
        while (table.hasRemaining()) {
            addEntry(table, entries);
        }
        return entries;
    }

    private void addEntry(ByteBuffer table, Map<String, Entry> entries) throws IOException {
        int at = table.position();
        if (table.remaining() < CENTRAL_BYTES || table.getInt(at) != CENTRAL) {
            throw broken("its table of contents is damaged");
        }
        int nameBytes = table.getShort(at + 28) & 0xffff;
        int extraBytes = table.getShort(at + 30) & 0xffff;
        int allBytes = CENTRAL_BYTES + nameBytes + extraBytes + (table.getShort(at + 32) & 0xffff);
        if (table.remaining() < allBytes) {
            throw broken("its table of contents is damaged");
        }
        byte[] utf8 = new byte[nameBytes];
        table.get(at + CENTRAL_BYTES, utf8);
        String name = new String(utf8, StandardCharsets.UTF_8);
        if (table.getShort(at + 10) != 0 || (table.getShort(at + 8) & ENCRYPTED) != 0) {
            throw broken(
                    "its entry " + PickleInput.quoted(name) + " is compressed or encrypted, which PyTorch's never are");
        }
        long crc = table.getInt(at + 16) & IN_EXTRA;
        long[] wide = {
            table.getInt(at + 24) & IN_EXTRA, table.getInt(at + 20) & IN_EXTRA, table.getInt(at + 42) & IN_EXTRA
        };
        widen(table.slice(at + CENTRAL_BYTES + nameBytes, extraBytes).order(ByteOrder.LITTLE_ENDIAN), wide);
        if (wide[0] != wide[1]) {
            throw broken("its entry " + PickleInput.quoted(name) + " claims two sizes");
        }
        if (entries.put(name, new Entry(position(name, utf8, wide[2], wide[0]), wide[0], crc)) != null) {
            throw broken("it has two entries " + PickleInput.quoted(name));
        }
        table.position(at + allBytes);
    }

    /** Takes what did not fit into 32 bits (size, stored size, place) from the extra field, where it stands in order. */
    private void widen(ByteBuffer extra, long[] values) {
        while (extra.remaining() >= 4) {
            int id = extra.getShort() & 0xffff;
            int length = extra.getShort() & 0xffff;
            if (length > extra.remaining()) {
                return;
            }
            int next = extra.position() + length;
            if (id == EXTRA_64) {
                for (int i = 0; i < values.length; i++) {
                    if (values[i] == IN_EXTRA && next - extra.position() >= 8) {
                        values[i] = extra.getLong();
                    }
                }
            }
            extra.position(next);
        }
    }

    /** Where the bytes of an entry begin: behind its local header, whose name must be the same. */
    private long position(String name, byte[] utf8, long header, long bytes) throws IOException {
        if (header >= 0 && header <= size - LOCAL_BYTES - utf8.length) {
            ByteBuffer local = read(header, LOCAL_BYTES + utf8.length);
            long position = header + LOCAL_BYTES + (local.getShort(26) & 0xffff) + (local.getShort(28) & 0xffff);
            if (local.getInt(0) == LOCAL
                    && (local.getShort(26) & 0xffff) == utf8.length
                    && local.slice(LOCAL_BYTES, utf8.length).equals(ByteBuffer.wrap(utf8))
                    && bytes >= 0
                    && bytes <= size - position) {
                return position;
            }
        }
        throw broken("its entry " + PickleInput.quoted(name) + " is not where its table of contents has it");
    }

    /** The record at the end of the file, up to the end. */
    private ByteBuffer end() throws IOException {
        int most = (int) Math.min(size, END_BYTES + MAX_COMMENT_BYTES);
        ByteBuffer tail = read(size - most, most);
        for (int at = most - END_BYTES; at >= 0; at--) {
            if (tail.getInt(at) == END && (tail.getShort(at + 20) & 0xffff) == most - END_BYTES - at) {
                return tail.slice(at, most - at).order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw broken("it has no end record, so the file is cut short");
    }

    /** The record for large archives, which a locator right before the end record points to. */
    private ByteBuffer end64(long end) throws IOException {
        if (end >= LOCATOR_BYTES) {
            ByteBuffer locator = read(end - LOCATOR_BYTES, LOCATOR_BYTES);
            long at = locator.getLong(8);
            if (locator.getInt(0) == LOCATOR && at >= 0 && at <= size - END_64_BYTES) {
                ByteBuffer wide = read(at, END_64_BYTES);
                if (wide.getInt(0) == END_64) {
                    return wide;
                }
            }
        }
        throw broken("its end record for large archives is missing");
    }

    private ByteBuffer read(long position, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw broken("it ends too early");
            }
        }
        return bytes.flip();
    }

    private CheckpointException broken(String what) {
        return new CheckpointException(origin + " is not a whole .pth archive: " + what + ".");
    }
}
