package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file that {@code torch.save} wrote, in either layout of {@link PthLayout}, with tensors as the leaves of dicts and
 * lists. A tensor's name is its path, {@code "model.0.encoder.weight"} or {@code "opt.state.0.exp_avg"}.
 *
 * <p>Opening reads the pickles (see {@link PickleReader} for what they may hold and what that costs) and no tensor. A
 * tensor is read when asked for: through a buffer of 1 MiB where its elements lie in order, otherwise with the part of its
 * storage that it spans. No tensor may be larger than the file, so one that repeats a few numbers cannot be either.
 */
public final class PthFile implements TensorSource {

    /** Dicts and lists within each other; fastai's go to four. */
    private static final int MAX_DEPTH = 32;

    private static final int MAX_NAME = 500;
    private static final int MAX_VALUES = 100_000;

    private final Path file;
    private final FileChannel channel;
    private final long bytes;
    private final PthLayout layout;
    private final Map<String, PthTensor> tensors = new LinkedHashMap<>();
    private final Map<String, Object> plain = new LinkedHashMap<>();
    private int visits;

    private PthFile(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.bytes = channel.size();
        this.layout = new PthLayout(file.toString(), channel, bytes);
        Object root = layout.read();
        collect("", root, 0);
    }

    /**
     * Opens a file. Ownership: the caller closes it.
     *
     * @throws CheckpointException if it is missing, damaged, too large, or holds anything that is not plain data
     */
    public static PthFile open(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException("There is no file " + file + "; check the path.");
        }
        try {
            FileChannel channel = FileChannel.open(file);
            try {
                return new PthFile(file, channel);
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new CheckpointException("Cannot read " + file + ": " + FileErrors.reason(e) + ".", e);
        }
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(tensors.keySet());
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public int[] shape(String name) {
        return tensor(name).shape().clone();
    }

    @Override
    public DType dtype(String name) {
        return tensor(name).storage().dtype();
    }

    @Override
    public float[] floats(String name) {
        return elements(name).floats();
    }

    /** The values in double precision; exact except for I64 beyond 2^53. */
    public double[] doubles(String name) {
        return elements(name).doubles();
    }

    @Override
    public long[] longs(String name) {
        return elements(name).longs();
    }

    /** Whether two tensors are the same numbers in the file, as a decoder tied to an embedding is. */
    public boolean isAlias(String name, String other) {
        return tensor(name).isAliasOf(tensor(other));
    }

    /** What is neither a tensor nor a container: numbers, texts and the like, by their paths. */
    Map<String, Object> plain() {
        return plain;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new CheckpointException("Cannot close " + file + ": " + FileErrors.reason(e) + ".", e);
        }
    }

    /** Counts every visit, so that lists that stand in many places, or in themselves, come to an end. */
    private void collect(String name, Object value, int depth) {
        visits++;
        if (depth > MAX_DEPTH || name.length() > MAX_NAME || visits > MAX_VALUES) {
            throw refused("it nests deeper than " + MAX_DEPTH + ", has names of more than " + MAX_NAME
                    + " letters or more than " + MAX_VALUES + " values");
        }
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, item) -> collect(child(name, key), item, depth + 1));
        } else if (value instanceof PickleReader.Tuple tuple) {
            collectItems(name, tuple.items(), depth);
        } else if (value instanceof List<?> list) {
            collectItems(name, list, depth);
        } else if (value instanceof PthTensor tensor) {
            if (tensor.size() > bytes / tensor.storage().dtype().bytes()) {
                throw refused("tensor " + PickleInput.quoted(name) + " repeats its numbers until it is larger than the"
                        + " file");
            }
            if (tensors.put(name, tensor) != null) {
                throw refused("two tensors are called " + PickleInput.quoted(name));
            }
        } else {
            plain.put(name, value);
        }
    }

    private void collectItems(String name, List<?> items, int depth) {
        for (int i = 0; i < items.size(); i++) {
            collect(child(name, i), items.get(i), depth + 1);
        }
    }

    private static String child(String name, Object key) {
        return name.isEmpty() ? key.toString() : name + '.' + key;
    }

    private PthTensor tensor(String name) {
        PthTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new CheckpointException("There is no tensor " + name + " in " + file + ", which holds "
                    + tensors.size() + " others; it belongs to another model.");
        }
        return tensor;
    }

    private Elements elements(String name) {
        PthTensor tensor = tensor(name);
        PthStorage storage = tensor.storage();
        int width = storage.dtype().bytes();
        return new Elements(file, name, storage.dtype(), tensor.size()) {
            @Override
            void read(ChunkReader reader) throws IOException {
                Long crc = layout.takeChecksum(storage.position());
                if (crc != null) {
                    layout.requireChecksum(storage.key(), storage.position(), storage.bytes(), crc);
                }
                long start = storage.position() + tensor.offset() * width;
                if (tensor.isContiguous()) {
                    readContiguous(channel, start, reader);
                } else {
                    readStrided(start, reader);
                }
            }

            private void readStrided(long start, ChunkReader reader) throws IOException {
                long spanned = (tensor.last() - tensor.offset() + 1) * width;
                if (spanned > Integer.MAX_VALUE - 8) {
                    throw refused("tensor " + PickleInput.quoted(name) + " is not laid out row by row and spans "
                            + spanned + " bytes, more than are read at once");
                }
                ByteBuffer span = ByteBuffer.allocate((int) spanned).order(ByteOrder.LITTLE_ENDIAN);
                readFully(channel, span, start);
                int count = arraySize();
                int capacity = SafeTensors.CHUNK_BYTES / width;
                ByteBuffer buffer = chunk(Math.min(capacity, count));
                int[] index = new int[tensor.shape().length];
                for (int at = 0; at < count; at += capacity) {
                    int part = Math.min(capacity, count - at);
                    buffer.clear();
                    for (int i = 0; i < part; i++) {
                        buffer.put(span.array(), next(index, tensor) * width, width);
                    }
                    reader.accept(buffer.flip(), at, part);
                }
            }
        };
    }

    /** The place of the element at {@code index} behind the first one, in elements; the index then moves on by one. */
    private static int next(int[] index, PthTensor tensor) {
        long place = 0;
        for (int axis = 0; axis < index.length; axis++) {
            place += index[axis] * tensor.strides()[axis];
        }
        for (int axis = index.length - 1; axis >= 0; axis--) {
            if (++index[axis] < tensor.shape()[axis]) {
                break;
            }
            index[axis] = 0;
        }
        return (int) place;
    }

    private CheckpointException refused(String what) {
        return new CheckpointException(file + " cannot be used: " + what + ".");
    }
}
