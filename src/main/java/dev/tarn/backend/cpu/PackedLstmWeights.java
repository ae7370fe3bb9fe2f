package dev.tarn.backend.cpu;

import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import org.bytedeco.dnnl.memory;

/**
 * What {@link CpuLstm} keeps of the weights: both matrices packed for the forward and for the backward products, the
 * recurrent one multiplied by its weight-drop mask, and the sum of the biases.
 */
final class PackedLstmWeights {

    /** A block of gate columns that share a function. First column and width are in units of H. */
    enum Part {
        INPUT_AND_FORGET(0, 0, 2, OneDnn.Activation.SIGMOID),
        CANDIDATE(1, 2, 1, OneDnn.Activation.TANH),
        OUTPUT(2, 3, 1, OneDnn.Activation.SIGMOID);

        final int index;
        final int first;
        final int width;
        final OneDnn.Activation function;

        Part(int index, int first, int width, OneDnn.Activation function) {
            this.index = index;
            this.first = first;
            this.width = width;
            this.function = function;
        }
    }

    private static final Part[] PARTS = Part.values();

    private final Team team;
    private final SharedBlock staging;
    private final int hiddenSize;
    private final Packed wIh;
    private final Packed wIhBackward;
    private final Packed[] wHh = new Packed[PARTS.length];
    private final Packed wHhBackward;
    private final CpuTensor bias;
    private Mask weightDrop = Mask.NONE;
    private boolean loaded;

    /** The kernels say which layouts they want; {@code steps} has one for each {@link Part}. */
    PackedLstmWeights(
            OneDnn dnn,
            Owned owned,
            CpuArena arena,
            Team team,
            SharedBlock staging,
            int inputSize,
            int hiddenSize,
            Kernel project,
            Kernel byInput,
            Kernel[] steps,
            Kernel stepBackward) {
        this.team = team;
        this.staging = staging;
        this.hiddenSize = hiddenSize;
        int h4 = 4 * hiddenSize;
        staging.reserve((long) h4 * hiddenSize * Float.BYTES);
        memory.desc asStored = OneDnn.matrix(owned, OneDnn.F32, h4, inputSize);
        memory.desc transposed = OneDnn.transposed(owned, OneDnn.F32, inputSize, h4, inputSize);
        wIh = new Packed(dnn, owned, arena, "packed wIh", transposed, project);
        wIhBackward = new Packed(dnn, owned, arena, "packed wIh for gradients", asStored, byInput);
        for (Part part : PARTS) {
            memory.desc columns =
                    OneDnn.transposed(owned, OneDnn.F32, hiddenSize, (long) part.width * hiddenSize, hiddenSize);
            wHh[part.index] = new Packed(dnn, owned, arena, "packed wHh", columns, steps[part.index]);
        }
        wHhBackward = new Packed(
                dnn,
                owned,
                arena,
                "packed wHh for gradients",
                OneDnn.matrix(owned, OneDnn.F32, h4, hiddenSize),
                stepBackward);
        bias = arena.real("bias", h4);
    }

    void load(LstmWeights weights, Mask mask) {
        long input = CpuTensor.of(weights.wIh()).address();
        wIh.packFrom(input);
        wIhBackward.packFrom(input);
        long recurrent = masked(CpuTensor.of(weights.wHh()), mask);
        for (Part part : PARTS) {
            long firstRow = (long) part.first * hiddenSize;
            wHh[part.index].packFrom(recurrent + firstRow * hiddenSize * Float.BYTES);
        }
        wHhBackward.packFrom(recurrent);
        CpuTensor bIh = CpuTensor.of(weights.bIh());
        CpuTensor bHh = CpuTensor.of(weights.bHh());
        for (int j = 0; j < 4 * hiddenSize; j++) {
            bias.setReal(j, bIh.real(j) + bHh.real(j));
        }
        weightDrop = mask;
        loaded = true;
    }

    /** The address of the recurrent matrix times its mask. */
    private long masked(CpuTensor matrix, Mask mask) {
        if (mask instanceof Mask.None) {
            return matrix.address();
        }
        CpuTensor product = staging.floats();
        team.tiles(matrix.length(), (scratch, from, count) -> {
            scratch.masks.fill(mask, from, scratch.mask, count);
            matrix.get(from, scratch.a, count);
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

    void requireLoaded() {
        if (!loaded) {
            throw new IllegalStateException("lstm.forward: no weights were loaded");
        }
    }

    Mask weightDrop() {
        return weightDrop;
    }

    Packed wIh() {
        return wIh;
    }

    Packed wIhBackward() {
        return wIhBackward;
    }

    Packed wHh(Part part) {
        return wHh[part.index];
    }

    Packed wHhBackward() {
        return wHhBackward;
    }

    CpuTensor bias() {
        return bias;
    }
}
