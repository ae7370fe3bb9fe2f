package dev.tarn.backend.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a shared library says of itself in its dynamic section: by which name the loader knows it, and the words among
 * which its symbols are. The loader matches a library that is loaded already by that name and by nothing else, and a symbol
 * that is missing ends the process when it is called, so both are looked at before a library is loaded.
 *
 * @param soname the name for the loader; null if the library has none
 * @param words the dynamic string table: every name of a symbol, with a zero byte after it
 */
record ElfFile(@Nullable String soname, String words) {

    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int SHARED_OBJECT = 3;
    private static final int X86_64 = 62;
    private static final int LOAD = 1;
    private static final int DYNAMIC = 2;
    private static final int STRING_TABLE = 5;
    private static final int STRING_TABLE_BYTES = 10;
    private static final int SONAME = 14;

    /** No section that is looked at here comes near this; what claims more is damaged. */
    private static final long MOST_BYTES = 64L << 20;

    /** Whether the library has or uses a symbol of this name; a name may be stored as the end of a longer one. */
    boolean knows(String symbol) {
        return words.contains(symbol + "\0");
    }

    /**
     * Reads a library for Linux on x86_64.
     *
     * @throws IOException whose message says what the file is instead
     */
    static ElfFile read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer header = bytes(channel, 0, Math.min(HEADER_BYTES, channel.size()));
            if (header.capacity() < HEADER_BYTES || header.getInt(0) != 0x464C457F) {
                throw new IOException("it is no shared library");
            }
            if (header.get(4) != 2 || header.get(5) != 1 || header.getShort(18) != X86_64) {
                throw new IOException("it is for another processor than x86_64");
            }
            if (header.getShort(16) != SHARED_OBJECT) {
                throw new IOException("it is no shared library");
            }
            int segments = Short.toUnsignedInt(header.getShort(56));
            ByteBuffer table = bytes(channel, header.getLong(32), (long) segments * PROGRAM_HEADER_BYTES);
            return dynamic(channel, table, segments);
        }
    }

    private static ElfFile dynamic(FileChannel channel, ByteBuffer table, int segments) throws IOException {
        for (int i = 0; i < segments; i++) {
            int at = i * PROGRAM_HEADER_BYTES;
            if (table.getInt(at) != DYNAMIC) {
                continue;
            }
            ByteBuffer entries = bytes(channel, table.getLong(at + 8), table.getLong(at + 32));
            long address = -1;
            long length = 0;
            long soname = -1;
            for (int entry = 0; entry + 16 <= entries.capacity(); entry += 16) {
                long value = entries.getLong(entry + 8);
                switch ((int) entries.getLong(entry)) {
                    case STRING_TABLE -> address = value;
                    case STRING_TABLE_BYTES -> length = value;
                    case SONAME -> soname = value;
                    default -> {}
                }
            }
            ByteBuffer strings = bytes(channel, offset(table, segments, address), length);
            String words = StandardCharsets.ISO_8859_1.decode(strings).toString();
            if (soname >= words.length()) {
                throw new IOException("it is damaged");
            }
            int end = words.indexOf('\0', Math.max(0, (int) soname));
            return new ElfFile(soname < 0 || end < 0 ? null : words.substring((int) soname, end), words);
        }
        throw new IOException("it is no shared library");
    }

    /** Where in the file that lies which is loaded at an address. */
    private static long offset(ByteBuffer table, int segments, long address) throws IOException {
        for (int i = 0; i < segments; i++) {
            int at = i * PROGRAM_HEADER_BYTES;
            long from = table.getLong(at + 16);
            if (table.getInt(at) == LOAD && address >= from && address < from + table.getLong(at + 32)) {
                return address - from + table.getLong(at + 8);
            }
        }
        throw new IOException("it is damaged");
    }

    private static ByteBuffer bytes(FileChannel channel, long offset, long length) throws IOException {
        if (offset < 0 || length < 0 || length > MOST_BYTES || offset > channel.size() - length) {
            throw new IOException("it is cut short or damaged");
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {}
        if (bytes.hasRemaining()) {
            throw new IOException("it is cut short or damaged");
        }
        return bytes.flip();
    }
}
