package dev.tarn.backend.cpu;

import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;

/**
 * What {@link CpuLstm} keeps of the weights: both matrices packed for the forward and for the backward products, the
 * recurrent one multiplied by its weight-drop mask, and the sum of the biases.
 */
final class PackedLstmWeights {

    private final Team team;
    private final SharedBlock staging;
    private final int hiddenSize;
    private final Packed wIh;
    private final Packed wIhBackward;
    private final Packed wHh;
    private final Packed wHhBackward;
    private final CpuTensor bias;
    private Mask weightDrop = Mask.NONE;
    private boolean loaded;

    /** The products say which layouts they want. */
    PackedLstmWeights(
            Owned owned,
            CpuArena arena,
            Team team,
            SharedBlock staging,
            int inputSize,
            int hiddenSize,
            Split project,
            Split byInput,
            Split step,
            Split stepBackward) {
        this.team = team;
        this.staging = staging;
        this.hiddenSize = hiddenSize;
        int h4 = 4 * hiddenSize;
        staging.reserve((long) h4 * hiddenSize * Float.BYTES);
        wIh = new Packed(team, owned, arena, "packed wIh", project, inputSize, h4, true);
        wIhBackward = new Packed(team, owned, arena, "packed wIh for gradients", byInput, h4, inputSize, false);
        wHh = new Packed(team, owned, arena, "packed wHh", step, hiddenSize, h4, true);
        wHhBackward = new Packed(team, owned, arena, "packed wHh for gradients", stepBackward, h4, hiddenSize, false);
        bias = arena.real("bias", h4);
    }

    void load(LstmWeights weights, Mask mask) {
        long input = CpuTensor.of(weights.wIh()).address();
        wIh.packFrom(input);
        wIhBackward.packFrom(input);
        long recurrent = masked(CpuTensor.of(weights.wHh()), mask);
        wHh.packFrom(recurrent);
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

    Packed wHh() {
        return wHh;
    }

    Packed wHhBackward() {
        return wHhBackward;
    }

    CpuTensor bias() {
        return bias;
    }
}
