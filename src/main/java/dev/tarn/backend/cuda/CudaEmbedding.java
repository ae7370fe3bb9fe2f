package dev.tarn.backend.cuda;

import dev.tarn.backend.Mask;

/** Embedding lookup and locked dropout. */
final class CudaEmbedding {

    /** Time steps that a block of embedding_forward and locked_dropout works on. */
    private static final int STEPS = 8;

    private final CudaDevice device;
    private final Kernel forward;
    private final Kernel backward;
    private final Kernel dropout;

    CudaEmbedding(CudaDevice device) {
        this.device = device;
        forward = device.kernel("embedding_forward");
        backward = device.kernel("embedding_backward");
        dropout = device.kernel("locked_dropout");
    }

    void forward(CudaTensor w, CudaTensor ids, Mask rows, Mask input, CudaTensor out) {
        int steps = out.dim(0);
        int batch = out.dim(1);
        int width = out.dim(2);
        int vec = vec(width, w, out, input);
        forward.begin()
                .tensor(out)
                .tensor(w)
                .tensor(ids)
                .struct(device.masks().of(rows))
                .struct(device.masks().of(input))
                .int32(steps)
                .int32(batch)
                .int32(width)
                .int32(vec)
                .launch(
                        Kernel.blocks((long) batch * width, (long) forward.blockSize() * vec),
                        Kernel.blocks(steps, STEPS),
                        0);
    }

    void backward(CudaTensor dOut, CudaTensor ids, Mask rows, Mask input, int padding, CudaTensor dw) {
        int batch = dOut.dim(1);
        int width = dOut.dim(2);
        int positions = Math.toIntExact(ids.size());
        backward.begin()
                .tensor(dw)
                .tensor(dOut)
                .tensor(ids)
                .struct(device.masks().of(rows))
                .struct(device.masks().of(input))
                .int32(positions)
                .int32(batch)
                .int32(width)
                .int32(padding)
                .int32(vec(width, dw, dOut, input))
                .launch(positions);
    }

    void lockedDropout(CudaTensor x, Mask mask, CudaTensor out) {
        int steps = x.dim(0);
        int columns = x.dim(1) * x.dim(2);
        int vec = vec(columns, x, out, mask);
        dropout.begin()
                .tensor(out)
                .tensor(x)
                .struct(device.masks().of(mask))
                .int32(steps)
                .int32(columns)
                .int32(vec)
                .launch(Kernel.blocks(columns, (long) dropout.blockSize() * vec), Kernel.blocks(steps, STEPS), 0);
    }

    private static int vec(int width, CudaTensor a, CudaTensor b, Mask mask) {
        return width % 4 == 0 && a.isAligned() && b.isAligned() && MaskBytes.isAligned(mask) ? 4 : 1;
    }
}
