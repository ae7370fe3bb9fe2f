package dev.tarn.backend.cpu;

import dev.tarn.backend.GradientSum;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.cpu.Split.Part;
import java.util.Arrays;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * {@code dwIh = da' x} and {@code dwHh = m∘(da' h)}, or added, over all steps of a window, where h is shifted by one step. In
 * single precision these are {@link TransposedProduct}s. In bf16 the right operand is packed first: it is the smaller
 * one, and read many times.
 */
final class LstmWeightGradients {

    private final Owned owned;
    private final Team team;
    private final LstmScratch scratch;
    private final int batch;
    private final int inputSize;
    private final int hiddenSize;
    private final TransposedProduct byInput;
    private final TransposedProduct byState;

    /** bf16 products by their number of steps, a power of two, made when it is first needed: see {@link Chunks}. */
    private final @Nullable Products[] products;

    private record Products(
            Split packInput, Split byInput, Split addByInput, Split packState, Split byState, Split addByState) {}

    LstmWeightGradients(
            Owned owned, Team team, LstmScratch scratch, int batch, int maxSteps, int inputSize, int hiddenSize) {
        this.owned = owned;
        this.team = team;
        this.scratch = scratch;
        this.batch = batch;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        byInput = new TransposedProduct(team, 4 * hiddenSize, inputSize);
        byState = new TransposedProduct(team, 4 * hiddenSize, hiddenSize);
        products = new @Nullable Products[maxSteps + 1];
    }

    /** Makes the bf16 kernels for so many steps; for the most of them, so that their memory is taken when the layer is planned. */
    Products prepareBf16(int steps) {
        Products own = products[steps];
        if (own == null) {
            own = bf16Products((long) steps * batch);
            products[steps] = own;
        }
        return own;
    }

    private Products bf16Products(long rows) {
        Split addInput = product(rows, inputSize, OneDnn.Epilogue.ADD, null);
        Split addState = product(rows, hiddenSize, OneDnn.Epilogue.ADD, null);
        scratch.factors().reserve(Math.max(addInput.packedBytes(), addState.packedBytes()));
        return new Products(
                Split.packing(team, owned, addInput, OneDnn.F32, rows, inputSize, false),
                product(rows, inputSize, OneDnn.Epilogue.NONE, addInput),
                addInput,
                Split.packing(team, owned, addState, OneDnn.BF16, rows, hiddenSize, false),
                product(rows, hiddenSize, OneDnn.Epilogue.NONE, addState),
                addState);
    }

    /** @param like a product that reads the same packed weights */
    private Split product(long rows, int columns, OneDnn.Epilogue epilogue, @Nullable Split like) {
        long h4 = 4L * hiddenSize;
        return Split.over(team, team.cut(columns, Ranges.VECTOR), (hand, dnn, first, count) -> {
            memory.desc target = OneDnn.matrix(owned, OneDnn.F32, h4, count, columns);
            Kernel kernel = dnn.matmul(
                    owned,
                    OneDnn.transposed(owned, OneDnn.BF16, h4, rows, h4),
                    like == null ? OneDnn.any(owned, OneDnn.BF16, rows, count) : like.weightLayout(hand),
                    null,
                    target,
                    epilogue);
            return Part.packed(kernel, first, count).target((long) first * Float.BYTES);
        });
    }

    /**
     * In bf16.
     *
     * @param dGates address of the gate gradients, [T,B,4H]
     * @param states address of h before every step, [T,B,H]
     */
    void runBf16(
            int steps, long dGates, CpuTensor x, long states, Mask weightDrop, LstmWeights gradients, GradientSum sum) {
        long factor = scratch.factors().address();
        long dwIh = CpuTensor.of(gradients.wIh()).address();
        CpuTensor dwHh = CpuTensor.of(gradients.wHh());
        boolean isMasked = !(weightDrop instanceof Mask.None);
        long raw = isMasked ? scratch.weights().address() : dwHh.address();
        int done = 0;
        while (done < steps) {
            int chunk = Chunks.largest(steps - done);
            Products own = prepareBf16(chunk);
            long rows = (long) done * batch;
            long gates = dGates + rows * 4 * hiddenSize * Short.BYTES;
            own.packInput.run(x.address(rows * inputSize), factor);
            boolean starts = sum == GradientSum.START && done == 0;
            (starts ? own.byInput : own.addByInput).run(gates, factor, dwIh);
            own.packState.run(states + rows * hiddenSize * Short.BYTES, factor);
            boolean overwrites = starts || (isMasked && done == 0);
            (overwrites ? own.byState : own.addByState).run(gates, factor, raw);
            done += chunk;
        }
        if (isMasked) {
            masked(weightDrop, dwHh, sum);
        }
    }

    /** In single precision, with {@code dGates} [T,B,4H]; h before the first step is h0, then comes y. */
    void runF32(
            int steps,
            CpuTensor dGates,
            CpuTensor x,
            CpuTensor h0,
            CpuTensor y,
            Mask weightDrop,
            LstmWeights gradients,
            GradientSum sum) {
        long h4 = 4L * hiddenSize;
        long rows = (long) steps * batch;
        long dwIh = CpuTensor.of(gradients.wIh()).address();
        float keep = sum == GradientSum.START ? 0f : 1f;
        byInput.run(rows, 1f, dGates.address(), x.address(), keep, dwIh);
        CpuTensor dwHh = CpuTensor.of(gradients.wHh());
        boolean isMasked = !(weightDrop instanceof Mask.None);
        long raw = isMasked ? scratch.weights().address() : dwHh.address();
        byState.run(batch, 1f, dGates.address(), h0.address(), isMasked ? 0f : keep, raw);
        if (steps > 1) {
            byState.run(rows - batch, 1f, dGates.address(h4 * batch), y.address(), 1f, raw);
        }
        if (isMasked) {
            masked(weightDrop, dwHh, sum);
        }
    }

    /** {@code dwHh = m∘raw}, or added; a drawn mask is drawn again rather than stored. */
    private void masked(Mask weightDrop, CpuTensor dwHh, GradientSum sum) {
        CpuTensor raw = scratch.weights().floats();
        team.tiles(dwHh.length(), (own, from, count) -> {
            own.masks.fill(weightDrop, from, own.mask, count);
            raw.get(from, own.a, count);
            if (sum == GradientSum.START) {
                Arrays.fill(own.b, 0, count, 0f);
            } else {
                dwHh.get(from, own.b, count);
            }
            addProduct(own.b, own.a, own.mask, count);
            dwHh.put(from, own.b, count);
        });
    }

    private static void addProduct(float[] sum, float[] x, float[] mask, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += x[k] * mask[k];
        }
    }
}
