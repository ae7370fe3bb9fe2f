package dev.tarn.backend.cpu;

import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import dev.tarn.backend.cpu.OneDnn.Activation;
import dev.tarn.backend.cpu.Split.Part;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * An LSTM layer from matrix products, each hand of the team with its own units of it. Forward: one product of all inputs
 * with the input matrix; then per step and gate the product of h with the recurrent matrix, packed once per load, which
 * adds itself to the former and applies the gate's function on its way out, and {@link LstmCell}. Backward: per step the
 * product that carries the gradient to the step before, and the cell; the gradients of the inputs and of both matrices
 * are three large products at the end. The hands meet once a step.
 *
 * <p>oneDNN's LSTM primitive was measured against this: three layers 400-1152-1152-400, 70 steps, forward and backward, on
 * two cores with AVX-512 and bf16 but no AMX. Batch 64: f32 2650 ms, here 2690; bf16 1900, here 1430. Batch 32: f32 1530,
 * here 1410; bf16 1430, here 750. Its backward is slow in bf16, its workspace four times as large as the gates.
 *
 * <p>In bf16, the factors of these products are copies in bf16; sums, gates, cell states and all gradients that leave the
 * plan are single precision.
 */
final class CpuLstm implements Lstm {

    /** The functions of the gates in their order i, f, g, o. */
    private static final Activation[] GATES = {
        Activation.SIGMOID, Activation.SIGMOID, Activation.TANH, Activation.SIGMOID
    };

    private final Team team;
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

    private final LstmWindow[] windows;

    /** Index of the chosen one of {@link #windows}. */
    private int chosen;

    /**
     * What x and the biases contribute to the gates, [T,B,4H], where the batch has one row: it is added as a bias, see
     * {@link OneDnn#matmul}. Otherwise it lies where the gates come to lie, and a step adds h wHh' to it.
     */
    private final @Nullable CpuTensor projected;

    private final CpuTensor dhCarried;
    private final CpuTensor dc;
    private final @Nullable Bf16 bf16;
    private final Ranges units;
    private final Split step;
    private final Split stepBackward;
    private final Workers.Body forwardBody = this::forwardStep;
    private final Workers.Body backwardBody = this::backwardStep;

    /** Whether a backward step starts with the product that carries the gradient to it. */
    private boolean carries;

    /** Products over the steps of a window. */
    private final Chunks project;

    private final Chunks byInput;
    private final ByRows roundInput;

    /**
     * What the bf16 mode has besides.
     *
     * @param dGateStep the gate gradients of one step before rounding, [B,4H]
     */
    private record Bf16(CpuTensor dGateStep, Split roundState, Split roundGates) {}

