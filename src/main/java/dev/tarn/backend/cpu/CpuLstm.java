package dev.tarn.backend.cpu;

import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * An LSTM layer from matrix products. Forward: one product of all inputs with the input matrix, then per step one product
 * of h with the recurrent matrix, packed once per load, which adds itself to the former and applies the gate functions on
 * its way out, and {@link LstmCell}. Backward: per step the cell and one product; the gradients of the inputs and of both
 * matrices are three large products at the end.
 *
 * <p>In bf16, the factors of these products are copies in bf16; sums, gates, cell states and all gradients that leave the
 * plan are single precision.
 */
final class CpuLstm implements Lstm {

    /** The parts of a gate row that share a function: i and f, g, o. First column and width in units of H. */
    private static final int[][] PARTS = {{0, 2}, {2, 1}, {3, 1}};

    private static final OneDnn.Activation[] FUNCTIONS = {
        OneDnn.Activation.SIGMOID, OneDnn.Activation.TANH, OneDnn.Activation.SIGMOID
    };

    private final OneDnn dnn;
    private final Team team;
    private final SharedBlock staging;
    private final boolean isBf16;
    private final int batch;
    private final int maxSteps;
    private final int inputSize;
    private final int hiddenSize;
    private final long factorBytes;
    private final memory.data_type factorType;

    private final Owned owned = new Owned();
    private final CpuArena arena;
    private final LstmCell cell;

    /** Activated gates i, f, g, o of every step, [T,B,4H]; in f32 overwritten by their gradients in the backward. */
    private final CpuTensor gates;

    /** c_t of every step, [T,B,H]. */
    private final CpuTensor cells;

    private final CpuTensor bias;
    private final CpuTensor dhCarried;
    private final CpuTensor dc;

    /** Factors in bf16: x, h_{t-1} for t in 0..T, gate gradients; and one step of those before rounding. */
    private final @Nullable Bf16 bf16;

    private final Block wIhForward;
    private final Block wIhBackward;
    private final Block[] wHhForward = new Block[PARTS.length];
    private final Block wHhBackward;
    private final Kernel packIhForward;
    private final Kernel packIhBackward;
    private final Kernel[] packHhForward = new Kernel[PARTS.length];
    private final Kernel packHhBackward;
    private final Kernel[] stepForward = new Kernel[PARTS.length];
    private final Kernel stepBackward;

    /** Kernels that depend on the length of the window, made when a length is first seen. */
    private final @Nullable Window[] windows;

    private Mask weightDrop = Mask.NONE;
    private boolean loaded;

    /** The steps of the last training forward that no backward has used, or 0. */
    private int keptSteps;

    /** What the bf16 mode keeps besides. */
    private record Bf16(Block x, Block h, Block dGates, CpuTensor dGateStep, Kernel roundState, Kernel roundGates) {}

    private record Window(
            Kernel project,
            Kernel byInput,
            @Nullable Kernel roundInput,
            @Nullable Kernel byWeightIh,
            @Nullable Kernel byWeightHhAdding,
            @Nullable Kernel byWeightHh) {}

