package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What is known of the documents of a {@link TokenStore} beside their tokens: the class of each and where it came from. The
 * file stands beside the store and knows its checksum, so that labels cannot be read for other documents; {@code
 * docs/prepared-text.md} has the format.
 *
 * <p>Opening reads the file whole and checks its checksum, every size, label and name.
 *
 * <p><em>Thread-safety:</em> immutable but for the array of {@link #labels}, which must not be written.
 */
public final class DocumentTable {

    static final int HEADER = 32;

    /** "TARNDOCS" as bytes in file order. */
    static final long MAGIC = 0x53434F444E524154L;

    static final int VERSION = 1;
    private static final int ROW_BYTES = 3 * Integer.BYTES;

    private final Path path;
    private final int storeChecksum;
    private final List<String> classes;
    private final List<String> files;
    private final int[] labels;
    private final int[] fileOf;
    private final int[] lineOf;

    private DocumentTable(Path path, ByteBuffer bytes) {
        this.path = path;
        int numClasses = bytes.getInt(12);
        int numFiles = bytes.getInt(16);
        int documents = bytes.getInt(20);
        this.storeChecksum = bytes.getInt(24);
        int rest = bytes.capacity() - HEADER - Integer.BYTES;
        if (documents < 1
                || numClasses < 0
                || numFiles < 1
                || (long) documents * ROW_BYTES + ((long) numClasses + numFiles) * Integer.BYTES > rest) {
            throw damaged(
                    path,
                    "it claims " + documents + " documents, " + numClasses + " classes and " + numFiles + " files in "
                            + bytes.capacity() + " bytes");
        }
        bytes.position(HEADER);
        this.labels = column(bytes, documents, Documents.UNLABELLED, numClasses, "label");
        this.fileOf = column(bytes, documents, 0, numFiles, "file");
        this.lineOf = column(bytes, documents, 0, Integer.MAX_VALUE, "line");
        bytes.limit(bytes.capacity() - Integer.BYTES);
        this.classes = names(bytes, numClasses);
        this.files = names(bytes, numFiles);
        if (bytes.hasRemaining()) {
            throw damaged(path, bytes.remaining() + " bytes follow its last name");
        }
        for (int i = 1; i < numClasses; i++) {
            if (classes.get(i - 1).compareTo(classes.get(i)) >= 0) {
                throw damaged(
                        path, "its classes '" + classes.get(i - 1) + "' and '" + classes.get(i) + "' are not in order");
            }
        }
    }

    /**
     * Reads and checks a table.
     *
     * @param store the store whose documents it describes
     * @throws DataException if it is missing, damaged in any byte, or of another store
     */
    static DocumentTable open(Path path, TokenStore store) {
        DocumentTable table = read(path);
        if (table.storeChecksum != store.checksum() || table.size() != store.numDocuments()) {
            throw new DataException("The table '" + path + "' describes other documents than those of '" + store.file()
                    + "' beside it: prepare the text anew.");
        }
        return table;
    }

    private static DocumentTable read(Path path) {
        byte[] bytes;
        try {
            long size = Files.size(path);
            if (size < HEADER + Integer.BYTES || size > Integer.MAX_VALUE - 16) {
                throw damaged(path, "it has " + size + " bytes");
            }
            bytes = Files.readAllBytes(path);
        } catch (IOException e) {
            throw new DataException(
                    "The table '" + path + "' cannot be read: " + FileErrors.reason(e) + "; prepare the text anew.", e);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (buffer.getLong(0) != MAGIC) {
            throw new DataException("'" + path
                    + "' is not a table of documents: it does not start with TARNDOCS; prepare" + " the text anew.");
        }
        if (buffer.getInt(8) != VERSION) {
            throw new DataException("'" + path + "' is a table of documents of version " + buffer.getInt(8)
                    + ", but only version " + VERSION + " can be read: prepare the text anew.");
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - Integer.BYTES);
        if (buffer.getInt(bytes.length - Integer.BYTES) != (int) crc.getValue()) {
            throw damaged(path, "it does not match its checksum");
        }
        return new DocumentTable(path, buffer);
    }

    private int[] column(ByteBuffer bytes, int count, int low, int high, String what) {
        int[] values = new int[count];
        bytes.asIntBuffer().get(values);
        bytes.position(bytes.position() + count * Integer.BYTES);
        for (int i = 0; i < count; i++) {
            if (values[i] < low || values[i] >= high) {
                throw damaged(path, "document " + i + " has the " + what + " " + values[i]);
            }
        }
        return values;
    }

    private List<String> names(ByteBuffer bytes, int count) {
        List<String> names = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int length = bytes.remaining() < Integer.BYTES ? -1 : bytes.getInt();
            if (length < 0 || length > bytes.remaining()) {
                throw damaged(path, "one of its names has a length of " + length);
            }
            try {
                names.add(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(bytes.slice(bytes.position(), length))
                        .toString());
            } catch (CharacterCodingException e) {
                throw damaged(path, "one of its names is not UTF-8");
            }
            bytes.position(bytes.position() + length);
        }
        return List.copyOf(names);
    }

    private static DataException damaged(Path path, String what) {
        return new DataException("The table '" + path + "' is damaged: " + what + "; prepare the text anew.");
    }

    /** How many documents there are. */
    public int size() {
        return labels.length;
    }

    /** Whether documents have labels. */
    public boolean isLabelled() {
        return !classes.isEmpty();
    }

    /** The names of the classes in order; none if there are no labels. */
    public List<String> classes() {
        return classes;
    }

    /** The class of each document; -1 where it has none. The array is not copied and must not be written. */
    int[] labels() {
        return labels;
    }

    /** The class of a document; -1 if it has none. */
    public int label(int document) {
        return labels[document];
    }

    /** Where a document came from: {@code "train/pos/7_9.txt"}, or {@code "texts.csv:17"} for one that begins on line 17. */
    public String origin(int document) {
        return SourceDocument.origin(files.get(fileOf[document]), lineOf[document]);
    }
}
