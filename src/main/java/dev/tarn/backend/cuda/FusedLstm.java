package dev.tarn.backend.cuda;

import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * An LSTM layer by cuBLAS and kernels of our own: one product for the inputs of all steps, then for each step one product
 * with the state before and one kernel for everything else. Unlike cuDNN it has c of every step.
 *
 * <p>{@code gates} [T,B,4H] hold the sums, then i, f, g and o, and during backward the gradients by the sums.
 */
final class FusedLstm implements Lstm {

    private static final int GATES = 4;
    private static final int W_IH = 0;
    private static final int W_HH = 4;
    private static final int B_IH = 8;
    private static final int B_HH = 12;

    /** Columns that a block of column_sums adds up. */
    private static final int COLUMNS = 32;

    private final CudaDevice device;
    private final int maxSteps;
    private final int batch;
    private final int inputs;
    private final int hidden;
    private final LstmWeightSpace space;
    private final DevicePointer wIh;
    private final DevicePointer wHh;
    private final DevicePointer bIh;
    private final DevicePointer bHh;
    private final DevicePointer gates;
    private final DevicePointer cells;
    private final DevicePointer dh;
    private final DevicePointer dc;
    private final Kernel stepForward;
    private final Kernel stepBackward;
    private final Kernel columnSums;
    private final Owned owned = new Owned();

