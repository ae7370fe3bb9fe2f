package dev.tarn.backend.cuda;

import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import org.jspecify.annotations.Nullable;

/**
 * The classifier's head: pooling and batch normalisation in a launch each, linear layers by cuBLAS with a launch for the
 * bias.
 */
final class CudaHead {

    /** Columns that a block of the kernels works on, times the floats that a thread takes at once. */
    private static final int COLUMNS = 32;

    private final CudaDevice device;
    private final Kernel pool;
    private final Kernel poolBackward;
    private final Kernel addBias;
    private final Kernel columnSums;
    private final Kernel batchNorm;
    private final Kernel batchNormEvaluate;
    private final Kernel batchNormBackward;

    CudaHead(CudaDevice device) {
        this.device = device;
        pool = device.kernel("concat_pool");
        poolBackward = device.kernel("concat_pool_backward");
        addBias = device.kernel("add_bias");
        columnSums = device.kernel("column_sums");
        batchNorm = device.kernel("batch_norm");
        batchNormEvaluate = device.kernel("batch_norm_evaluate");
        batchNormBackward = device.kernel("batch_norm_backward");
    }

    void pool(CudaTensor h, Padding padding, CudaTensor out, CudaTensor steps) {
        int hidden = h.dim(2);
        int vec = hidden % 4 == 0 && h.isAligned() ? 4 : 1;
        pool.begin()
                .tensor(out)
                .tensor(steps)
                .tensor(h)
                .tensor(CudaTensor.of(padding.ids()))
                .int32(padding.token())
                .int32(h.dim(0))
                .int32(h.dim(1))
                .int32(hidden)
                .int32(vec)
                .launch(Kernel.blocks(hidden, (long) COLUMNS * vec), h.dim(1), 0);
    }

    void poolBackward(CudaTensor dOut, Padding padding, CudaTensor steps, CudaTensor dh) {
        int hidden = dh.dim(2);
        int vec = hidden % 4 == 0 && dOut.isAligned() && dh.isAligned() ? 4 : 1;
        poolBackward
                .begin()
                .tensor(dh)
                .tensor(dOut)
                .tensor(steps)
                .tensor(CudaTensor.of(padding.ids()))
                .int32(padding.token())
                .int32(dh.dim(0))
                .int32(dh.dim(1))
                .int32(hidden)
                .int32(vec)
                .launch(Kernel.blocks(hidden, (long) COLUMNS * vec), dh.dim(1), 0);
    }

    void linear(CudaTensor x, CudaTensor w, CudaTensor b, CudaTensor y) {
        int rows = x.dim(0);
        int outputs = w.dim(0);
        device.plainGemm().timesTransposed(x.pointer(), w.pointer(), y.pointer(), rows, outputs, w.dim(1), false);
        addBias.begin().tensor(y).tensor(b).int32(outputs).launch(Kernel.blocks(outputs, addBias.blockSize()), rows, 0);
    }

    void linearBackward(
            CudaTensor x, CudaTensor w, CudaTensor dy, @Nullable CudaTensor dx, CudaTensor dw, CudaTensor db) {
        int rows = x.dim(0);
        int outputs = w.dim(0);
        int inputs = w.dim(1);
        Gemm gemm = device.plainGemm();
        if (dx != null) {
            gemm.times(dy.pointer(), w.pointer(), dx.pointer(), rows, inputs, outputs, false);
        }
        gemm.transposedTimes(dy.pointer(), x.pointer(), dw.pointer(), outputs, inputs, rows, true);
        columnSums
                .begin()
                .tensor(db)
                .tensor(null)
                .tensor(dy)
                .int32(rows)
                .int32(outputs)
                .int32(1)
                .launch(Kernel.blocks(outputs, COLUMNS));
    }

    void batchNorm(CudaTensor x, boolean relu, BatchNorm norm, CudaTensor saved, Mask mask, CudaTensor y) {
        batchNorm
                .begin()
                .tensor(y)
                .tensor(saved)
                .tensor(CudaTensor.of(norm.mean()))
                .tensor(CudaTensor.of(norm.variance()))
                .tensor(x)
                .tensor(CudaTensor.of(norm.gamma()))
                .tensor(CudaTensor.of(norm.beta()))
                .struct(device.masks().of(mask))
                .int32(relu ? 1 : 0)
                .float32((float) BatchNorm.EPS)
                .float32((float) BatchNorm.MOMENTUM)
                .int32(x.dim(0))
                .int32(x.dim(1))
                .launch(Kernel.blocks(x.dim(1), COLUMNS));
    }

    void batchNormEvaluate(CudaTensor x, boolean relu, BatchNorm norm, CudaTensor y) {
        batchNormEvaluate
                .begin()
                .tensor(y)
                .tensor(x)
                .tensor(CudaTensor.of(norm.gamma()))
                .tensor(CudaTensor.of(norm.beta()))
                .tensor(CudaTensor.of(norm.mean()))
                .tensor(CudaTensor.of(norm.variance()))
                .int32(relu ? 1 : 0)
                .float32((float) BatchNorm.EPS)
                .int32(x.dim(0))
                .int32(x.dim(1))
                .launch(Kernel.blocks(x.dim(1), COLUMNS));
    }

    void batchNormBackward(
            CudaTensor x,
            boolean relu,
            BatchNorm norm,
            CudaTensor saved,
            Mask mask,
            CudaTensor dy,
            CudaTensor dx,
            CudaTensor dGamma,
            CudaTensor dBeta) {
        batchNormBackward
                .begin()
                .tensor(dx)
                .tensor(dGamma)
                .tensor(dBeta)
                .tensor(x)
                .tensor(dy)
                .tensor(CudaTensor.of(norm.gamma()))
                .tensor(saved)
                .struct(device.masks().of(mask))
                .int32(relu ? 1 : 0)
                .int32(x.dim(0))
                .int32(x.dim(1))
                .launch(Kernel.blocks(x.dim(1), COLUMNS));
    }
}
