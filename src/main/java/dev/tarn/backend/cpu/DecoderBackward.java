package dev.tarn.backend.cpu;

/**
 * The backward half of {@link CpuDecoder}. A window is cut into pieces, as large as memory allows because the gradient of
 * the weights is read and written once for each, and a piece into slices, small enough that the logits of one stay in
 * the cache from the product that makes them to the product that uses them.
 *
 * <p>Order of use: {@link #begin}, then for each piece its slices, then the piece, then {@link #finish}.
 */
interface DecoderBackward {

    /** Packs the weights again. */
    void pack(long weights);

    /** Starts a window with this factor on all gradients, 1/N. */
    void begin(float mean);

    /** Where slices leave their logits. */
    CpuTensor logits();

    /** The row of {@link #logits} at which the slice starts that starts at this row of the piece. */
    int logitsRow(int rowInPiece);

    /** Probabilities less one at the target are in place: writes dx. */
    void slice(int rowInPiece, int rows, CpuTensor dx, long dxStart);

    /**
     * All slices of a piece have run: adds to the gradient of the weights.
     *
     * @param x where the rows of the piece start
     */
    void piece(int rows, long x, CpuTensor dw);

    /** All pieces have run. */
    void finish(CpuTensor dw);
}