    CpuLstm(
            OneDnn dnn,
            Team team,
            SharedBlock staging,
            HostMemory hostMemory,
            Precision precision,
            int batch,
            int maxSteps,
            int inputSize,
            int hiddenSize) {
        Shapes.plan("lstm", batch, maxSteps, inputSize, hiddenSize);
        this.dnn = dnn;
        this.team = team;
        this.staging = staging;
        this.isBf16 = precision == Precision.BF16;
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        factorType = isBf16 ? OneDnn.BF16 : OneDnn.F32;
        factorBytes = isBf16 ? Short.BYTES : Float.BYTES;
        windows = new @Nullable Window[maxSteps + 1];
        cell = new LstmCell(team.workers(), batch, hiddenSize);
        arena = new CpuArena(hostMemory, "lstm [" + inputSize + "," + hiddenSize + "]");
        int h4 = 4 * hiddenSize;
        try {
            gates = arena.real("gates", maxSteps, batch, h4);
            cells = arena.real("cell states", maxSteps, batch, hiddenSize);
            bias = arena.real("bias", h4);
            dhCarried = arena.real("carried gradient of h", batch, hiddenSize);
            dc = arena.real("gradient of c", batch, hiddenSize);
            bf16 = isBf16 ? bf16Memory() : null;
            staging.reserve((long) h4 * hiddenSize * Float.BYTES);

            Kernel project = projectKernel(maxSteps, OneDnn.any(owned, factorType, inputSize, h4));
            wIhForward = packed("packed wIh", project);
            packIhForward = dnn.reorder(
                    owned,
                    OneDnn.transposed(owned, OneDnn.F32, inputSize, h4, inputSize),
                    project.layout(Kernel.WEIGHTS),
                    false);
            Kernel byInput = byInputKernel(maxSteps, OneDnn.any(owned, factorType, h4, inputSize));
            wIhBackward = packed("packed wIh for gradients", byInput);
            packIhBackward = dnn.reorder(
                    owned, OneDnn.matrix(owned, OneDnn.F32, h4, inputSize), byInput.layout(Kernel.WEIGHTS), false);
            for (int part = 0; part < PARTS.length; part++) {
                planStepForward(part);
            }
            stepBackward = dnn.matmul(
                    owned,
                    OneDnn.matrix(owned, factorType, batch, h4),
                    OneDnn.any(owned, factorType, h4, hiddenSize),
                    null,
                    OneDnn.matrix(owned, OneDnn.F32, batch, hiddenSize),
                    OneDnn.Epilogue.NONE);
            wHhBackward = packed("packed wHh for gradients", stepBackward);
            packHhBackward = dnn.reorder(
                    owned,
                    OneDnn.matrix(owned, OneDnn.F32, h4, hiddenSize),
                    stepBackward.layout(Kernel.WEIGHTS),
                    false);
            windows[maxSteps] = window(maxSteps, project, byInput);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Bf16 bf16Memory() {
        long rows = (long) maxSteps * batch;
        int h4 = 4 * hiddenSize;
        return new Bf16(
                arena.block("x in bf16", rows * inputSize * Short.BYTES),
                arena.block("h in bf16", (rows + batch) * hiddenSize * Short.BYTES),
                arena.block("gate gradients in bf16", rows * h4 * Short.BYTES),
                arena.real("gate gradients of a step", batch, h4),
                round(batch, hiddenSize),
                round(batch, h4));
    }

    private Kernel round(long rows, long columns) {
        return dnn.reorder(
                owned,
                OneDnn.matrix(owned, OneDnn.F32, rows, columns),
                OneDnn.matrix(owned, OneDnn.BF16, rows, columns),
                false);
    }

    private Block packed(String name, Kernel kernel) {
        return arena.block(name, kernel.layout(Kernel.WEIGHTS).get_size());
    }

    private Kernel projectKernel(int steps, memory.desc weights) {
        long rows = (long) steps * batch;
        int h4 = 4 * hiddenSize;
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, factorType, rows, inputSize),
                weights,
                OneDnn.matrix(owned, OneDnn.F32, 1, h4),
                OneDnn.matrix(owned, OneDnn.F32, rows, h4),
                OneDnn.Epilogue.NONE);
    }

