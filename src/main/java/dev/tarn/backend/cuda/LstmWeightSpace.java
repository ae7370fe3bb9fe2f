package dev.tarn.backend.cuda;

import dev.tarn.backend.GradientSum;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The weights of a recurrent layer as the device wants them: sixteen chunks, of wIh, wHh, bIh and bHh in this order the
 * rows of gate i, f, g and o, each somewhere in one piece of memory. One launch brings all weights there, the recurrent
 * ones multiplied by their mask; another brings gradients of that layout to those of the model.
 *
 * <p>Ownership: the memory, freed by {@link #close}.
 */
final class LstmWeightSpace implements AutoCloseable {

    static final int CHUNKS = 16;

    /** Blocks of a chunk at most: enough for every processor, few enough that a thread has work to do. */
    private static final int BLOCKS = 256;

    private final CudaDevice device;
    private final int inputs;
    private final int hidden;
    private final long bytes;
    private final DevicePointer weights;
    private final ByteBuffer layout = ByteBuffer.allocate(CHUNKS * Long.BYTES).order(ByteOrder.nativeOrder());
    private final Kernel load;
    private final Kernel gradient;
    private final boolean isAligned;
    private Mask mask = Mask.NONE;

    /**
     * @param starts where the chunks start, in floats
     * @param bytes of the whole space
     */
    LstmWeightSpace(CudaDevice device, int inputs, int hidden, DevicePointer weights, long[] starts, long bytes) {
        this.device = device;
        this.inputs = inputs;
        this.hidden = hidden;
        this.weights = weights;
        this.bytes = bytes;
        boolean aligned = hidden % 4 == 0 && inputs % 4 == 0;
        for (long start : starts) {
            layout.putLong(start);
            aligned &= start % 4 == 0;
        }
        layout.clear();
        isAligned = aligned;
        load = device.kernel("lstm_weights_load");
        gradient = device.kernel("lstm_weights_gradient");
        device.gradientSpace().reserve(bytes);
    }

    DevicePointer weights() {
        return weights;
    }

    long bytes() {
        return bytes;
    }

    void load(LstmWeights from, Mask weightDrop) {
        CudaTensor wIh = CudaTensor.of(from.wIh());
        CudaTensor wHh = CudaTensor.of(from.wHh());
        CudaTensor bIh = CudaTensor.of(from.bIh());
        CudaTensor bHh = CudaTensor.of(from.bHh());
        mask = weightDrop;
        load.begin().pointer(weights).tensor(wIh).tensor(wHh).tensor(bIh).tensor(bHh);
        launch(load, wIh, wHh, bIh, bHh);
    }

    /** Hands over the gradients in {@link CudaDevice#gradientSpace}, the recurrent ones masked as the weights were. */
    void gradient(LstmWeights to, GradientSum sum) {
        CudaTensor wIh = CudaTensor.of(to.wIh());
        CudaTensor wHh = CudaTensor.of(to.wHh());
        CudaTensor bIh = CudaTensor.of(to.bIh());
        CudaTensor bHh = CudaTensor.of(to.bHh());
        gradient.begin()
                .tensor(wIh)
                .tensor(wHh)
                .tensor(bIh)
                .tensor(bHh)
                .pointer(device.gradientSpace().pointer());
        gradient.int32(sum == GradientSum.CONTINUE ? 1 : 0);
        launch(gradient, wIh, wHh, bIh, bHh);
    }

    private void launch(Kernel kernel, CudaTensor wIh, CudaTensor wHh, CudaTensor bIh, CudaTensor bHh) {
        boolean wide = isAligned
                && wIh.isAligned()
                && wHh.isAligned()
                && bIh.isAligned()
                && bHh.isAligned()
                && MaskBytes.isAligned(mask);
        int vec = wide ? 4 : 1;
        long blocks = Kernel.blocks((long) hidden * Math.max(inputs, hidden), (long) kernel.blockSize() * vec);
        kernel.struct(layout)
                .struct(device.masks().of(mask))
                .int32(hidden)
                .int32(inputs)
                .int32(vec);
        kernel.launch(Math.min(blocks, BLOCKS), CHUNKS, 0);
    }

    @Override
    public void close() {
        device.memory().giveBack(weights);
    }
}
