package dev.tarn.backend.cpu;

import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * {@code dwIh += da' x} and {@code dwHh += m∘(da' h)} over all steps of a window, where h is shifted by one step. In
 * single precision these are two calls of dnnl_sgemm, which takes a transposed operand in its stride. In bf16 the right
 * operand is packed first: it is the smaller one, and read many times.
 */
final class LstmWeightGradients {

    private final OneDnn dnn;
    private final Owned owned;
    private final Team team;
    private final LstmScratch scratch;
    private final int batch;
    private final int inputSize;
    private final int hiddenSize;

    /** bf16 products by the length of the window, made when it is first seen. */
    private final @Nullable Products[] products;

    private record Products(Kernel packInput, Kernel addByInput, Kernel packState, Kernel addByState, Kernel byState) {}

    LstmWeightGradients(
            OneDnn dnn,
            Owned owned,
            Team team,
            LstmScratch scratch,
            int batch,
            int maxSteps,
            int inputSize,
            int hiddenSize) {
        this.dnn = dnn;
        this.owned = owned;
        this.team = team;
        this.scratch = scratch;
        this.batch = batch;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        products = new @Nullable Products[maxSteps + 1];
    }

    /** Makes the bf16 kernels of a window length, so that their memory is taken when the layer is planned. */
    Products prepareBf16(int steps) {
        Products own = products[steps];
        if (own == null) {
            own = bf16Products((long) steps * batch);
            products[steps] = own;
        }
        return own;
    }

    private Products bf16Products(long rows) {
        Kernel addByInput =
                product(rows, inputSize, OneDnn.any(owned, OneDnn.BF16, rows, inputSize), OneDnn.Epilogue.ADD);
        Kernel addByState =
                product(rows, hiddenSize, OneDnn.any(owned, OneDnn.BF16, rows, hiddenSize), OneDnn.Epilogue.ADD);
        memory.desc input = addByInput.layout(Kernel.WEIGHTS);
        memory.desc state = addByState.layout(Kernel.WEIGHTS);
        scratch.factors().reserve(Math.max(input.get_size(), state.get_size()));
        return new Products(
                dnn.copy(owned, OneDnn.matrix(owned, OneDnn.F32, rows, inputSize), input),
                addByInput,
                dnn.copy(owned, OneDnn.matrix(owned, OneDnn.BF16, rows, hiddenSize), state),
                addByState,
                product(rows, hiddenSize, state, OneDnn.Epilogue.NONE));
    }

    private Kernel product(long rows, long columns, memory.desc right, OneDnn.Epilogue epilogue) {
        long h4 = 4L * hiddenSize;
        return dnn.matmul(
                owned,
                OneDnn.transposed(owned, OneDnn.BF16, h4, rows, h4),
                right,
                null,
                OneDnn.matrix(owned, OneDnn.F32, h4, columns),
                epilogue);
    }

    /**
     * In bf16.
     *
     * @param dGates address of the gate gradients, [T,B,4H]
     * @param states address of h before every step, [T,B,H]
     */
    void addBf16(int steps, long dGates, CpuTensor x, long states, Mask weightDrop, LstmWeights gradients) {
        Products own = prepareBf16(steps);
        long factor = scratch.factors().address();
        own.packInput.run(x.address(), factor);
        own.addByInput.run(dGates, factor, CpuTensor.of(gradients.wIh()).address());
        own.packState.run(states, factor);
        CpuTensor dwHh = CpuTensor.of(gradients.wHh());
        if (weightDrop instanceof Mask.None) {
            own.addByState.run(dGates, factor, dwHh.address());
        } else {
            own.byState.run(dGates, factor, scratch.weights().address());
            addMasked(weightDrop, dwHh);
        }
    }

    /** In single precision, with {@code dGates} [T,B,4H]; h before the first step is h0, then comes y. */
    void addF32(
            int steps,
            CpuTensor dGates,
            CpuTensor x,
            CpuTensor h0,
            CpuTensor y,
            Mask weightDrop,
            LstmWeights gradients) {
        long h4 = 4L * hiddenSize;
        long rows = (long) steps * batch;
        long dwIh = CpuTensor.of(gradients.wIh()).address();
        dnn.multiplyTransposed(h4, inputSize, rows, 1f, dGates.address(), x.address(), 1f, dwIh);
        CpuTensor dwHh = CpuTensor.of(gradients.wHh());
        boolean isMasked = !(weightDrop instanceof Mask.None);
        long raw = isMasked ? scratch.weights().address() : dwHh.address();
        float keep = isMasked ? 0f : 1f;
        dnn.multiplyTransposed(h4, hiddenSize, batch, 1f, dGates.address(), h0.address(), keep, raw);
        if (steps > 1) {
            dnn.multiplyTransposed(h4, hiddenSize, rows - batch, 1f, dGates.address(h4 * batch), y.address(), 1f, raw);
        }
        if (isMasked) {
            addMasked(weightDrop, dwHh);
        }
    }

    /** {@code dwHh += m∘raw}; a drawn mask is drawn again rather than stored. */
    private void addMasked(Mask weightDrop, CpuTensor dwHh) {
        CpuTensor raw = scratch.weights().floats();
        team.tiles(dwHh.length(), (own, from, count) -> {
            own.masks.fill(weightDrop, from, own.mask, count);
            raw.get(from, own.a, count);
            dwHh.get(from, own.b, count);
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