    CpuLstm(
            Team team,
            LstmScratch scratch,
            HostMemory hostMemory,
            Precision precision,
            int batch,
            int maxSteps,
            int inputSize,
            int hiddenSize,
            int windows) {
        Shapes.lstm(batch, maxSteps, inputSize, hiddenSize, windows);
        this.team = team;
        this.scratch = scratch;
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        boolean isBf16 = precision == Precision.BF16;
        factorType = isBf16 ? OneDnn.BF16 : OneDnn.F32;
        units = team.cut(hiddenSize, Ranges.VECTOR);
        cell = new LstmCell(batch, units);
        arena = new CpuArena(hostMemory, "lstm [" + inputSize + "," + hiddenSize + "]");
        try {
            this.windows = new LstmWindow[windows];
            for (int i = 0; i < windows; i++) {
                this.windows[i] = new LstmWindow(
                        arena.real("gates", maxSteps, batch, 4 * hiddenSize),
                        arena.real("cell states", maxSteps, batch, hiddenSize),
                        isBf16 ? arena.real("h in bf16", halfAsMany((maxSteps + 1L) * batch * hiddenSize)) : null);
            }
            reserveInference(isBf16);
            projected = batch == 1 ? arena.real("projected inputs", maxSteps, 1, 4 * hiddenSize) : null;
            dhCarried = arena.real("carried gradient of h", batch, hiddenSize);
            dc = arena.real("gradient of c", batch, hiddenSize);
            bf16 = isBf16 ? bf16() : null;
            step = step();
            stepBackward = Split.product(team, owned, factorType, batch, 4 * hiddenSize, hiddenSize, false, null);
            Split longest = project(Chunks.largest(maxSteps), null);
            Split longestBack = byInput(Chunks.largest(maxSteps), null);
            long factorBytes = (long) batch * (isBf16 ? Short.BYTES : Float.BYTES);
            long rowBytes = (long) batch * Float.BYTES;
            project =
                    new Chunks(factorBytes * inputSize, rowBytes * 4 * hiddenSize, length -> project(length, longest));
            byInput = new Chunks(
                    factorBytes * 4 * hiddenSize, rowBytes * inputSize, length -> byInput(length, longestBack));
            roundInput = new ByRows(maxSteps, this::roundInput);
            weights = new PackedLstmWeights(
                    owned,
                    arena,
                    team,
                    scratch.weights(),
                    inputSize,
                    hiddenSize,
                    longest,
                    longestBack,
                    step,
                    stepBackward,
                    windows == 1);
            weightGradients = new LstmWeightGradients(owned, team, scratch, batch, maxSteps, inputSize, hiddenSize);
            if (isBf16) {
                weightGradients.prepareBf16(Chunks.largest(maxSteps));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void reserveInference(boolean isBf16) {
        long units = (long) maxSteps * batch * hiddenSize;
        scratch.gates().reserve(4 * units * Float.BYTES);
        scratch.cells().reserve(units * Float.BYTES);
        if (isBf16) {
            scratch.states().reserve((long) Float.BYTES * halfAsMany(units + (long) batch * hiddenSize));
        }
    }

    /** Floats that so many numbers in bf16 take. */
    private static int halfAsMany(long numbers) {
        return Math.toIntExact((numbers + 1) / 2);
    }

    private Bf16 bf16() {
        long rows = (long) maxSteps * batch;
        scratch.factors().reserve(rows * inputSize * Short.BYTES);
        scratch.dGates().reserve(rows * 4 * hiddenSize * Short.BYTES);
        return new Bf16(arena.real("gate gradients of a step", batch, 4 * hiddenSize), round(1), round(4));
    }

    /** Rounds what each hand has computed of [B,{@code blocks}·H], of every block its units. */
    private Split round(int blocks) {
        int width = blocks * hiddenSize;
        return ofUnits(
                blocks,
                (hand, dnn, first, count) -> Part.of(dnn.copy(
                                owned,
                                OneDnn.matrix(owned, OneDnn.F32, batch, count, width),
                                OneDnn.matrix(owned, OneDnn.BF16, batch, count, width)))
                        .source((long) first * Float.BYTES)
                        .target((long) first * Short.BYTES));
    }

    /** {@code gates = function(gates + h wHh')}. */
    private Split step() {
        long width = 4L * hiddenSize;
        return ofUnits(GATES.length, (hand, dnn, first, count) -> {
            Kernel kernel = dnn.matmul(
                    owned,
                    OneDnn.matrix(owned, factorType, batch, hiddenSize),
                    OneDnn.any(owned, factorType, hiddenSize, count),
                    batch == 1 ? OneDnn.matrix(owned, OneDnn.F32, 1, count) : null,
                    OneDnn.matrix(owned, OneDnn.F32, batch, count, width),
                    new OneDnn.Epilogue(batch > 1, GATES[first / hiddenSize]));
            long start = (long) first * Float.BYTES;
            return Part.packed(kernel, first, count).bias(start).target(start);
        });
    }

    /** For each hand one part of each block of H columns: that of its units. */
    private Split ofUnits(int blocks, Split.Maker maker) {
        Part[][] parts = new Part[units.parts()][blocks];
        for (int hand = 0; hand < parts.length; hand++) {
            for (int block = 0; block < blocks; block++) {
                int first = block * hiddenSize + units.from(hand);
                parts[hand][block] = maker.make(hand, team.dnn(hand), first, units.count(hand));
            }
        }
        return new Split(team, parts);
    }

    private Split project(int length, @Nullable Split like) {
        return Split.product(team, owned, factorType, length * batch, inputSize, 4 * hiddenSize, true, like);
    }

    private Split byInput(int length, @Nullable Split like) {
        return Split.product(team, owned, factorType, length * batch, 4 * hiddenSize, inputSize, false, like);
    }

    private Split roundInput(int length) {
        return Split.copyRows(team, owned, OneDnn.F32, OneDnn.BF16, length * batch, inputSize);
    }

    @Override
    public void window(int window) {
        Shapes.lstmWindow(window, windows.length);
        chosen = window;
    }

    private LstmWindow window() {
        Shapes.lstmWindow(chosen, windows.length);
        return windows[chosen];
    }

    /** Memory that lasts until the next call of any layer. */
    private LstmWindow inference() {
        return new LstmWindow(
                scratch.gates().floats(),
                scratch.cells().floats(),
                bf16 == null ? null : scratch.states().floats());
    }

    @Override
    public void load(LstmWeights source, Mask weightDrop) {
        Shapes.lstmLoad(source, weightDrop, inputSize, hiddenSize);
        weights.load(source, weightDrop);
    }

    @Override
    public void forward(Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT, boolean training) {
        Shapes.lstmForward(x, h0, c0, y, hT, cT, batch, maxSteps, inputSize, hiddenSize);
        weights.readyForForward();
        LstmWindow window = training ? window() : inference();
        CpuTensor gates = window.gates();
        CpuTensor cells = window.cells();
        int length = x.dim(0);
        CpuTensor output = CpuTensor.of(y);
        CpuTensor h = CpuTensor.of(h0);
        CpuTensor c = CpuTensor.of(c0);
        CpuTensor sums = projected == null ? gates : projected;
        project(length, CpuTensor.of(x).address(), sums.address());
        if (bf16 != null) {
            bf16.roundState.run(h.address(), window.h());
        }
        int stepSize = batch * hiddenSize;
        for (int t = 0; t < length; t++) {
            long at = (long) t * stepSize;
            long state = t == 0 ? h.address() : output.address(at - stepSize);
            if (bf16 != null) {
                state = window.h() + at * Short.BYTES;
                bf16.roundState.at(output.address(at), 0, state + (long) stepSize * Short.BYTES);
            }
            if (batch == 1) {
                step.bias(sums.address(4 * at));
            }
            step.at(state, weights.wHh().address(), gates.address(4 * at));
            cell.setForward(gates, 4 * at, t == 0 ? c : cells, t == 0 ? 0 : at - stepSize, cells, at, output, at);
            team.workers().run(units.parts(), 1, forwardBody);
        }
        long last = (long) (length - 1) * stepSize;
        CpuTensor.of(hT).copyFrom(output, last);
        CpuTensor.of(cT).copyFrom(cells, last);
        window.keep(length);
    }

    private void forwardStep(int worker, int from, int to) {
        for (int hand = from; hand < to; hand++) {
            step.runOn(hand);
            cell.forward(hand);
            if (bf16 != null) {
                bf16.roundState.runOn(hand);
            }
        }
    }

    private void project(int length, long x, long target) {
        long factor = x;
        if (bf16 != null) {
            factor = scratch.factors().address();
            roundInput.of(length).run(x, factor);
        }
        project.bias(weights.bias().address()).run(length, factor, weights.wIh().address(), target);
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
        Shapes.lstmBackward(
                x, h0, c0, y, dy, dhT, dcT, dx, dh0, dc0, gradients, batch, maxSteps, inputSize, hiddenSize);
        int length = x.dim(0);
        LstmWindow window = window();
        Shapes.lstmKept(window.keptSteps(), length);
        window.keep(0);
        weights.readyForBackward();
        if (dcT == null) {
            dc.zero();
        } else {
            dc.copyFrom(CpuTensor.of(dcT), 0);
        }
        CpuTensor dh = dhT == null ? null : CpuTensor.of(dhT);
        CpuTensor dhFirst = dh0 == null ? null : CpuTensor.of(dh0);
        throughSteps(window, length, CpuTensor.of(c0), CpuTensor.of(y), CpuTensor.of(dy), dh, dhFirst);
        if (dc0 != null) {
            CpuTensor.of(dc0).copyFrom(dc, 0);
        }
        if (dx != null) {
            long target = CpuTensor.of(dx).address();
            byInput.run(length, gateGradients(window, 0), weights.wIhBackward().address(), target);
        }
        if (gradients != null) {
            cell.biasGradient(CpuTensor.of(gradients.bIh()), CpuTensor.of(gradients.bHh()), sum);
            CpuTensor input = CpuTensor.of(x);
            Mask weightDrop = weights.weightDrop();
            if (bf16 != null) {
                weightGradients.runBf16(
                        length, gateGradients(window, 0), input, window.h(), weightDrop, gradients, sum);
            } else {
                weightGradients.runF32(
                        length, window.gates(), input, CpuTensor.of(h0), CpuTensor.of(y), weightDrop, gradients, sum);
            }
        }
    }

    private void throughSteps(
            LstmWindow window,
            int length,
            CpuTensor c0,
            CpuTensor y,
            CpuTensor dy,
            @Nullable CpuTensor dhLast,
            @Nullable CpuTensor dhFirst) {
        cell.clearBiasGradient();
        int stepSize = batch * hiddenSize;
        CpuTensor gates = window.gates();
        CpuTensor dGates = bf16 == null ? gates : bf16.dGateStep;
        for (int t = length - 1; t >= 0; t--) {
            long at = (long) t * stepSize;
            carries = t < length - 1;
            if (carries) {
                stepBackward.at(
                        gateGradients(window, t + 1), weights.wHhBackward().address(), dhCarried.address());
            }
            cell.setBackward(
                    gates,
                    4 * at,
                    t == 0 ? c0 : window.cells(),
                    t == 0 ? 0 : at - stepSize,
                    y,
                    dy,
                    at,
                    carries ? dhCarried : dhLast,
                    dc,
                    dGates,
                    bf16 == null ? 4 * at : 0);
            if (bf16 != null) {
                bf16.roundGates.at(dGates.address(), 0, gateGradients(window, t));
            }
            team.workers().run(units.parts(), 1, backwardBody);
        }
        if (dhFirst != null) {
            stepBackward.run(gateGradients(window, 0), weights.wHhBackward().address(), dhFirst.address());
        }
    }

    private void backwardStep(int worker, int from, int to) {
        for (int hand = from; hand < to; hand++) {
            if (carries) {
                stepBackward.runOn(hand);
            }
            cell.backward(hand);
            if (bf16 != null) {
                bf16.roundGates.runOn(hand);
            }
        }
    }

    /** Where the gate gradients of step t are, as factors of products. */
    private long gateGradients(LstmWindow window, int t) {
        long element = 4L * t * batch * hiddenSize;
        return bf16 == null ? window.gates().address(element) : scratch.dGates().address() + element * Short.BYTES;
    }

    @Override
    public void close() {
        owned.close();
        arena.close();
    }
}
