package dev.tarn.data;

import dev.tarn.DataException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The first 128 bytes of a token store; the package description has the table.
 *
 * @param numDocuments documents, at least 1
 * @param numTokens tokens, at least 1
 * @param vocabularySize every id is below it
 * @param vocabulary fingerprint of the vocabulary, at most 64 ASCII characters
 * @param tokensChecksum CRC32C of the token section
 * @param offsetsChecksum CRC32C of the offset section
 */
record TokenStoreHeader(
        int numDocuments,
        long numTokens,
        int vocabularySize,
        String vocabulary,
        int tokensChecksum,
        int offsetsChecksum) {

    static final int SIZE = 128;
    static final int VERSION = 1;
    static final int FINGERPRINT_SIZE = 64;

    /** "TARNTOKS" as bytes in file order. */
    private static final long MAGIC = 0x534B4F544E524154L;

    private static final int CHECKSUM_AT = SIZE - 4;
    private static final int MAX_DOCUMENTS = Integer.MAX_VALUE - 16;

    /** The size in bytes of a whole store. */
    long fileSize() {
        return SIZE + numTokens * Integer.BYTES + (numDocuments + 1L) * Long.BYTES;
    }

    ByteBuffer toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(MAGIC)
                .putInt(VERSION)
                .putInt(vocabularySize)
                .putLong(numTokens)
                .putLong(numDocuments);
        bytes.put(vocabulary.getBytes(StandardCharsets.US_ASCII));
        bytes.position(32 + FINGERPRINT_SIZE);
        bytes.putInt(tokensChecksum).putInt(offsetsChecksum);
        bytes.putInt(CHECKSUM_AT, checksum(bytes.array()));
        return bytes.rewind();
    }

    /** The checksum of the header itself, which follows from all of the store. */
    int checksum() {
        return toBytes().getInt(CHECKSUM_AT);
    }

    /**
     * Reads and checks a header. Nothing is believed before its checksum agrees, and no count that the size of the file
     * does not bear out.
     */
    static TokenStoreHeader read(Path file, byte[] header, long fileSize) {
        ByteBuffer bytes = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.getLong(0) != MAGIC) {
            throw new DataException(
                    "'" + file + "' is not a token store: it does not start with TARNTOKS; make one with"
                            + " `tarn data prepare`.");
        }
        int version = bytes.getInt(8);
        if (version != VERSION) {
            throw new DataException("'" + file + "' is a token store of version " + version + ", but only version "
                    + VERSION + " can be read: make it again with `tarn data prepare`.");
        }
        if (bytes.getInt(CHECKSUM_AT) != checksum(header)) {
            throw damaged(file, "its header does not match its checksum");
        }
        int vocabularySize = bytes.getInt(12);
        long numTokens = bytes.getLong(16);
        long numDocuments = bytes.getLong(24);
        if (vocabularySize < 1) {
            throw damaged(file, "its header claims a vocabulary of " + vocabularySize);
        }
        if (numTokens < 1 || numTokens > fileSize / Integer.BYTES) {
            throw damaged(file, "its header claims " + numTokens + " tokens in a file of " + fileSize + " bytes");
        }
        if (numDocuments < 1 || numDocuments > Math.min(MAX_DOCUMENTS, fileSize / Long.BYTES)) {
            throw damaged(file, "its header claims " + numDocuments + " documents in a file of " + fileSize + " bytes");
        }
        TokenStoreHeader read = new TokenStoreHeader(
                (int) numDocuments,
                numTokens,
                vocabularySize,
                fingerprint(header),
                bytes.getInt(32 + FINGERPRINT_SIZE),
                bytes.getInt(36 + FINGERPRINT_SIZE));
        if (read.fileSize() != fileSize) {
            throw damaged(file, "it has " + fileSize + " bytes, but its header promises " + read.fileSize());
        }
        return read;
    }

    static DataException damaged(Path file, String what) {
        return new DataException(
                "The token store '" + file + "' is damaged: " + what + "; make it again with `tarn data prepare`.");
    }

    private static String fingerprint(byte[] header) {
        int end = 32 + FINGERPRINT_SIZE;
        while (end > 32 && header[end - 1] == 0) {
            end--;
        }
        return new String(header, 32, end - 32, StandardCharsets.US_ASCII);
    }

    private static int checksum(byte[] header) {
        CRC32C crc = new CRC32C();
        crc.update(header, 0, CHECKSUM_AT);
        return (int) crc.getValue();
    }
}
