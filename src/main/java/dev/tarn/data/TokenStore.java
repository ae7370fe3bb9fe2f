package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * Tokens in a memory-mapped file: a corpus of any size opens without being read into the heap, and processes that read the
 * same one share its pages. The package description has the format.
 *
 * <p>Opening reads the whole file once and checks everything: the header, the sizes, both checksums, that every id is in
 * the vocabulary and that the offsets rise from 0 to the number of tokens. So a store that opens cannot lead a device to
 * read outside its embedding. The pass costs about what the first epoch would pay to read the file, and leaves it in the
 * page cache.
 *
 * <p><em>Ownership:</em> the mapping lives until the object is garbage; there is nothing to close. A store that is written
 * anew under the same name is another file, and one that is open keeps its old content.
 *
 * <p><em>Thread-safety:</em> immutable, so any number of threads may read.
 */
public final class TokenStore implements Tokens {

    private static final int MAX_SEGMENT_BYTES = 1 << 30;
    private static final int SLICE = 1 << 16;

    private final Path file;
    private final TokenStoreHeader header;
    private final int segmentBytes;
    private final IntBuffer[] tokens;
    private final LongBuffer[] offsets;

    private TokenStore(Path file, TokenStoreHeader header, FileChannel channel, int segmentBytes) throws IOException {
        this.file = file;
        this.header = header;
        this.segmentBytes = segmentBytes;
        long tokenBytes = header.numTokens() * Integer.BYTES;
        ByteBuffer[] tokenSegments = FileSegments.map(channel, TokenStoreHeader.SIZE, tokenBytes, segmentBytes);
        ByteBuffer[] offsetSegments = FileSegments.map(
                channel, TokenStoreHeader.SIZE + tokenBytes, (header.numDocuments() + 1L) * Long.BYTES, segmentBytes);
        this.tokens = new IntBuffer[tokenSegments.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = tokenSegments[i].asIntBuffer();
        }
        this.offsets = new LongBuffer[offsetSegments.length];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = offsetSegments[i].asLongBuffer();
        }
        verifyTokens(tokenSegments);
        verifyOffsets(offsetSegments);
    }

    /**
     * Starts to write a store. What stood under that name stays until the commit.
     *
     * @param file the store; its folder must exist
     * @param vocabularySize every id must be below it
     * @param vocabulary fingerprint of the vocabulary that made the ids, at most 64 ASCII characters
     * @throws DataException if the folder cannot be written to
     */
    public static TokenStoreWriter create(Path file, int vocabularySize, String vocabulary) {
        return new TokenStoreWriter(file, vocabularySize, vocabulary);
    }

    /**
     * Opens a store and checks all of it.
     *
     * @throws DataException if it is missing, not a store, truncated or damaged in any byte
     */
    public static TokenStore open(Path file) {
        return open(file, MAX_SEGMENT_BYTES);
    }

    /** Opens a store in segments of a size of choice, a multiple of 8 bytes. */
    static TokenStore open(Path file, int segmentBytes) {
        if (Files.isDirectory(file)) {
            throw new DataException("'" + file + "' is a folder: give a token store made by `tarn data prepare`.");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < TokenStoreHeader.SIZE) {
                throw TokenStoreHeader.damaged(
                        file, "it has " + size + " bytes, fewer than the " + TokenStoreHeader.SIZE + " of a header");
            }
            ByteBuffer bytes = ByteBuffer.allocate(TokenStoreHeader.SIZE);
            while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
                // reads on until the header is there
            }
            return new TokenStore(file, TokenStoreHeader.read(file, bytes.array(), size), channel, segmentBytes);
        } catch (NoSuchFileException e) {
            throw new DataException("There is no token store '" + file + "': make it with `tarn data prepare`.", e);
        } catch (IOException e) {
            throw new DataException(
                    "The token store '" + file + "' cannot be read: " + FileErrors.reason(e)
                            + "; check the file and its permissions.",
                    e);
        }
    }

    private void verifyTokens(ByteBuffer[] segments) {
        CRC32C crc = new CRC32C();
        int[] slice = new int[SLICE];
        long index = 0;
        for (int s = 0; s < segments.length; s++) {
            crc.update(segments[s].duplicate());
            IntBuffer ids = tokens[s].duplicate();
            while (ids.hasRemaining()) {
                int count = Math.min(SLICE, ids.remaining());
                ids.get(slice, 0, count);
                for (int i = 0; i < count; i++) {
                    if (Integer.compareUnsigned(slice[i], header.vocabularySize()) >= 0) {
                        throw TokenStoreHeader.damaged(
                                file,
                                "token " + (index + i) + " has the id " + slice[i] + ", outside its vocabulary of "
                                        + header.vocabularySize());
                    }
                }
                index += count;
            }
        }
        if ((int) crc.getValue() != header.tokensChecksum()) {
            throw TokenStoreHeader.damaged(file, "its tokens do not match their checksum");
        }
    }

    private void verifyOffsets(ByteBuffer[] segments) {
        CRC32C crc = new CRC32C();
        for (ByteBuffer segment : segments) {
            crc.update(segment.duplicate());
        }
        if ((int) crc.getValue() != header.offsetsChecksum()) {
            throw TokenStoreHeader.damaged(file, "its document offsets do not match their checksum");
        }
        long before = 0;
        for (int i = 0; i <= header.numDocuments(); i++) {
            long offset = documentOffset(i);
            if (offset < before || (i == 0 && offset != 0)) {
                throw TokenStoreHeader.damaged(
                        file, "document " + i + " starts at token " + offset + ", before " + before);
            }
            before = offset;
        }
        if (before != header.numTokens()) {
            throw TokenStoreHeader.damaged(file, "its documents end at token " + before + " of " + header.numTokens());
        }
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** Every id is below this. */
    public int vocabularySize() {
        return header.vocabularySize();
    }

    /** The fingerprint of the vocabulary that made the ids. */
    public String vocabulary() {
        return header.vocabulary();
    }

    /** The checksum of the header, which follows from all of the content. */
    int checksum() {
        return header.checksum();
    }

    @Override
    public long numTokens() {
        return header.numTokens();
    }

    @Override
    public int numDocuments() {
        return header.numDocuments();
    }

    @Override
    public long documentOffset(int document) {
        Objects.checkIndex(document, header.numDocuments() + 1);
        int perSegment = segmentBytes / Long.BYTES;
        return offsets[document / perSegment].get(document % perSegment);
    }

    @Override
    public void copy(long start, int[] dst, int at, int count) {
        Objects.checkFromIndexSize(start, count, header.numTokens());
        int perSegment = segmentBytes / Integer.BYTES;
        while (count > 0) {
            IntBuffer segment = tokens[(int) (start / perSegment)];
            int inSegment = (int) (start % perSegment);
            int run = Math.min(count, segment.limit() - inSegment);
            segment.get(inSegment, dst, at, run);
            start += run;
            at += run;
            count -= run;
        }
    }
}
