package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The safetensors format (see the package) as a list of entries on the way out and a {@link SafeTensorsFile} on the way
 * in. Values are streamed through a buffer of 1 MiB both ways.
 */
public final class SafeTensors {

    /** The key of the header that holds metadata instead of a tensor. */
    public static final String METADATA = "__metadata__";

    /** The longest header that is read or written, the limit of the format's own implementation. */
    public static final int MAX_HEADER_BYTES = 100_000_000;

    static final int CHUNK_BYTES = 1 << 20;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private SafeTensors() {}

    /**
     * Writes a file that appears whole or not at all, its tensors in the given order.
     *
     * @param metadata strings for {@code __metadata__}, written sorted; left out when empty
     * @throws IllegalArgumentException if two tensors share a name or one does not hold what its shape says
     * @throws CheckpointException if the file cannot be written; an older one of this name is then untouched
     */
    public static void write(Path file, List<TensorEntry> tensors, Map<String, String> metadata) {
        byte[] header = header(tensors, metadata);
        try {
            AtomicFile.write(file, channel -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
                buffer.putLong(header.length).flip();
                AtomicFile.writeFully(channel, buffer);
                AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
                for (TensorEntry tensor : tensors) {
                    writeValues(channel, buffer, tensor);
                }
            });
        } catch (IOException e) {
            throw new CheckpointException(
                    "Cannot write " + file + ": " + FileErrors.reason(e)
                            + "; give a folder that exists, is writable and has room.",
                    e);
        }
    }

    /**
     * Opens a file and checks its header; values are read when asked for. Ownership: the caller may close it.
     *
     * @throws CheckpointException if the file is missing or breaks a rule of the format
     */
    public static SafeTensorsFile read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException("There is no safetensors file " + file + "; check the path.");
        }
        try {
            return open(file);
        } catch (IOException e) {
            throw new CheckpointException("Cannot read " + file + ": " + FileErrors.reason(e) + ".", e);
        }
    }

    private static SafeTensorsFile open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file);
        try {
            return SafeTensorsHeader.read(file, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static byte[] header(List<TensorEntry> tensors, Map<String, String> metadata) {
        ObjectNode root = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode strings = root.putObject(METADATA);
            new TreeMap<>(metadata).forEach(strings::put);
        }
        Set<String> names = new HashSet<>();
        long offset = 0;
        for (TensorEntry tensor : tensors) {
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("Two tensors are named " + tensor.name());
            }
            ObjectNode entry = root.putObject(tensor.name());
            entry.put("dtype", tensor.dtype().name());
            ArrayNode shape = entry.putArray("shape");
            for (int dimension : tensor.shape()) {
                shape.add(dimension);
            }
            long end = Math.addExact(
                    offset, Math.multiplyExact(tensor.size(), tensor.dtype().bytes()));
            entry.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(root);
        if (json.length > MAX_HEADER_BYTES - 8) {
            throw new IllegalArgumentException("The header of " + tensors.size() + " tensors would be too long");
        }
        // Padded so that the values begin at a multiple of 8 bytes.
        byte[] padded = Arrays.copyOf(json, (json.length + 7) & ~7);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static void writeValues(FileChannel channel, ByteBuffer buffer, TensorEntry tensor) throws IOException {
        Buffer values = tensor.values().get();
        DType dtype = tensor.dtype();
        boolean fits = switch (dtype) {
            case F32 -> values instanceof FloatBuffer || values instanceof ByteBuffer;
            case F64 -> values instanceof DoubleBuffer || values instanceof ByteBuffer;
            case I32 -> values instanceof IntBuffer || values instanceof ByteBuffer;
            case I64 -> values instanceof LongBuffer || values instanceof ByteBuffer;
            default -> values instanceof ByteBuffer;
        };
        long wanted = values instanceof ByteBuffer ? tensor.size() * dtype.bytes() : tensor.size();
        if (!fits || values.remaining() != wanted) {
            throw new IllegalArgumentException("Tensor " + tensor.name() + " of shape "
                    + Arrays.toString(tensor.shape()) + " and type " + dtype + " was given " + values.remaining()
                    + " values in a " + values.getClass().getSimpleName());
        }
        if (values instanceof ByteBuffer bytes) {
            AtomicFile.writeFully(channel, bytes.duplicate());
            return;
        }
        int capacity = CHUNK_BYTES / dtype.bytes();
        int end = values.limit();
        for (int from = values.position(); from < end; from += capacity) {
            int count = Math.min(capacity, end - from);
            buffer.clear();
            if (values instanceof FloatBuffer floats) {
                buffer.asFloatBuffer().put(0, floats, from, count);
            } else if (values instanceof DoubleBuffer doubles) {
                buffer.asDoubleBuffer().put(0, doubles, from, count);
            } else if (values instanceof IntBuffer ints) {
                buffer.asIntBuffer().put(0, ints, from, count);
            } else if (values instanceof LongBuffer longs) {
                buffer.asLongBuffer().put(0, longs, from, count);
            }
            buffer.limit(count * dtype.bytes());
            AtomicFile.writeFully(channel, buffer);
        }
    }
}
