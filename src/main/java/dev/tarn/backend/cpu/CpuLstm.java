package dev.tarn.backend.cpu;

import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import dev.tarn.backend.cpu.PackedLstmWeights.Part;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * An LSTM layer from matrix products. Forward: one product of all inputs with the input matrix, then per step the
 * products of h with the recurrent matrix, packed once per load, which add themselves to the former and apply the gate
 * functions on their way out, and {@link LstmCell}. Backward: per step the cell and one product; the gradients of the
 * inputs and of both matrices are three large products at the end.
 *
 * <p>oneDNN's LSTM primitive was measured against this: three layers 400-1152-1152-400, 70 steps, forward and backward, on
 * two cores with AVX-512 and bf16 but no AMX. Batch 64: f32 2650 ms, here 2690; bf16 1900, here 1430. Batch 32: f32 1530,
 * here 1410; bf16 1430, here 750. Its backward is slow in bf16, its workspace four times as large as the gates.
 *
 * <p>In bf16, the factors of these products are copies in bf16; sums, gates, cell states and all gradients that leave the
 * plan are single precision.
 */
final class CpuLstm implements Lstm {

    private static final Part[] PARTS = Part.values();

    private final OneDnn dnn;
    private final LstmScratch scratch;
    private final int batch;
    private final int maxSteps;
    private final int inputSize;
    private final int hiddenSize;
    private final memory.data_type factorType;

    private final Owned owned = new Owned();
    private final CpuArena arena;
    private final LstmCell cell;
    private final PackedLstmWeights weights;
    private final LstmWeightGradients weightGradients;

    /** Activated gates i, f, g, o of every step, [T,B,4H]; in f32 overwritten by their gradients in the backward. */
    private final CpuTensor gates;

    /**
     * What x and the biases contribute to the gates, [T,B,4H]. The same memory as the gates, to which a step then adds h
     * wHh'; but apart from them, and added as a bias, where the batch has one row: see {@link OneDnn#matmul}.
     */
    private final CpuTensor projected;

    /** c_t of every step, [T,B,H]. */
    private final CpuTensor cells;

    private final CpuTensor dhCarried;
    private final CpuTensor dc;
    private final @Nullable Bf16 bf16;
    private final Kernel[] steps = new Kernel[PARTS.length];
    private final Kernel stepBackward;

    /** Kernels over all rows of a window, by its length. */
    private final ByRows project;

    private final ByRows byInput;
    private final ByRows roundInput;

    /** The steps of the last training forward that no backward has used, or 0. */
    private int keptSteps;

    /**
     * What the bf16 mode keeps besides.
     *
     * @param h the state before each step and after the last, [T+1,B,H] in bf16
     * @param dGateStep the gate gradients of one step before rounding, [B,4H]
     */
    private record Bf16(Block h, CpuTensor dGateStep, Kernel roundState, Kernel roundGates) {}