    private Kernel byInputKernel(int steps, memory.desc weights) {
        long rows = (long) steps * batch;
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, factorType, rows, 4L * hiddenSize),
                weights,
                null,
                OneDnn.matrix(owned, OneDnn.F32, rows, inputSize),
                OneDnn.Epilogue.NONE);
    }

    private void planStepForward(int part) {
        long columns = (long) PARTS[part][1] * hiddenSize;
        Kernel step = dnn.matmul(
                owned,
                OneDnn.matrix(owned, factorType, batch, hiddenSize),
                OneDnn.any(owned, factorType, hiddenSize, columns),
                null,
                OneDnn.matrix(owned, OneDnn.F32, batch, columns, 4L * hiddenSize),
                new OneDnn.Epilogue(true, FUNCTIONS[part]));
        stepForward[part] = step;
        wHhForward[part] = packed("packed wHh", step);
        packHhForward[part] = dnn.reorder(
                owned,
                OneDnn.transposed(owned, OneDnn.F32, hiddenSize, columns, hiddenSize),
                step.layout(Kernel.WEIGHTS),
                false);
    }

    private Window window(int steps) {
        Window window = windows[steps];
        if (window == null) {
            Window longest = windows[maxSteps];
            if (longest == null) {
                throw new IllegalStateException("the plan has no kernels");
            }
            window = window(
                    steps,
                    projectKernel(steps, longest.project.layout(Kernel.WEIGHTS)),
                    byInputKernel(steps, longest.byInput.layout(Kernel.WEIGHTS)));
            windows[steps] = window;
        }
        return window;
    }

    private Window window(int steps, Kernel project, Kernel byInput) {
        long rows = (long) steps * batch;
        return new Window(
                project,
                byInput,
                isBf16 ? round(rows, inputSize) : null,
                isBf16 ? byWeightKernel(rows, inputSize, OneDnn.Epilogue.ADD) : null,
                isBf16 ? byWeightKernel(rows, hiddenSize, OneDnn.Epilogue.ADD) : null,
                isBf16 ? byWeightKernel(rows, hiddenSize, OneDnn.Epilogue.NONE) : null);
    }

    /** {@code dw += da' x}, where the transpose is in the layout and not in memory. */
    private Kernel byWeightKernel(long rows, long columns, OneDnn.Epilogue epilogue) {
        int h4 = 4 * hiddenSize;
        return dnn.matmul(
                owned,
                OneDnn.transposed(owned, OneDnn.BF16, h4, rows, h4),
                OneDnn.matrix(owned, OneDnn.BF16, rows, columns),
                null,
                OneDnn.matrix(owned, OneDnn.F32, h4, columns),
                epilogue);
    }

    @Override
    public void load(LstmWeights weights, Mask mask) {
        Shapes.lstmLoad(weights, mask, inputSize, hiddenSize);
        CpuTensor wIh = CpuTensor.of(weights.wIh());
        packIhForward.run(wIh.address(), wIhForward.address());
        packIhBackward.run(wIh.address(), wIhBackward.address());
        long wHh = masked(CpuTensor.of(weights.wHh()), mask);
        for (int part = 0; part < PARTS.length; part++) {
            long firstRow = (long) PARTS[part][0] * hiddenSize;
            packHhForward[part].run(wHh + firstRow * hiddenSize * Float.BYTES, wHhForward[part].address());
        }
        packHhBackward.run(wHh, wHhBackward.address());
        CpuTensor bIh = CpuTensor.of(weights.bIh());
        CpuTensor bHh = CpuTensor.of(weights.bHh());
        for (int j = 0; j < 4 * hiddenSize; j++) {
            bias.setReal(j, bIh.real(j) + bHh.real(j));
        }
        weightDrop = mask;
        loaded = true;
    }

    /** The address of the recurrent matrix times its mask. */
    private long masked(CpuTensor wHh, Mask mask) {
        if (mask instanceof Mask.None) {
            return wHh.address();
        }
        CpuTensor product = staging.floats();
        team.tiles(wHh.length(), (scratch, from, count) -> {
            scratch.masks.fill(mask, from, scratch.mask, count);
            wHh.get(from, scratch.a, count);
            multiply(scratch.a, scratch.mask, count);
            product.put(from, scratch.a, count);
        });
        return product.address();
    }

    private static void multiply(float[] x, float[] mask, int count) {
        for (int k = 0; k < count; k++) {
            x[k] *= mask[k];
        }
    }

    @Override
    public void forward(Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT, boolean training) {
        Shapes.lstmForward(x, h0, c0, y, hT, cT, batch, maxSteps, inputSize, hiddenSize);
        if (!loaded) {
            throw new IllegalStateException("lstm.forward: no weights were loaded");
        }
        int steps = x.dim(0);
        Window window = window(steps);
        CpuTensor input = CpuTensor.of(x);
        CpuTensor output = CpuTensor.of(y);
        CpuTensor firstState = CpuTensor.of(h0);
        CpuTensor firstCell = CpuTensor.of(c0);
        long projected = input.address();
        if (bf16 != null && window.roundInput != null) {
            projected = bf16.x.address();
            window.roundInput.run(input.address(), projected);
            bf16.roundState.run(firstState.address(), bf16.h.address());
        }
        window.project.at(Kernel.BIAS, bias.address()).run(projected, wIhForward.address(), gates.address());
        int stepSize = batch * hiddenSize;
        for (int t = 0; t < steps; t++) {
            long at = (long) t * stepSize;
            long state = t == 0 ? firstState.address() : output.address(at - stepSize);
            if (bf16 != null) {
                state = bf16.h.address() + at * Short.BYTES;
            }
            for (int part = 0; part < PARTS.length; part++) {
                stepForward[part].run(
                        state, wHhForward[part].address(), gates.address(4 * at + (long) PARTS[part][0] * hiddenSize));
            }
            cell.forward(gates, 4 * at, t == 0 ? firstCell : cells, t == 0 ? 0 : at - stepSize, cells, at, output, at);
            if (bf16 != null && t + 1 < steps) {
                bf16.roundState.run(output.address(at), bf16.h.address() + (at + stepSize) * Short.BYTES);
            }
        }
        long last = (long) (steps - 1) * stepSize;
        copy(output, last, CpuTensor.of(hT));
        copy(cells, last, CpuTensor.of(cT));
        keptSteps = training ? steps : 0;
    }

    private void copy(CpuTensor from, long start, CpuTensor to) {
        float[] tile = team.scratch(0).a;
        for (int at = 0; at < to.length(); at += Team.TILE) {
            int count = Math.min(Team.TILE, to.length() - at);
            from.get(start + at, tile, count);
            to.put(at, tile, count);
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
            @Nullable LstmWeights gradients) {
        Shapes.lstmBackward(
                x, h0, c0, y, dy, dhT, dcT, dx, dh0, dc0, gradients, batch, maxSteps, inputSize, hiddenSize);
        int steps = x.dim(0);
        if (keptSteps != steps) {
            throw new IllegalStateException(
                    "lstm.backward: x has T=" + steps + ", the last training forward left T=" + keptSteps);
        }
        keptSteps = 0;
        Window window = window(steps);
        throughSteps(steps, CpuTensor.of(c0), CpuTensor.of(y), CpuTensor.of(dy), dhT, dcT, dh0);
        if (dc0 != null) {
            CpuTensor.of(dc0).copyFrom(dc);
        }
        if (dx != null) {
            window.byInput.run(
                    gateGradients(0), wIhBackward.address(), CpuTensor.of(dx).address());
        }
        if (gradients != null) {
            addParameterGradients(window, steps, CpuTensor.of(x), CpuTensor.of(h0), CpuTensor.of(y), gradients);
        }
    }

    private void throughSteps(
            int steps,
            CpuTensor c0,
            CpuTensor y,
            CpuTensor dy,
            @Nullable Tensor dhT,
            @Nullable Tensor dcT,
            @Nullable Tensor dh0) {
        cell.clearBiasGradient();
        if (dcT == null) {
            dc.zero();
        } else {
            dc.copyFrom(CpuTensor.of(dcT));
        }
        int stepSize = batch * hiddenSize;
        for (int t = steps - 1; t >= 0; t--) {
            long at = (long) t * stepSize;
            CpuTensor carried = t < steps - 1 ? dhCarried : dhT == null ? null : CpuTensor.of(dhT);
            cell.backward(
                    gates,
                    4 * at,
                    t == 0 ? c0 : cells,
                    t == 0 ? 0 : at - stepSize,
                    y,
                    dy,
                    at,
                    carried,
                    dc,
                    bf16 == null ? gates : bf16.dGateStep,
                    bf16 == null ? 4 * at : 0);
            if (bf16 != null) {
                bf16.roundGates.run(bf16.dGateStep.address(), gateGradients(t));
            }
            if (t > 0) {
                stepBackward.run(gateGradients(t), wHhBackward.address(), dhCarried.address());
            } else if (dh0 != null) {
                stepBackward.run(
                        gateGradients(t),
                        wHhBackward.address(),
                        CpuTensor.of(dh0).address());
            }
        }
    }

    /** Where the gate gradients of step t are, as factors. */
    private long gateGradients(int t) {
        long start = bf16 == null ? gates.address() : bf16.dGates.address();
        return start + 4L * t * batch * hiddenSize * factorBytes;
    }

    private void addParameterGradients(
            Window window, int steps, CpuTensor x, CpuTensor h0, CpuTensor y, LstmWeights gradients) {
        cell.addBiasGradient(CpuTensor.of(gradients.bIh()), CpuTensor.of(gradients.bHh()));
        CpuTensor dwIh = CpuTensor.of(gradients.wIh());
        CpuTensor dwHh = CpuTensor.of(gradients.wHh());
        boolean isMasked = !(weightDrop instanceof Mask.None);
        CpuTensor dwHhRaw = isMasked ? staging.floats() : dwHh;
        if (bf16 != null && window.byWeightIh != null) {
            window.byWeightIh.run(gateGradients(0), bf16.x.address(), dwIh.address());
            Kernel byWeightHh = isMasked ? window.byWeightHh : window.byWeightHhAdding;
            if (byWeightHh != null) {
                byWeightHh.run(gateGradients(0), bf16.h.address(), dwHhRaw.address());
            }
        } else {
            long h4 = 4L * hiddenSize;
            long rows = (long) steps * batch;
            dnn.multiplyTransposed(h4, inputSize, rows, 1f, gateGradients(0), x.address(), 1f, dwIh.address());
            dnn.multiplyTransposed(
                    h4, hiddenSize, batch, 1f, gateGradients(0), h0.address(), isMasked ? 0f : 1f, dwHhRaw.address());
            if (steps > 1) {
                dnn.multiplyTransposed(
                        h4, hiddenSize, rows - batch, 1f, gateGradients(1), y.address(), 1f, dwHhRaw.address());
            }
        }
        if (isMasked) {
            addMasked(dwHhRaw, dwHh);
        }
    }

    /** {@code dwHh += m∘raw}; a drawn mask is drawn again rather than stored. */
    private void addMasked(CpuTensor raw, CpuTensor dwHh) {
        team.tiles(dwHh.length(), (scratch, from, count) -> {
            scratch.masks.fill(weightDrop, from, scratch.mask, count);
            raw.get(from, scratch.a, count);
            dwHh.get(from, scratch.b, count);
            addProduct(scratch.b, scratch.a, scratch.mask, count);
            dwHh.put(from, scratch.b, count);
        });
    }

    private static void addProduct(float[] sum, float[] x, float[] mask, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += x[k] * mask[k];
        }
    }

    @Override
    public void close() {
        owned.close();
        arena.close();
    }
}
