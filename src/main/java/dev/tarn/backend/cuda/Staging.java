package dev.tarn.backend.cuda;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import jcuda.driver.CUstream;

/**
 * Copies between Java arrays and the device through two pieces of pinned memory that take turns: while the device still
 * reads one, the next array is written into the other, so that an upload returns at once and its array is free.
 */
final class Staging implements AutoCloseable {

    /** Elements of a piece; the ids of a window take one. */
    private static final int PIECE = 1 << 18;

    private final Slot[] slots;
    private int turn;

    private static final class Slot {
        final Pinned memory;
        final FloatBuffer floats;
        final IntBuffer ints;

        Slot(CUstream stream) {
            memory = new Pinned(stream, PIECE * CudaTensor.ELEMENT);
            floats = memory.buffer().asFloatBuffer();
            ints = memory.buffer().asIntBuffer();
        }
    }

    Staging(CUstream stream) {
        slots = new Slot[] {new Slot(stream), new Slot(stream)};
    }

    private Slot next() {
        turn = 1 - turn;
        slots[turn].memory.await();
        return slots[turn];
    }

    private static DevicePointer at(CudaTensor tensor, long element) {
        return element == 0 ? tensor.pointer() : tensor.pointer().plus(element * CudaTensor.ELEMENT);
    }

    void upload(int[] source, CudaTensor target) {
        for (long at = 0; at < target.size(); at += PIECE) {
            int count = (int) Math.min(PIECE, target.size() - at);
            Slot slot = next();
            slot.ints.put(0, source, (int) at, count);
            slot.memory.send(at(target, at), (long) count * CudaTensor.ELEMENT);
        }
    }

    void upload(float[] source, CudaTensor target) {
        for (int at = 0; at < source.length; at += PIECE) {
            int count = Math.min(PIECE, source.length - at);
            Slot slot = next();
            slot.floats.put(0, source, at, count);
            slot.memory.send(at(target, at), (long) count * CudaTensor.ELEMENT);
        }
    }

    void upload(double[] source, CudaTensor target) {
        for (int at = 0; at < source.length; at += PIECE) {
            int count = Math.min(PIECE, source.length - at);
            Slot slot = next();
            for (int k = 0; k < count; k++) {
                slot.floats.put(k, (float) source[at + k]);
            }
            slot.memory.send(at(target, at), (long) count * CudaTensor.ELEMENT);
        }
    }

    private Slot receive(CudaTensor source, int at, int count) {
        Slot slot = next();
        slot.memory.receive(at(source, at), (long) count * CudaTensor.ELEMENT);
        slot.memory.await();
        return slot;
    }

    void download(CudaTensor source, int[] target) {
        for (int at = 0; at < target.length; at += PIECE) {
            int count = Math.min(PIECE, target.length - at);
            receive(source, at, count).ints.get(0, target, at, count);
        }
    }

    void download(CudaTensor source, float[] target) {
        for (int at = 0; at < target.length; at += PIECE) {
            int count = Math.min(PIECE, target.length - at);
            receive(source, at, count).floats.get(0, target, at, count);
        }
    }

    void download(CudaTensor source, double[] target) {
        for (int at = 0; at < target.length; at += PIECE) {
            int count = Math.min(PIECE, target.length - at);
            Slot slot = receive(source, at, count);
            for (int k = 0; k < count; k++) {
                target[at + k] = slot.floats.get(k);
            }
        }
    }

    @Override
    public void close() {
        for (Slot slot : slots) {
            slot.memory.close();
        }
    }
}
