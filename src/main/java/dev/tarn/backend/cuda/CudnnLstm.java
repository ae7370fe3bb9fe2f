package dev.tarn.backend.cuda;

import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnWgradMode;
import org.jspecify.annotations.Nullable;

/**
 * An LSTM layer by cuDNN: one call forward, two backward. cuDNN takes its weights in a space of its own layout and keeps
 * the activations that backward needs in a reserve that only this layer writes. A layer is a call of its own because
 * locked dropout, which cuDNN does not know, sits between layers.
 */
final class CudnnLstm implements Lstm {

    /** No memory: cuDNN's binding wants an object where a null pointer is meant. */
    private static final Pointer NONE = new Pointer();

    private static final long ALIGNMENT = 256;

    private final CudaDevice device;
    private final int maxSteps;
    private final int batch;
    private final int inputs;
    private final int hidden;
    private final CudnnLayer layer;
    private final LstmWeightSpace space;
    private final long workBytes;
    private final Reserve[] reserves;
    private final long reserveBytes;
    private final DevicePointer lengths;
    private final Owned owned = new Owned();

    /** Where the row of lengths of a window of T steps starts, T from 1 on. */
    private final DevicePointer[] lengthsOf;

    /** Index of the chosen one of {@link #reserves}. */
    private int chosen;

    /** What a training forward keeps for its backward. */
    private static final class Reserve {

        final DevicePointer space;

        /** The steps of the last training forward that no backward has used, or 0. */
        int keptSteps;

        Reserve(DevicePointer space) {
            this.space = space;
        }
    }