    FusedLstm(CudaDevice device, int batch, int maxSteps, int inputs, int hidden) {
        Shapes.plan("lstm", batch, maxSteps, inputs, hidden);
        this.device = device;
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.inputs = inputs;
        this.hidden = hidden;
        stepForward = device.kernel("lstm_step_forward");
        stepBackward = device.kernel("lstm_step_backward");
        columnSums = device.kernel("column_sums");
        try {
            long bytes = LstmWeightSpace.plainSize(inputs, hidden) * CudaTensor.ELEMENT;
            space = new LstmWeightSpace(
                    device,
                    inputs,
                    hidden,
                    device.memory().take("the weights of an LSTM layer", bytes),
                    LstmWeightSpace.plain(inputs, hidden),
                    bytes);
            owned.add(space);
            wIh = space.chunk(space.weights(), W_IH);
            wHh = space.chunk(space.weights(), W_HH);
            bIh = space.chunk(space.weights(), B_IH);
            bHh = space.chunk(space.weights(), B_HH);
            gates = take("gates", (long) maxSteps * batch * GATES * hidden);
            cells = take("cells", (long) maxSteps * batch * hidden);
            dh = take("gradient by the carried h", (long) batch * hidden);
            dc = take("gradient by the carried c", (long) batch * hidden);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private DevicePointer take(String what, long floats) {
        DevicePointer pointer = device.memory().take("the " + what + " of an LSTM layer", floats * CudaTensor.ELEMENT);
        owned.add(() -> device.memory().giveBack(pointer));
        return pointer;
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
        Gemm gemm = device.gemm();
        gemm.timesTransposed(
                CudaTensor.of(x).pointer(), wIh, gates, (long) steps * batch, GATES * hidden, inputs, false);
        CudaTensor out = CudaTensor.of(y);
        DevicePointer h = CudaTensor.of(h0).pointer();
        DevicePointer c = CudaTensor.of(c0).pointer();
        boolean wide = isWide() && isAligned(h) && isAligned(c) && out.isAligned();
        for (int t = 0; t < steps; t++) {
            DevicePointer gate = ofStep(gates, t, GATES);
            gemm.timesTransposed(h, wHh, gate, batch, GATES * hidden, hidden, true);
            h = ofStep(out.pointer(), t, 1);
            DevicePointer before = c;
            c = ofStep(cells, t, 1);
            stepForward
                    .begin()
                    .pointer(h)
                    .pointer(c)
                    .pointer(gate)
                    .pointer(before)
                    .pointer(bIh)
                    .pointer(bHh);
            launch(stepForward, wide);
        }
        long bytes = (long) batch * hidden * CudaTensor.ELEMENT;
        device.memory().copy(h, CudaTensor.of(hT).pointer(), bytes);
        device.memory().copy(c, CudaTensor.of(cT).pointer(), bytes);
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
            @Nullable LstmWeights gradients) {
        Shapes.lstmBackward(x, h0, c0, y, dy, dhT, dcT, dx, dh0, dc0, gradients, batch, maxSteps, inputs, hidden);
        device.enter();
        int steps = x.dim(0);
        start(dhT, dh);
        start(dcT, dc);
        DevicePointer dOut = CudaTensor.of(dy).pointer();
        DevicePointer c = CudaTensor.of(c0).pointer();
        boolean wide = isWide() && isAligned(dOut) && isAligned(c);
        for (int t = steps - 1; t >= 0; t--) {
            DevicePointer gate = ofStep(gates, t, GATES);
            stepBackward
                    .begin()
                    .pointer(gate)
                    .pointer(dc)
                    .pointer(ofStep(cells, t, 1))
                    .pointer(t == 0 ? c : ofStep(cells, t - 1, 1))
                    .pointer(ofStep(dOut, t, 1))
                    .pointer(dh);
            launch(stepBackward, wide);
            if (t > 0 || dh0 != null) {
                device.gemm().times(gate, wHh, dh, batch, hidden, GATES * hidden, false);
            }
        }
        finish(dh, dh0);
        finish(dc, dc0);
        if (dx != null) {
            device.gemm()
                    .times(
                            gates,
                            wIh,
                            CudaTensor.of(dx).pointer(),
                            (long) steps * batch,
                            inputs,
                            GATES * hidden,
                            false);
        }
        if (gradients != null) {
            weightGradients(x, h0, y, steps);
            space.addGradient(gradients);
        }
    }

    private void weightGradients(Tensor x, Tensor h0, Tensor y, int steps) {
        Gemm gemm = device.gemm();
        DevicePointer target = device.gradientSpace().pointer();
        long rows = (long) steps * batch;
        int wide = GATES * hidden;
        gemm.transposedTimes(gates, CudaTensor.of(x).pointer(), space.chunk(target, W_IH), wide, inputs, rows, false);
        DevicePointer dwHh = space.chunk(target, W_HH);
        gemm.transposedTimes(gates, CudaTensor.of(h0).pointer(), dwHh, wide, hidden, batch, false);
        if (steps > 1) {
            gemm.transposedTimes(
                    ofStep(gates, 1, GATES), CudaTensor.of(y).pointer(), dwHh, wide, hidden, rows - batch, true);
        }
        // The kernel adds, and both biases follow each other.
        DevicePointer dbIh = space.chunk(target, B_IH);
        device.memory().zero(dbIh, 2L * wide * CudaTensor.ELEMENT);
        columnSums
                .begin()
                .pointer(dbIh)
                .pointer(space.chunk(target, B_HH))
                .pointer(gates)
                .int32(Math.toIntExact(rows))
                .int32(wide)
                .launch(Kernel.blocks(wide, COLUMNS));
    }

    /** Vector accesses need every row of every step to start at a multiple of four floats. */
    private boolean isWide() {
        return hidden % 4 == 0;
    }

    private static boolean isAligned(DevicePointer pointer) {
        return pointer.address() % 16 == 0;
    }

    private void launch(Kernel kernel, boolean wide) {
        int vec = wide ? 4 : 1;
        kernel.int32(batch)
                .int32(hidden)
                .int32(vec)
                .launch(Kernel.blocks((long) batch * hidden, (long) kernel.blockSize() * vec));
    }

    private DevicePointer ofStep(DevicePointer start, int step, int widths) {
        return start.plus((long) step * batch * widths * hidden * CudaTensor.ELEMENT);
    }

    private void start(@Nullable Tensor from, DevicePointer to) {
        long bytes = (long) batch * hidden * CudaTensor.ELEMENT;
        if (from == null) {
            device.memory().zero(to, bytes);
        } else {
            device.memory().copy(CudaTensor.of(from).pointer(), to, bytes);
        }
    }

    private void finish(DevicePointer from, @Nullable Tensor to) {
        if (to != null) {
            device.memory().copy(from, CudaTensor.of(to).pointer(), (long) batch * hidden * CudaTensor.ELEMENT);
        }
    }

    @Override
    public void close() {
        device.enter();
        owned.close();
    }
}
