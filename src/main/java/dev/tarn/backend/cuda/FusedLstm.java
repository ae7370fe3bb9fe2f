package dev.tarn.backend.cuda;

import dev.tarn.backend.GradientSum;
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
 * <p>With bfloat16 factors the kernels write what the next product reads a second time, rounded.
 */
final class FusedLstm implements Lstm {

    private static final int GATES = 4;

    /** Bytes of four floats. */
    private static final int VECTOR = 16;

    /** Steps that are launched as one graph; windows of all lengths are made of the same graphs and some steps more. */
    private static final int SERIES = 8;

    private static final int WIDE_UNITS = 1 << 18;

    /** Columns that a block of column_sums adds up. */
    private static final int COLUMNS = 32;

    private final CudaDevice device;
    private final int maxSteps;
    private final int batch;
    private final int inputs;
    private final int hidden;
    private final DevicePointer dropped;
    private final Factors inputWeights;
    private final Factors stateWeights;
    private final Factors inputFactors;

    /** Those of the forwards that keep nothing. */
    private final Factors inferenceStates;

    private final Factors gateGradients;
    private final Replays forwards;
    private final Replays backwards;
    private final FusedWindow[] windows;
    private final DevicePointer dh;
    private final DevicePointer dc;
    private final Kernel stepForward;
    private final Kernel stepBackward;
    private final Kernel columnSums;
    private final Kernel maskedAdd;
    private final CudaEmbedding embedding;
    private final Owned owned = new Owned();
    private final long[] key = new long[7];

    /** Index of the chosen one of {@link #windows}. */
    private int chosen;

    private @Nullable FusedWindow inference;

    /** Whose input {@link #inputFactors} hold. */
    private @Nullable FusedWindow inputOf;

    private @Nullable Loaded loaded;

    /**
     * The weights loaded last.
     *
     * @param wIh as products read it
     * @param wHh likewise, multiplied by the mask
     */
    private record Loaded(DevicePointer wIh, DevicePointer wHh, CudaTensor bIh, CudaTensor bHh, Mask weightDrop) {}