    CpuLstm(
            OneDnn dnn,
            Team team,
            LstmScratch scratch,
            HostMemory hostMemory,
            Precision precision,
            int batch,
            int maxSteps,
            int inputSize,
            int hiddenSize) {
        Shapes.plan("lstm", batch, maxSteps, inputSize, hiddenSize);
        this.dnn = dnn;
        this.scratch = scratch;
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        boolean isBf16 = precision == Precision.BF16;
        factorType = isBf16 ? OneDnn.BF16 : OneDnn.F32;
        cell = new LstmCell(team.workers(), batch, hiddenSize);
        arena = new CpuArena(hostMemory, "lstm [" + inputSize + "," + hiddenSize + "]");
        try {
            gates = arena.real("gates", maxSteps, batch, 4 * hiddenSize);
            projected = batch == 1 ? arena.real("projected inputs", maxSteps, 1, 4 * hiddenSize) : gates;
            cells = arena.real("cell states", maxSteps, batch, hiddenSize);
            dhCarried = arena.real("carried gradient of h", batch, hiddenSize);
            dc = arena.real("gradient of c", batch, hiddenSize);
            bf16 = isBf16 ? bf16() : null;
            for (Part part : PARTS) {
                steps[part.index] = stepKernel(part);
            }
            stepBackward = dnn.matmul(
                    owned,
                    OneDnn.matrix(owned, factorType, batch, 4L * hiddenSize),
                    OneDnn.any(owned, factorType, 4L * hiddenSize, hiddenSize),
                    null,
                    OneDnn.matrix(owned, OneDnn.F32, batch, hiddenSize),
                    OneDnn.Epilogue.NONE);
            Kernel longest = projectKernel(maxSteps, OneDnn.any(owned, factorType, inputSize, 4L * hiddenSize));
            Kernel longestBack = byInputKernel(maxSteps, OneDnn.any(owned, factorType, 4L * hiddenSize, inputSize));
            project = new ByRows(maxSteps, length -> projectKernel(length, longest.layout(Kernel.WEIGHTS)));
            byInput = new ByRows(maxSteps, length -> byInputKernel(length, longestBack.layout(Kernel.WEIGHTS)));
            roundInput = new ByRows(maxSteps, length -> round((long) length * batch, inputSize));
            weights = new PackedLstmWeights(
                    dnn,
                    owned,
                    arena,
                    team,
                    scratch.weights(),
                    inputSize,
                    hiddenSize,
                    longest,
                    longestBack,
                    steps,
                    stepBackward);
            weightGradients =
                    new LstmWeightGradients(dnn, owned, team, scratch, batch, maxSteps, inputSize, hiddenSize);
            if (isBf16) {
                weightGradients.prepareBf16(maxSteps);
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Bf16 bf16() {
        long rows = (long) maxSteps * batch;
        scratch.factors().reserve(rows * inputSize * Short.BYTES);
        scratch.dGates().reserve(rows * 4 * hiddenSize * Short.BYTES);
        return new Bf16(
                arena.block("h in bf16", (rows + batch) * hiddenSize * Short.BYTES),
                arena.real("gate gradients of a step", batch, 4 * hiddenSize),
                round(batch, hiddenSize),
                round(batch, 4L * hiddenSize));
    }

    private Kernel round(long rows, long columns) {
        return dnn.copy(
                owned,
                OneDnn.matrix(owned, OneDnn.F32, rows, columns),
                OneDnn.matrix(owned, OneDnn.BF16, rows, columns));
    }

    /** {@code gates = function(gates + h wHh')} for some of the gates. */
    private Kernel stepKernel(Part part) {
        long columns = (long) part.width * hiddenSize;
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, factorType, batch, hiddenSize),
                OneDnn.any(owned, factorType, hiddenSize, columns),
                batch == 1 ? OneDnn.matrix(owned, OneDnn.F32, 1, columns) : null,
                OneDnn.matrix(owned, OneDnn.F32, batch, columns, 4L * hiddenSize),
                new OneDnn.Epilogue(batch > 1, part.function));
    }

    private Kernel projectKernel(int length, memory.desc layout) {
        long rows = (long) length * batch;
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, factorType, rows, inputSize),
                layout,
                OneDnn.matrix(owned, OneDnn.F32, 1, 4L * hiddenSize),
                OneDnn.matrix(owned, OneDnn.F32, rows, 4L * hiddenSize),
                OneDnn.Epilogue.NONE);
    }

    private Kernel byInputKernel(int length, memory.desc layout) {
        long rows = (long) length * batch;
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, factorType, rows, 4L * hiddenSize),
                layout,
                null,
                OneDnn.matrix(owned, OneDnn.F32, rows, inputSize),
                OneDnn.Epilogue.NONE);
    }

    @Override
    public void load(LstmWeights source, Mask weightDrop) {
        Shapes.lstmLoad(source, weightDrop, inputSize, hiddenSize);
        weights.load(source, weightDrop);
    }

    @Override
    public void forward(Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT, boolean training) {
        Shapes.lstmForward(x, h0, c0, y, hT, cT, batch, maxSteps, inputSize, hiddenSize);
        weights.requireLoaded();
        int length = x.dim(0);
        CpuTensor output = CpuTensor.of(y);
        CpuTensor h = CpuTensor.of(h0);
        CpuTensor c = CpuTensor.of(c0);
        project(length, CpuTensor.of(x).address());
        if (bf16 != null) {
            bf16.roundState.run(h.address(), bf16.h.address());
        }
        int stepSize = batch * hiddenSize;
        for (int t = 0; t < length; t++) {
            long at = (long) t * stepSize;
            long state = bf16 != null
                    ? bf16.h.address() + at * Short.BYTES
                    : t == 0 ? h.address() : output.address(at - stepSize);
            for (Part part : PARTS) {
                long columns = 4 * at + (long) part.first * hiddenSize;
                Kernel step = steps[part.index];
                if (batch == 1) {
                    step.at(Kernel.BIAS, projected.address(columns));
                }
                step.run(state, weights.wHh(part).address(), gates.address(columns));
            }
            cell.forward(gates, 4 * at, t == 0 ? c : cells, t == 0 ? 0 : at - stepSize, cells, at, output, at);
            if (bf16 != null) {
                bf16.roundState.run(output.address(at), bf16.h.address() + (at + stepSize) * Short.BYTES);
            }
        }
        long last = (long) (length - 1) * stepSize;
        CpuTensor.of(hT).copyFrom(output, last);
        CpuTensor.of(cT).copyFrom(cells, last);
        keptSteps = training ? length : 0;
    }

    private void project(int length, long x) {
        long factor = x;
        if (bf16 != null) {
            factor = scratch.factors().address();
            roundInput.of(length).run(x, factor);
        }
        project.of(length)
                .at(Kernel.BIAS, weights.bias().address())
                .run(factor, weights.wIh().address(), projected.address());
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
        Shapes.lstmBackward(
                x, h0, c0, y, dy, dhT, dcT, dx, dh0, dc0, gradients, batch, maxSteps, inputSize, hiddenSize);
        int length = x.dim(0);
        if (keptSteps != length) {
            throw new IllegalStateException(
                    "lstm.backward: x has T=" + length + ", the last training forward left T=" + keptSteps);
        }
        keptSteps = 0;
        if (dcT == null) {
            dc.zero();
        } else {
            dc.copyFrom(CpuTensor.of(dcT), 0);
        }
        CpuTensor dh = dhT == null ? null : CpuTensor.of(dhT);
        CpuTensor dhFirst = dh0 == null ? null : CpuTensor.of(dh0);
        throughSteps(length, CpuTensor.of(c0), CpuTensor.of(y), CpuTensor.of(dy), dh, dhFirst);
        if (dc0 != null) {
            CpuTensor.of(dc0).copyFrom(dc, 0);
        }
        if (dx != null) {
            long target = CpuTensor.of(dx).address();
            byInput.of(length).run(gateGradients(0), weights.wIhBackward().address(), target);
        }
        if (gradients != null) {
            cell.addBiasGradient(CpuTensor.of(gradients.bIh()), CpuTensor.of(gradients.bHh()));
            CpuTensor input = CpuTensor.of(x);
            Mask weightDrop = weights.weightDrop();
            if (bf16 != null) {
                weightGradients.addBf16(length, gateGradients(0), input, bf16.h.address(), weightDrop, gradients);
            } else {
                weightGradients.addF32(length, gates, input, CpuTensor.of(h0), CpuTensor.of(y), weightDrop, gradients);
            }
        }
    }

    private void throughSteps(
            int length,
            CpuTensor c0,
            CpuTensor y,
            CpuTensor dy,
            @Nullable CpuTensor dhLast,
            @Nullable CpuTensor dhFirst) {
        cell.clearBiasGradient();
        int stepSize = batch * hiddenSize;
        CpuTensor dGates = bf16 == null ? gates : bf16.dGateStep;
        for (int t = length - 1; t >= 0; t--) {
            long at = (long) t * stepSize;
            cell.backward(
                    gates,
                    4 * at,
                    t == 0 ? c0 : cells,
                    t == 0 ? 0 : at - stepSize,
                    y,
                    dy,
                    at,
                    t == length - 1 ? dhLast : dhCarried,
                    dc,
                    dGates,
                    bf16 == null ? 4 * at : 0);
            if (bf16 != null) {
                bf16.roundGates.run(dGates.address(), gateGradients(t));
            }
            CpuTensor target = t > 0 ? dhCarried : dhFirst;
            if (target != null) {
                stepBackward.run(gateGradients(t), weights.wHhBackward().address(), target.address());
            }
        }
    }

    /** Where the gate gradients of step t are, as factors of products. */
    private long gateGradients(int t) {
        long element = 4L * t * batch * hiddenSize;
        return bf16 == null ? gates.address(element) : scratch.dGates().address() + element * Short.BYTES;
    }

    @Override
    public void close() {
        owned.close();
        arena.close();
    }
}
