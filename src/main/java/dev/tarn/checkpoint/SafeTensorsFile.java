package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * The checked header of a safetensors file and, on request, the values of one tensor at a time as an array that the
 * caller owns. It holds the file open, so that a file of the same name put in its place meanwhile is never mixed in;
 * whoever does not close it leaves that to the garbage collector. Thread-safety: may be read by several threads.
 */
public final class SafeTensorsFile implements TensorSource {

    /** Where a tensor lies; the offsets are in bytes from the start of the data. */
    @SuppressWarnings("ArrayRecordComponent")
    record Entry(DType dtype, int[] shape, long begin, long end) {}

    private final Path file;
    private final FileChannel channel;
    private final long dataStart;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    SafeTensorsFile(
            Path file, FileChannel channel, long dataStart, Map<String, Entry> entries, Map<String, String> metadata) {
        this.file = file;
        this.channel = channel;
        this.dataStart = dataStart;
        this.entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        this.metadata = Map.copyOf(metadata);
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public Set<String> names() {
        return entries.keySet();
    }

    @Override
    public boolean has(String name) {
        return entries.containsKey(name);
    }

    /** The strings under {@code __metadata__}; empty if there are none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public int[] shape(String name) {
        return entry(name).shape().clone();
    }

    @Override
    public DType dtype(String name) {
        return entry(name).dtype();
    }

    /** The number of elements of a tensor. */
    public long size(String name) {
        Entry entry = entry(name);
        return (entry.end() - entry.begin()) / entry.dtype().bytes();
    }

    /**
     * Refuses a tensor that is missing or of another shape.
     *
     * @throws CheckpointException which names the tensor and both shapes
     */
    public void requireShape(String name, int... wanted) {
        int[] shape = entry(name).shape();
        if (!Arrays.equals(shape, wanted)) {
            throw new CheckpointException("Tensor " + name + " of " + file + " has shape " + Arrays.toString(shape)
                    + ", the model needs " + Arrays.toString(wanted)
                    + "; use the sizes and the vocabulary that it was trained with.");
        }
    }

    @Override
    public float[] floats(String name) {
        return elements(name).floats();
    }

    /** As {@link #floats(String)}, into {@code target} from {@code offset} on. */
    public void floats(String name, float[] target, int offset) {
        elements(name).floats(target, offset);
    }

    /** The values in double precision; exact except for I64 beyond 2^53. */
    public double[] doubles(String name) {
        return elements(name).doubles();
    }

    /**
     * The values of a tensor of an integer type.
     *
     * @throws CheckpointException if the type is not one or a value does not fit into 32 bits
     */
    public int[] ints(String name) {
        long[] wide = longs(name);
        int[] values = new int[wide.length];
        for (int i = 0; i < wide.length; i++) {
            values[i] = (int) wide[i];
            if (values[i] != wide[i]) {
                throw new CheckpointException(
                        "Tensor " + name + " of " + file + " holds " + wide[i] + ", which does not fit into 32 bits.");
            }
        }
        return values;
    }

    @Override
    public long[] longs(String name) {
        return elements(name).longs();
    }

    /**
     * Refuses a file that lacks one of the tensors or holds others.
     *
     * @throws CheckpointException which names the first tensor that is missing or too many
     */
    public void requireNames(Set<String> wanted) {
        for (String name : wanted) {
            entry(name);
        }
        for (String name : entries.keySet()) {
            if (!wanted.contains(name)) {
                throw new CheckpointException("Tensor " + name + " of " + file
                        + " has no place in the model; use the sizes that it was trained with.");
            }
        }
    }

    /** Closes the file; values can no longer be read, the header can. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new CheckpointException("Cannot close " + file + ": " + FileErrors.reason(e) + ".", e);
        }
    }

    /** Size and CRC-32C of the whole file as it is now. */
    Manifest.FileSum sum() throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(SafeTensors.CHUNK_BYTES, channel.size() + 1));
        long position = 0;
        for (int n = channel.read(buffer, position); n >= 0; n = channel.read(buffer, position)) {
            position += n;
            crc.update(buffer.flip());
            buffer.clear();
        }
        return new Manifest.FileSum(position, crc.getValue());
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new CheckpointException("There is no tensor " + name + " in " + file + ", which holds "
                    + entries.size() + " others; it belongs to another model.");
        }
        return entry;
    }

    private Elements elements(String name) {
        Entry entry = entry(name);
        return new Elements(file, name, entry.dtype(), size(name)) {
            @Override
            void read(ChunkReader reader) throws IOException {
                readContiguous(channel, dataStart + entry.begin(), reader);
            }
        };
    }
}
