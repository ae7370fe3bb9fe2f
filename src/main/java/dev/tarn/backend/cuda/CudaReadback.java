package dev.tarn.backend.cuda;

import dev.tarn.backend.Readback;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import java.nio.FloatBuffer;

/** Copies a small tensor into pinned memory of its own. Ownership: the backend's. */
final class CudaReadback implements Readback, AutoCloseable {

    private final CudaDevice device;
    private final CudaTensor source;
    private final Pinned memory;
    private final FloatBuffer values;
    private boolean isRecorded;

    CudaReadback(CudaDevice device, CudaTensor source) {
        this.device = device;
        this.source = source;
        memory = new Pinned(device.stream(), Math.toIntExact(source.bytes()));
        values = memory.buffer().asFloatBuffer();
    }

    @Override
    public void record() {
        device.enter();
        memory.receive(source.pointer(), source.bytes());
        isRecorded = true;
    }

    @Override
    public void await(double[] out) {
        if (!isRecorded) {
            throw new IllegalStateException("readback: nothing was recorded");
        }
        Shapes.transfer("readback", source, Tensor.Kind.REAL, out.length);
        device.enter();
        memory.await();
        for (int i = 0; i < out.length; i++) {
            out[i] = values.get(i);
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
