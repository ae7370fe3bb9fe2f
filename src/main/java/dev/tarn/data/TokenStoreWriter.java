package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.run.FileErrors;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * Writes a {@link TokenStore} document by document, with 8 bytes of memory a document.
 *
 * <p>Order of use: {@link #add}*, {@link #commit}, {@link #close}. Until the commit everything lies in a temporary file
 * beside the target; the commit syncs it and renames it, so the target is either as it was before or complete. Closing
 * without a commit removes the temporary file.
 *
 * <p><em>Thread-safety:</em> none; one thread writes.
 */
public final class TokenStoreWriter implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 20;

    private final Path file;
    private final Path temporary;
    private final FileChannel channel;
    private final int vocabularySize;
    private final String vocabulary;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C crc = new CRC32C();
    private final LongArrayList offsets = new LongArrayList();
    private long numTokens;
    private boolean committed;
    private int checksum;

    TokenStoreWriter(Path file, int vocabularySize, String vocabulary) {
        if (vocabularySize < 1) {
            throw new IllegalArgumentException("vocabularySize must be at least 1, got " + vocabularySize);
        }
        if (vocabulary.length() > TokenStoreHeader.FINGERPRINT_SIZE
                || !StandardCharsets.US_ASCII.newEncoder().canEncode(vocabulary)) {
            throw new IllegalArgumentException(
                    "a fingerprint is at most 64 ASCII characters, got '" + vocabulary + "'");
        }
        this.file = file;
        this.vocabularySize = vocabularySize;
        this.vocabulary = vocabulary;
        Path folder = folder(file);
        this.temporary = folder.resolve(
                "." + file.getFileName() + "." + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp");
        try {
            if (Files.isDirectory(file)) {
                throw new DataException("'" + file + "' is a folder: give the name of a file for the token store.");
            }
            this.channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            channel.position(TokenStoreHeader.SIZE);
        } catch (IOException e) {
            throw new DataException(
                    "No token store can be written to '" + folder + "': " + FileErrors.reason(e)
                            + "; give a folder that exists and may be written to.",
                    e);
        }
        offsets.add(0);
    }

    /** Adds a document. */
    public void add(int[] ids) {
        add(ids, 0, ids.length);
    }

    /**
     * Adds a document, the ids {@code ids[from..from+count)}; it may be empty.
     *
     * @throws IllegalArgumentException if an id is not in the vocabulary
     */
    public void add(int[] ids, int from, int count) {
        Objects.checkFromIndexSize(from, count, ids.length);
        for (int i = from; i < from + count; i++) {
            if (ids[i] < 0 || ids[i] >= vocabularySize) {
                throw new IllegalArgumentException("id " + ids[i] + " is outside a vocabulary of " + vocabularySize);
            }
        }
        try {
            for (int i = from; i < from + count; i++) {
                if (buffer.remaining() < Integer.BYTES) {
                    flush();
                }
                buffer.putInt(ids[i]);
            }
        } catch (IOException e) {
            throw failed(e);
        }
        numTokens += count;
        offsets.add(numTokens);
    }

    /**
     * Makes the file appear under its name.
     *
     * @throws DataException if no token was added or the disk refuses
     */
    public void commit() {
        if (committed) {
            throw new IllegalStateException("already committed");
        }
        if (numTokens == 0) {
            throw new DataException("No token store was written to '" + file + "': the text has no tokens.");
        }
        try {
            flush();
            int tokensChecksum = (int) crc.getValue();
            crc.reset();
            for (int i = 0; i < offsets.size(); i++) {
                if (buffer.remaining() < Long.BYTES) {
                    flush();
                }
                buffer.putLong(offsets.getLong(i));
            }
            flush();
            TokenStoreHeader header = new TokenStoreHeader(
                    offsets.size() - 1, numTokens, vocabularySize, vocabulary, tokensChecksum, (int) crc.getValue());
            write(header.toBytes(), 0);
            checksum = header.checksum();
            channel.force(true);
            channel.close();
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            committed = true;
        } catch (IOException e) {
            throw failed(e);
        }
        syncFolder(folder(file));
    }

    /** What {@link TokenStore#checksum} of the store is, once it is committed. */
    int checksum() {
        return checksum;
    }

    @Override
    public void close() {
        try {
            channel.close();
            if (!committed) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void flush() throws IOException {
        buffer.flip();
        crc.update(buffer.duplicate());
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        buffer.clear();
    }

    private void write(ByteBuffer bytes, long position) throws IOException {
        while (bytes.hasRemaining()) {
            position += channel.write(bytes, position);
        }
    }

    private DataException failed(IOException e) {
        return new DataException(
                "The token store '" + file + "' could not be written: " + FileErrors.reason(e)
                        + "; check that there is room on the disk.",
                e);
    }

    private static Path folder(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new DataException("'" + file + "' is not the name of a file: give one for the token store.");
        }
        return folder;
    }

    /** Makes the rename itself durable. Not every system can open a folder; there the rename is durable by itself. */
    private static void syncFolder(Path folder) {
        try (FileChannel opened = FileChannel.open(folder, StandardOpenOption.READ)) {
            opened.force(true);
        } catch (IOException e) {
            return;
        }
    }
}