    CudnnLstm(CudaDevice device, Staging staging, int batch, int maxSteps, int inputs, int hidden, int windows) {
        Shapes.lstm(batch, maxSteps, inputs, hidden, windows);
        this.device = device;
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.inputs = inputs;
        this.hidden = hidden;
        DeviceMemory memory = device.memory();
        try {
            layer = new CudnnLayer(device, batch, maxSteps, inputs, hidden);
            owned.add(layer);
            long[] temp = layer.tempBytes();
            workBytes = Kernel.blocks(temp[0], ALIGNMENT) * ALIGNMENT;
            // Behind the workspace, a gradient by the input that nobody wants: cuDNN computes it all the same.
            device.scratch().reserve(workBytes + (long) maxSteps * batch * inputs * CudaTensor.ELEMENT);
            reserveBytes = temp[1];
            reserves = new Reserve[windows];
            for (int i = 0; i < windows; i++) {
                DevicePointer own = memory.take("the reserve space of an LSTM layer", reserveBytes);
                owned.add(() -> memory.giveBack(own));
                reserves[i] = new Reserve(own);
            }
            long weightBytes = layer.weightBytes();
            DevicePointer weights = memory.takeZeroed("the weight space of an LSTM layer", weightBytes);
            space = new LstmWeightSpace(
                    device, inputs, hidden, weights, layer.chunkStarts(weights, weightBytes), weightBytes);
            owned.add(space);
            lengths = memory.take("the lengths of windows", (long) maxSteps * batch * Integer.BYTES);
            owned.add(() -> memory.giveBack(lengths));
            lengthsOf = new DevicePointer[maxSteps + 1];
            upload(staging);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** cuDNN reads the length of every sequence from the device; all of a window are as long as the window. */
    private void upload(Staging staging) {
        int[] table = new int[maxSteps * batch];
        for (int steps = 1; steps <= maxSteps; steps++) {
            int start = (steps - 1) * batch;
            Arrays.fill(table, start, start + batch, steps);
            lengthsOf[steps] = lengths.plus((long) start * Integer.BYTES);
        }
        staging.upload(table, CudaTensor.at(lengths, Tensor.Kind.IDS, table.length));
    }

    @Override
    public void window(int window) {
        Shapes.lstmWindow(window, reserves.length);
        chosen = window;
    }

    private Reserve window() {
        Shapes.lstmWindow(chosen, reserves.length);
        return reserves[chosen];
    }

    @Override
    public void load(LstmWeights weights, Mask weightDrop) {
        Shapes.lstmLoad(weights, weightDrop, inputs, hidden);
        device.enter();
        space.load(weights, weightDrop);
    }

    @Override
    public void forward(Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT, boolean training) {
        Shapes.lstmForward(x, h0, c0, y, hT, cT, batch, maxSteps, inputs, hidden);
        device.enter();
        int steps = x.dim(0);
        Reserve window = training ? window() : null;
        CudnnLayer.Steps data = layer.steps(steps);
        Cuda.checkDnn(
                JCudnn.cudnnRNNForward(
                        device.dnn(),
                        layer.rnn(),
                        training ? cudnnForwardMode.CUDNN_FWD_MODE_TRAINING : cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE,
                        lengthsOf[steps],
                        data.x(),
                        pointer(x),
                        data.y(),
                        pointer(y),
                        layer.state(),
                        pointer(h0),
                        pointer(hT),
                        layer.state(),
                        pointer(c0),
                        pointer(cT),
                        space.bytes(),
                        space.weights(),
                        workBytes,
                        device.scratch().pointer(),
                        window == null ? 0 : reserveBytes,
                        window == null ? NONE : window.space),
                "cudnnRNNForward");
        if (window != null) {
            window.keptSteps = steps;
        }
    }

    @Override
    public void backward(
            Tensor x,
            Tensor h0,
            Tensor c0,
            Tensor y,
            Tensor dy,
            @Nullable Tensor dhT,
            @Nullable Tensor dcT,
            @Nullable Tensor dx,
            @Nullable Tensor dh0,
            @Nullable Tensor dc0,
            @Nullable LstmWeights gradients,
            GradientSum sum) {
        Shapes.lstmBackward(x, h0, c0, y, dy, dhT, dcT, dx, dh0, dc0, gradients, batch, maxSteps, inputs, hidden);
        device.enter();
        int steps = x.dim(0);
        Reserve window = window();
        Shapes.lstmKept(window.keptSteps, steps);
        window.keptSteps = 0;
        CudnnLayer.Steps data = layer.steps(steps);
        DevicePointer work = device.scratch().pointer();
        Cuda.checkDnn(
                JCudnn.cudnnRNNBackwardData_v8(
                        device.dnn(),
                        layer.rnn(),
                        lengthsOf[steps],
                        data.y(),
                        pointer(y),
                        pointer(dy),
                        data.x(),
                        dx == null ? work.plus(workBytes) : pointer(dx),
                        layer.state(),
                        pointer(h0),
                        orNull(dhT),
                        orNull(dh0),
                        layer.state(),
                        pointer(c0),
                        orNull(dcT),
                        orNull(dc0),
                        space.bytes(),
                        space.weights(),
                        workBytes,
                        work,
                        reserveBytes,
                        window.space),
                "cudnnRNNBackwardData_v8");
        if (gradients == null) {
            return;
        }
        DevicePointer dSpace = device.gradientSpace().pointer();
        // cuDNN knows only how to add.
        device.memory().zero(dSpace, space.bytes());
        Cuda.checkDnn(
                JCudnn.cudnnRNNBackwardWeights_v8(
                        device.dnn(),
                        layer.rnn(),
                        cudnnWgradMode.CUDNN_WGRAD_MODE_ADD,
                        lengthsOf[steps],
                        data.x(),
                        pointer(x),
                        layer.state(),
                        pointer(h0),
                        data.y(),
                        pointer(y),
                        space.bytes(),
                        dSpace,
                        workBytes,
                        work,
                        reserveBytes,
                        window.space),
                "cudnnRNNBackwardWeights_v8");
        space.gradient(gradients, sum);
    }

    private static Pointer pointer(Tensor tensor) {
        return CudaTensor.of(tensor).pointer();
    }

    private static @Nullable Pointer orNull(@Nullable Tensor tensor) {
        return tensor == null ? null : pointer(tensor);
    }

    @Override
    public void close() {
        device.enter();
        owned.close();
    }
}
