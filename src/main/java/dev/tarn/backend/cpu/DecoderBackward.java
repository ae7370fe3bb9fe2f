package dev.tarn.backend.cpu;

import dev.tarn.backend.GradientSum;

/**
 * The backward half of {@link CpuDecoder}. A window is cut twice. A piece is as large as memory allows, because the
 * gradient of the weights is read and written once for each. A slice of it is as small as it can be before reading the
 * weights once for each costs something beside its products.
 *
 * <p>Order of use: {@link #begin}; for each piece its slices, then the piece; at the end {@link #finish}.
 */
interface DecoderBackward {

    /** Packs the weights again. */
    void pack(long weights);

    /** Starts a window with this factor on all gradients, 1/N. */
    void begin(float mean, GradientSum sum);

    /** Where slices leave their logits. */
    CpuTensor logits();

    /** The row of {@link #logits} at which the slice starts that starts at this row of the piece. */
    int sliceStart(int rowInPiece);

    /** Probabilities, less one at the target, are in place: writes dx. */
    void slice(int rowInPiece, int rows, CpuTensor dx, long dxStart);

    /**
     * All slices of a piece have run: takes its part of the gradient of the weights.
     *
     * @param x where the rows of the piece start
     */
    void piece(int rows, long x, CpuTensor dw);

    /** All pieces have run. */
    void finish(CpuTensor dw);
}