    FusedLstm(
            CudaDevice device, CudaEmbedding embedding, int batch, int maxSteps, int inputs, int hidden, int windows) {
        Shapes.lstm(batch, maxSteps, inputs, hidden, windows);
        this.device = device;
        this.embedding = embedding;
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.inputs = inputs;
        this.hidden = hidden;
        stepForward = device.kernel("lstm_step_forward");
        stepBackward = device.kernel("lstm_step_backward");
        columnSums = device.kernel("column_sums");
        maskedAdd = device.kernel("masked_add");
        try {
            long recurrent = (long) GATES * hidden * hidden;
            dropped = take("weights after weight drop", recurrent);
            device.gradientSpace().reserve(recurrent * CudaTensor.ELEMENT);
            inputWeights = owned.add(
                    new Factors(device, "the rounded input weights of an LSTM layer", (long) GATES * hidden * inputs));
            stateWeights = owned.add(new Factors(device, "the rounded recurrent weights of an LSTM layer", recurrent));
            long rows = (long) maxSteps * batch;
            inputFactors = owned.add(new Factors(device, "the rounded input of an LSTM layer", rows * inputs));
            inferenceStates =
                    owned.add(new Factors(device, "the rounded states of inference", (rows + batch) * hidden));
            gateGradients = owned.add(new Factors(device, "the rounded gradients of gates", rows * GATES * hidden));
            forwards = owned.add(new Replays(device, maxSteps / SERIES));
            backwards = owned.add(new Replays(device, maxSteps / SERIES));
            this.windows = new FusedWindow[windows];
            for (int i = 0; i < windows; i++) {
                this.windows[i] = owned.add(new FusedWindow(device, rows * hidden, (long) batch * hidden));
            }
            device.scratch().reserve(FusedWindow.scratchBytes(rows * hidden));
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
    public void window(int window) {
        Shapes.lstmWindow(window, windows.length);
        chosen = window;
    }

    private FusedWindow window() {
        Shapes.lstmWindow(chosen, windows.length);
        return windows[chosen];
    }

    /** Where nothing is kept; made anew when the scratch memory has moved. */
    private FusedWindow inference() {
        DevicePointer scratch = device.scratch().pointer();
        FusedWindow known = inference;
        if (known == null || known.gates().address() != scratch.address()) {
            known = new FusedWindow(scratch, (long) maxSteps * batch * hidden, inferenceStates);
            inference = known;
        }
        return known;
    }

    @Override
    public void load(LstmWeights from, Mask weightDrop) {
        Shapes.lstmLoad(from, weightDrop, inputs, hidden);
        device.enter();
        CudaTensor wHh = CudaTensor.of(from.wHh());
        DevicePointer recurrent = wHh.pointer();
        if (!(weightDrop instanceof Mask.None)) {
            embedding.lockedDropout(
                    wHh.view(0, 1, 1, Math.toIntExact(wHh.size())),
                    weightDrop,
                    CudaTensor.at(dropped, Tensor.Kind.REAL, 1, 1, Math.toIntExact(wHh.size())));
            recurrent = dropped;
        }
        CudaTensor wIh = CudaTensor.of(from.wIh());
        loaded = new Loaded(
                inputWeights.of(wIh.pointer(), wIh.size()),
                stateWeights.of(recurrent, wHh.size()),
                CudaTensor.of(from.bIh()),
                CudaTensor.of(from.bHh()),
                weightDrop);
    }

    private Loaded loaded() {
        if (loaded == null) {
            throw new IllegalStateException("lstm: load comes first");
        }
        return loaded;
    }

    @Override
    public void forward(Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT, boolean training) {
        Shapes.lstmForward(x, h0, c0, y, hT, cT, batch, maxSteps, inputs, hidden);
        device.enter();
        int steps = x.dim(0);
        long rows = (long) steps * batch;
        FusedWindow window = training ? window() : inference();
        DevicePointer read = inputFactors.of(CudaTensor.of(x).pointer(), rows * inputs);
        inputOf = window;
        device.gemm().timesTransposed(read, loaded().wIh, window.gates(), rows, GATES * hidden, inputs, false);
        CudaTensor out = CudaTensor.of(y);
        DevicePointer h = CudaTensor.of(h0).pointer();
        DevicePointer c = CudaTensor.of(c0).pointer();
        DevicePointer start = window.states().of(h, (long) batch * hidden);
        Loaded weights = loaded();
        for (int from = 0; from < steps; from += SERIES) {
            int first = from;
            int end = Math.min(steps, from + SERIES);
            Runnable launches = () -> stepsForward(window, start, c, out.pointer(), first, end);
            if (end - from < SERIES) {
                launches.run();
            } else {
                forwards.run(
                        from / SERIES,
                        key(
                                window,
                                out.pointer(),
                                weights.wHh,
                                weights.bIh.pointer(),
                                weights.bHh.pointer(),
                                start,
                                c,
                                from == 0),
                        launches);
            }
        }
        device.memory()
                .copy(ofStep(out.pointer(), steps - 1, 1), CudaTensor.of(hT).pointer(), stateBytes());
        device.memory()
                .copy(ofStep(window.cells(), steps - 1, 1), CudaTensor.of(cT).pointer(), stateBytes());
        window.keep(steps);
    }

    /**
     * What a series of launches depends on. Only the first series reads the state that the window starts from.
     *
     * @return the same array each time
     */
    private long[] key(
            FusedWindow window,
            DevicePointer a,
            DevicePointer b,
            DevicePointer c,
            DevicePointer d,
            DevicePointer start,
            DevicePointer c0,
            boolean isFirst) {
        key[0] = a.address();
        key[1] = b.address();
        key[2] = c.address();
        key[3] = d.address();
        key[4] = isFirst ? start.address() : 0;
        key[5] = isFirst ? c0.address() : 0;
        key[6] = window.gates().address();
        return key;
    }

    /**
     * @param start the state before the window, as products read it
     * @param c0 the cells before the window
     */
    private void stepsForward(
            FusedWindow window, DevicePointer start, DevicePointer c0, DevicePointer out, int from, int end) {
        DevicePointer gates = window.gates();
        DevicePointer cells = window.cells();
        Loaded weights = loaded();
        boolean wide = isWide()
                && c0.isAligned(VECTOR)
                && out.isAligned(VECTOR)
                && weights.bIh.isAligned()
                && weights.bHh.isAligned();
        for (int t = from; t < end; t++) {
            DevicePointer gate = ofStep(gates, t, GATES);
            DevicePointer factor = t == 0 ? start : roundedState(window, t);
            device.gemm()
                    .timesTransposed(
                            factor == null ? ofStep(out, t - 1, 1) : factor,
                            weights.wHh,
                            gate,
                            batch,
                            GATES * hidden,
                            hidden,
                            true);
            stepForward
                    .begin()
                    .pointer(ofStep(out, t, 1))
                    .orNull(roundedState(window, t + 1))
                    .pointer(ofStep(cells, t, 1))
                    .pointer(gate)
                    .pointer(t == 0 ? c0 : ofStep(cells, t - 1, 1))
                    .tensor(weights.bIh)
                    .tensor(weights.bHh);
            launch(stepForward, wide);
        }
    }

    private @Nullable DevicePointer roundedState(FusedWindow window, int index) {
        DevicePointer start = window.states().rounded();
        return start == null ? null : start.plus((long) index * batch * hidden * Short.BYTES);
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
        FusedWindow window = window();
        Shapes.lstmKept(window.keptSteps(), steps);
        window.keep(0);
        start(dhT, dh);
        start(dcT, dc);
        DevicePointer dOut = CudaTensor.of(dy).pointer();
        DevicePointer c = CudaTensor.of(c0).pointer();
        Loaded weights = loaded();
        for (int end = steps; end > 0; ) {
            // The same borders as forward, so that windows of all lengths share the series.
            int from = (end - 1) / SERIES * SERIES;
            int last = end;
            Runnable launches = () -> stepsBackward(window, c, dOut, from, last, dh0 != null);
            if (end - from < SERIES) {
                launches.run();
            } else {
                // The third address says whether the series ends with the gradient by the state before the window.
                backwards.run(
                        from / SERIES,
                        key(window, dOut, weights.wHh, dh0 == null ? dc : dh, dc, c, c, from == 0),
                        launches);
            }
            end = from;
        }
        finish(dh, dh0);
        finish(dc, dc0);
        if (dx != null) {
            long rows = (long) steps * batch;
            device.gemm()
                    .times(
                            gateGradient(window, 0),
                            loaded().wIh,
                            CudaTensor.of(dx).pointer(),
                            rows,
                            inputs,
                            GATES * hidden,
                            false);
        }
        if (gradients != null) {
            weightGradients(window, CudaTensor.of(x), CudaTensor.of(h0), CudaTensor.of(y), steps, gradients, sum);
        }
    }

    /** @param wantsStart whether the gradient by the state before the window is wanted */
    private void stepsBackward(
            FusedWindow window, DevicePointer c0, DevicePointer dOut, int from, int end, boolean wantsStart) {
        DevicePointer gates = window.gates();
        DevicePointer cells = window.cells();
        DevicePointer wHh = loaded().wHh;
        boolean wide = isWide() && dOut.isAligned(VECTOR) && c0.isAligned(VECTOR);
        for (int t = end - 1; t >= from; t--) {
            DevicePointer gate = ofStep(gates, t, GATES);
            DevicePointer rounded = roundedGradient(t);
            stepBackward
                    .begin()
                    .pointer(gate)
                    .orNull(rounded)
                    .pointer(dc)
                    .pointer(ofStep(cells, t, 1))
                    .pointer(t == 0 ? c0 : ofStep(cells, t - 1, 1))
                    .pointer(ofStep(dOut, t, 1))
                    .pointer(dh);
            launch(stepBackward, wide);
            if (t > 0 || wantsStart) {
                device.gemm().times(rounded == null ? gate : rounded, wHh, dh, batch, hidden, GATES * hidden, false);
            }
        }
    }

    private @Nullable DevicePointer roundedGradient(int step) {
        DevicePointer start = gateGradients.rounded();
        return start == null ? null : start.plus((long) step * batch * GATES * hidden * Short.BYTES);
    }

    /** The gradients of the gates from a step on, as products read them. */
    private DevicePointer gateGradient(FusedWindow window, int step) {
        DevicePointer rounded = roundedGradient(step);
        return rounded == null ? ofStep(window.gates(), step, GATES) : rounded;
    }

    private void weightGradients(
            FusedWindow window,
            CudaTensor x,
            CudaTensor h0,
            CudaTensor y,
            int steps,
            LstmWeights gradients,
            GradientSum sum) {
        boolean adds = sum == GradientSum.CONTINUE;
        Gemm gemm = device.gemm();
        long rows = (long) steps * batch;
        int wide = GATES * hidden;
        DevicePointer read =
                inputOf == window ? inputFactors.again(x.pointer()) : inputFactors.of(x.pointer(), rows * inputs);
        inputOf = window;
        gemm.transposedTimes(
                gateGradient(window, 0), read, CudaTensor.of(gradients.wIh()).pointer(), wide, inputs, rows, adds);
        CudaTensor dwHh = CudaTensor.of(gradients.wHh());
        Mask mask = loaded().weightDrop;
        boolean isMasked = !(mask instanceof Mask.None);
        DevicePointer target = isMasked ? device.gradientSpace().pointer() : dwHh.pointer();
        DevicePointer before = roundedState(window, 0);
        if (before != null) {
            gemm.transposedTimes(gateGradient(window, 0), before, target, wide, hidden, rows, adds && !isMasked);
        } else {
            gemm.transposedTimes(gateGradient(window, 0), h0.pointer(), target, wide, hidden, batch, adds && !isMasked);
            if (steps > 1) {
                gemm.transposedTimes(gateGradient(window, 1), y.pointer(), target, wide, hidden, rows - batch, true);
            }
        }
        if (isMasked) {
            masked(dwHh, target, mask, adds);
        }
        columnSums
                .begin()
                .tensor(CudaTensor.of(gradients.bIh()))
                .tensor(CudaTensor.of(gradients.bHh()))
                .pointer(window.gates())
                .int32(Math.toIntExact(rows))
                .int32(wide)
                .int32(adds ? 1 : 0)
                .launch(Kernel.blocks(wide, COLUMNS));
    }

    /** {@code target = mask∘source}, or added. */
    private void masked(CudaTensor target, DevicePointer source, Mask mask, boolean adds) {
        if (!adds) {
            int size = Math.toIntExact(target.size());
            embedding.lockedDropout(
                    CudaTensor.at(source, Tensor.Kind.REAL, 1, 1, size), mask, target.view(0, 1, 1, size));
            return;
        }
        int vec = target.size() % 4 == 0 && target.isAligned() && MaskBytes.isAligned(mask) ? 4 : 1;
        maskedAdd
                .begin()
                .tensor(target)
                .pointer(source)
                .struct(device.masks().of(mask))
                .int64(target.size())
                .int32(vec)
                .launch(Kernel.blocks(target.size(), (long) maskedAdd.blockSize() * vec));
    }

    /**
     * Vector accesses need every row of every step to start at a multiple of four floats; and where there are few units,
     * more threads with one each hide more of the latency.
     */
    private boolean isWide() {
        return hidden % 4 == 0 && batch * hidden >= WIDE_UNITS;
    }

    private long stateBytes() {
        return (long) batch * hidden * CudaTensor.ELEMENT;
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
        if (from == null) {
            device.memory().zero(to, stateBytes());
        } else {
            device.memory().copy(CudaTensor.of(from).pointer(), to, stateBytes());
        }
    }

    private void finish(DevicePointer from, @Nullable Tensor to) {
        if (to != null) {
            device.memory().copy(from, CudaTensor.of(to).pointer(), stateBytes());
        }
    }

    @Override
    public void close() {
        device.enter();
        owned.close();
    }
}
