package dev.tarn.backend.cpu;

import dev.tarn.backend.GradientSum;

/** In single precision: the gradient of the logits is made in place, and the gradient of the weights in its place. */
final class F32DecoderBackward implements DecoderBackward {

    private final Team team;
    private final int vocabulary;
    private final int embSz;
    private final CpuTensor logits;
    private final Packed weights;
    private final Chunks byInput;
    private final TransposedProduct byWeight;
    private float mean;

    /** By what the next piece multiplies the gradient that it finds. */
    private float keep;

    F32DecoderBackward(
            Team team, Owned owned, CpuArena arena, int vocabulary, int embSz, int pieceRows, int sliceRows) {
        this.team = team;
        this.vocabulary = vocabulary;
        this.embSz = embSz;
        logits = arena.real("logits of a piece", pieceRows, vocabulary);
        Split largest =
                Split.product(team, owned, OneDnn.F32, Chunks.largest(sliceRows), vocabulary, embSz, false, null);
        weights = new Packed(team, owned, arena, "packed weights for gradients", largest, vocabulary, embSz, false);
        byInput = new Chunks(
                (long) Float.BYTES * vocabulary,
                (long) Float.BYTES * embSz,
                rows -> Split.product(team, owned, OneDnn.F32, rows, vocabulary, embSz, false, largest));
        byWeight = new TransposedProduct(team, vocabulary, embSz);
    }

    @Override
    public void pack(long source) {
        weights.packFrom(source);
    }

    @Override
    public void begin(float factor, GradientSum sum) {
        mean = factor;
        keep = sum == GradientSum.START ? 0f : 1f;
    }

    @Override
    public CpuTensor logits() {
        return logits;
    }

    @Override
    public int sliceStart(int rowInPiece) {
        return rowInPiece;
    }

    @Override
    public void slice(int rowInPiece, int rows, CpuTensor dx, long dxStart) {
        long gradient = logits.address((long) rowInPiece * vocabulary);
        byInput.run(rows, gradient, weights.address(), dx.address(dxStart));
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
        byWeight.run(rows, mean, logits.address(), x, keep, dw.address());
        keep = 1f;
    }

    @Override
    public void finish(CpuTensor dw) {}
}
