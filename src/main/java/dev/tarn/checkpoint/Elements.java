package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The values of one tensor of a file: how they come from it, in chunks, and what arrays they become. */
abstract class Elements {

    private final Path file;
    private final String name;
    private final DType dtype;
    private final long size;

    Elements(Path file, String name, DType dtype, long size) {
        this.file = file;
        this.name = name;
        this.dtype = dtype;
        this.size = size;
    }

    /** Receives a chunk of little-endian bytes with {@code count} elements, the first of which is element {@code at}. */
    interface ChunkReader {
        void accept(ByteBuffer chunk, int at, int count);
    }

    /** Hands over all elements in row-major order. */
    abstract void read(ChunkReader reader) throws IOException;

    /** {@link #read} for elements that lie one behind the other from a place in the file on. */
    final void readContiguous(FileChannel channel, long start, ChunkReader reader) throws IOException {
        int width = dtype.bytes();
        int count = arraySize();
        int capacity = SafeTensors.CHUNK_BYTES / width;
        ByteBuffer buffer = chunk(Math.min(capacity, count));
        for (int at = 0; at < count; at += capacity) {
            int part = Math.min(capacity, count - at);
            buffer.clear().limit(part * width);
            readFully(channel, buffer, start + (long) at * width);
            reader.accept(buffer.flip(), at, part);
        }
    }

    /** Fills a buffer that is empty, from a place in the file on. */
    final void readFully(FileChannel channel, ByteBuffer buffer, long start) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, start + buffer.position()) < 0) {
                throw new CheckpointException(file + " was cut short while tensor " + name + " was read.");
            }
        }
    }

    /** A little-endian buffer for this many elements. */
    final ByteBuffer chunk(int count) {
        return ByteBuffer.allocateDirect(count * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    final float[] floats() {
        float[] values = new float[arraySize()];
        floats(values, 0);
        return values;
    }

    final void floats(float[] target, int offset) {
        readAll((chunk, at, count) -> {
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

    final double[] doubles() {
        double[] values = new double[arraySize()];
        readAll((chunk, at, count) -> {
            for (int i = 0; i < count; i++) {
                values[at + i] = dtype.real(chunk);
            }
        });
        return values;
    }

    final long[] longs() {
        if (!dtype.isInteger()) {
            throw new CheckpointException(
                    "Tensor " + name + " of " + file + " is of type " + dtype + ", integers are needed.");
        }
        long[] values = new long[arraySize()];
        readAll((chunk, at, count) -> {
            for (int i = 0; i < count; i++) {
                values[at + i] = dtype.integer(chunk);
            }
        });
        return values;
    }

    final int arraySize() {
        if (size > Integer.MAX_VALUE - 8) {
            throw new CheckpointException(
                    "Tensor " + name + " of " + file + " has " + size + " elements, more than one array can hold.");
        }
        return (int) size;
    }

    private void readAll(ChunkReader reader) {
        try {
            read(reader);
        } catch (IOException e) {
            throw new CheckpointException(
                    "Cannot read tensor " + name + " of " + file + ": " + FileErrors.reason(e) + ".", e);
        }
    }
}
