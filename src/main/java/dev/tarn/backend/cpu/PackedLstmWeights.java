package dev.tarn.backend.cpu;

import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import org.jspecify.annotations.Nullable;

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
    private final boolean packsAhead;
    private @Nullable LstmWeights source;
    private Mask weightDrop = Mask.NONE;
    private boolean packedForward;
    private boolean packedBackward;

    /**
     * The products say which layouts they want.
     *
     * @param packsAhead whether one load usually serves a forward and its backward: then it packs for both, so that the
     *     mask is drawn once
     */
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
            Split stepBackward,
            boolean packsAhead) {
        this.packsAhead = packsAhead;
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
        source = weights;
        weightDrop = mask;
        packedForward = false;
        packedBackward = false;
        if (packsAhead) {
            pack(weights, true, true);
        }
    }

    void readyForForward() {
        if (source == null) {
            throw new IllegalStateException("lstm.forward: no weights were loaded");
        }
        if (!packedForward) {
            pack(source, true, false);
        }
    }

    /** After a forward. */
    void readyForBackward() {
        if (!packedBackward && source != null) {
            pack(source, false, true);
        }
    }

    private void pack(LstmWeights weights, boolean forward, boolean backward) {
        long input = CpuTensor.of(weights.wIh()).address();
        long recurrent = masked(CpuTensor.of(weights.wHh()), weightDrop);
        if (forward) {
            wIh.packFrom(input);
            wHh.packFrom(recurrent);
            CpuTensor bIh = CpuTensor.of(weights.bIh());
            CpuTensor bHh = CpuTensor.of(weights.bHh());
            for (int j = 0; j < 4 * hiddenSize; j++) {
                bias.setReal(j, bIh.real(j) + bHh.real(j));
            }
            packedForward = true;
        }
        if (backward) {
            wIhBackward.packFrom(input);
            wHhBackward.packFrom(recurrent);
            packedBackward = true;
        }
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
