package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
public final class SafeTensorsFile implements AutoCloseable {

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

    /** The file. */
    public Path file() {
        return file;
    }

    /** The names of all tensors in the order of the header. */
    public Set<String> names() {
        return entries.keySet();
    }

    /** Whether there is a tensor of this name. */
    public boolean has(String name) {
        return entries.containsKey(name);
    }

    /** The strings under {@code __metadata__}; empty if there are none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** A copy of the dimensions of a tensor. */
    public int[] shape(String name) {
        return entry(name).shape().clone();
    }

    /** The element type of a tensor. */
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

    /** The values in single precision, rounded where the type is wider. */
    public float[] floats(String name) {
        float[] values = new float[arraySize(name)];
        floats(name, values, 0);
        return values;
    }

    /** As {@link #floats(String)}, into {@code target} from {@code offset} on. */
    public void floats(String name, float[] target, int offset) {
        DType dtype = entry(name).dtype();
        read(name, (chunk, at, count) -> {
            int from = offset + at;
            if (dtype == DType.F32) {
                chunk.asFloatBuffer().get(target, from, count);
                return;
            }
            for (int i = 0; i < count; i++) {
                target[from + i] = (float) dtype.real(chunk);
            }
        });
    }

    /** The values in double precision; exact except for I64 beyond 2^53. */
    public double[] doubles(String name) {
        DType dtype = entry(name).dtype();
        double[] values = new double[arraySize(name)];
        read(name, (chunk, at, count) -> {
            for (int i = 0; i < count; i++) {
                values[at + i] = dtype.real(chunk);
            }
        });
        return values;
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

    /** As {@link #ints}, in 64 bits. */
    public long[] longs(String name) {
        DType dtype = entry(name).dtype();
        if (!dtype.isInteger()) {
            throw new CheckpointException(
                    "Tensor " + name + " of " + file + " is of type " + dtype + ", integers are needed.");
        }
        long[] values = new long[arraySize(name)];
        read(name, (chunk, at, count) -> {
            for (int i = 0; i < count; i++) {
                values[at + i] = dtype.integer(chunk);
            }
        });
        return values;
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

    private int arraySize(String name) {
        long size = size(name);
        if (size > Integer.MAX_VALUE - 8) {
            throw new CheckpointException(
                    "Tensor " + name + " of " + file + " has " + size + " elements, more than one array can hold.");
        }
        return (int) size;
    }

    /** Receives a chunk of little-endian bytes with {@code count} elements, the first of which is element {@code at}. */
    private interface ChunkReader {
        void accept(ByteBuffer chunk, int at, int count);
    }

    private void read(String name, ChunkReader reader) {
        Entry entry = entry(name);
        int width = entry.dtype().bytes();
        int size = arraySize(name);
        try {
            int capacity = SafeTensors.CHUNK_BYTES / width;
            ByteBuffer buffer =
                    ByteBuffer.allocateDirect(Math.min(capacity, size) * width).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 0; at < size; at += capacity) {
                int count = Math.min(capacity, size - at);
                buffer.clear().limit(count * width);
                long position = dataStart + entry.begin() + (long) at * width;
                while (buffer.hasRemaining()) {
                    if (channel.read(buffer, position + buffer.position()) < 0) {
                        throw new CheckpointException(file + " was cut short while tensor " + name + " was read.");
                    }
                }
                reader.accept(buffer.flip(), at, count);
            }
        } catch (IOException e) {
            throw new CheckpointException(
                    "Cannot read tensor " + name + " of " + file + ": " + FileErrors.reason(e) + ".", e);
        }
    }
}
