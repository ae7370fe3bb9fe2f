package dev.tarn.data;

import dev.tarn.DataException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import it.unimi.dsi.fastutil.ints.IntArrayList;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/** Gathers the rows of a {@link DocumentTable}, twelve bytes a document, and writes it once all classes are known. */
final class DocumentTableWriter {

    private static final int BUFFER_BYTES = 1 << 16;

    private final Names labels = new Names();
    private final Names files = new Names();
    private final IntArrayList labelOf = new IntArrayList();
    private final IntArrayList fileOf = new IntArrayList();
    private final IntArrayList lineOf = new IntArrayList();

    /** Names in the order of their first appearance. */
    private static final class Names {

        private final Object2IntOpenHashMap<String> indices = new Object2IntOpenHashMap<>();
        private final List<String> list = new ArrayList<>();

        int index(String name) {
            int index = indices.getOrDefault(name, -1);
            if (index < 0) {
                index = list.size();
                indices.put(name, index);
                list.add(name);
            }
            return index;
        }
    }

    void add(SourceDocument document) {
        String label = document.label();
        labelOf.add(label == null ? Documents.UNLABELLED : labels.index(label));
        fileOf.add(files.index(document.file()));
        lineOf.add((int) Math.min(document.line(), Integer.MAX_VALUE - 1));
    }

    /** The labels that occur, sorted. */
    List<String> classes() {
        return labels.list.stream().sorted().toList();
    }

    /**
     * Says which document has a label that is none of some classes.
     *
     * @throws DataException if there is one
     */
    void requireLabelsOf(List<String> classes) {
        Set<String> known = Set.copyOf(classes);
        for (int i = 0; i < labelOf.size(); i++) {
            String label = labelOf.getInt(i) < 0 ? null : labels.list.get(labelOf.getInt(i));
            if (label != null && !known.contains(label)) {
                throw new DataException("'" + SourceDocument.origin(files.list.get(fileOf.getInt(i)), lineOf.getInt(i))
                        + "' is to be validated on and has the label '" + label
                        + "', of which there is no example to train on: add one, or leave the label out.");
            }
        }
    }

    /**
     * Writes the table in place of one that may be there.
     *
     * @param classes all names in order; the label of a class is its place
     * @param storeChecksum {@link TokenStore#checksum} of the documents
     */
    void write(Path path, List<String> classes, int storeChecksum) {
        int[] places = new int[labels.list.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = classes.indexOf(labels.list.get(i));
        }
        try {
            AtomicFile.write(path, channel -> {
                Output out = new Output(channel);
                out.buffer
                        .putLong(DocumentTable.MAGIC)
                        .putInt(DocumentTable.VERSION)
                        .putInt(classes.size());
                out.buffer
                        .putInt(files.list.size())
                        .putInt(labelOf.size())
                        .putInt(storeChecksum)
                        .putInt(0);
                for (int i = 0; i < labelOf.size(); i++) {
                    int label = labelOf.getInt(i);
                    out.put(label < 0 ? Documents.UNLABELLED : places[label]);
                }
                for (int i = 0; i < fileOf.size(); i++) {
                    out.put(fileOf.getInt(i));
                }
                for (int i = 0; i < lineOf.size(); i++) {
                    out.put(lineOf.getInt(i));
                }
                for (String name : classes) {
                    out.put(name);
                }
                for (String name : files.list) {
                    out.put(name);
                }
                out.finish();
            });
        } catch (IOException e) {
            throw new DataException(
                    "The table '" + path + "' cannot be written: " + FileErrors.reason(e)
                            + "; check that there is room on the disk.",
                    e);
        }
    }

    /** Little-endian numbers and names with a checksum over all of them at the end. */
    private static final class Output {

        private final FileChannel channel;
        private final CRC32C crc = new CRC32C();
        private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

        Output(FileChannel channel) {
            this.channel = channel;
        }

        void put(int value) throws IOException {
            if (buffer.remaining() < Integer.BYTES) {
                flush();
            }
            buffer.putInt(value);
        }

        void put(String name) throws IOException {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(name);
            put(bytes.remaining());
            flush();
            crc.update(bytes.duplicate());
            AtomicFile.writeFully(channel, bytes);
        }

        void flush() throws IOException {
            buffer.flip();
            crc.update(buffer.duplicate());
            AtomicFile.writeFully(channel, buffer);
            buffer.clear();
        }

        void finish() throws IOException {
            flush();
            buffer.putInt((int) crc.getValue());
            flush();
        }
    }
}
