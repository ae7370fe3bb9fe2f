package dev.tarn.backend.cpu;

import org.jspecify.annotations.Nullable;

/** In single precision: the gradient of the logits is made in place, and its products add to the parameters directly. */
final class F32DecoderBackward implements DecoderBackward {

    private final OneDnn dnn;
    private final Team team;
    private final Owned owned;
    private final int vocabulary;
    private final int embSz;
    private final CpuTensor logits;
    private final Packed weights;
    private final @Nullable Kernel[] byInput;
    private float mean;

    F32DecoderBackward(
            OneDnn dnn,
            Team team,
            Owned owned,
            CpuArena arena,
            int vocabulary,
            int embSz,
            int pieceRows,
            int sliceRows) {
        this.dnn = dnn;
        this.team = team;
        this.owned = owned;
        this.vocabulary = vocabulary;
        this.embSz = embSz;
        logits = arena.real("logits of a piece", pieceRows, vocabulary);
        byInput = new @Nullable Kernel[sliceRows + 1];
        Kernel largest = byInput(sliceRows, OneDnn.any(owned, OneDnn.F32, vocabulary, embSz));
        weights = new Packed(
                dnn,
                owned,
                arena,
                "packed weights for gradients",
                OneDnn.matrix(owned, OneDnn.F32, vocabulary, embSz),
                largest);
    }

    private Kernel byInput(int rows, org.bytedeco.dnnl.memory.desc layout) {
        Kernel kernel = dnn.matmul(
                owned,
                OneDnn.matrix(owned, OneDnn.F32, rows, vocabulary),
                layout,
                null,
                OneDnn.matrix(owned, OneDnn.F32, rows, embSz),
                OneDnn.Epilogue.NONE);
        byInput[rows] = kernel;
        return kernel;
    }

    @Override
    public void pack(long source) {
        weights.packFrom(source);
    }

    @Override
    public void begin(float factor) {
        mean = factor;
    }

    @Override
    public CpuTensor logits() {
        return logits;
    }

    @Override
    public int logitsRow(int rowInPiece) {
        return rowInPiece;
    }

    @Override
    public void slice(int rowInPiece, int rows, CpuTensor dx, long dxStart) {
        Kernel known = byInput[rows];
        Kernel product = known == null ? byInput(rows, weights.layout()) : known;
        product.run(logits.address((long) rowInPiece * vocabulary), weights.address(), dx.address(dxStart));
        team.tiles(rows * embSz, (scratch, from, count) -> {
            dx.get(dxStart + from, scratch.a, count);
            multiply(scratch.a, mean, count);
            dx.put(dxStart + from, scratch.a, count);
        });
    }

    private static void multiply(float[] x, float factor, int count) {
        for (int k = 0; k < count; k++) {
            x[k] *= factor;
        }
    }

    @Override
    public void piece(int rows, long x, CpuTensor dw) {
        dnn.multiplyTransposed(vocabulary, embSz, rows, mean, logits.address(), x, 1f, dw.address());
    }

    @Override
    public void finish(CpuTensor dw) {}
}
