package dev.tarn.backend.cpu;

import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * In bf16: the gradient of the logits is rounded while a slice is still in the cache, with the factor 1/N. The gradient
 * of the weights is made transposed, as {@code x' dLogits}: it is x that has to be transposed then, which is small. It
 * is added to the parameters once, at the end.
 */
final class Bf16DecoderBackward implements DecoderBackward {

    private final OneDnn dnn;
    private final Owned owned;
    private final int vocabulary;
    private final int embSz;
    private final int pieceRows;

    /** The logits of a slice. */
    private final CpuTensor logits;

    private final Block dLogits;

    /** x of a piece, transposed: [E, pieceRows] in bf16. */
    private final Block xTransposed;

    /** The gradient of the weights, transposed: [E,V]. */
    private final CpuTensor gradient;

    private final CpuTensor mean;
    private final Packed weights;
    private final @Nullable Slice[] slices;
    private final @Nullable Piece[] pieces;
    private final Kernel addTransposed;
    private boolean isFirstPiece;

    private record Slice(Kernel round, Kernel byInput) {}

    private record Piece(Kernel transpose, Kernel byWeight, Kernel addByWeight) {}

    Bf16DecoderBackward(
            OneDnn dnn, Owned owned, CpuArena arena, int vocabulary, int embSz, int pieceRows, CpuTensor logits) {
        this.dnn = dnn;
        this.owned = owned;
        this.vocabulary = vocabulary;
        this.embSz = embSz;
        this.pieceRows = pieceRows;
        this.logits = logits;
        dLogits = arena.block("logits gradient in bf16", (long) pieceRows * vocabulary * Short.BYTES);
        xTransposed = arena.block("transposed x in bf16", (long) embSz * pieceRows * Short.BYTES);
        gradient = arena.real("transposed gradient of the decoder", embSz, vocabulary);
        mean = arena.real("factor of the mean", 1);
        int sliceRows = logits.dim(0);
        slices = new @Nullable Slice[sliceRows + 1];
        pieces = new @Nullable Piece[pieceRows + 1];
        Slice largest = slice(sliceRows, OneDnn.any(owned, OneDnn.BF16, vocabulary, embSz));
        weights = new Packed(
                dnn,
                owned,
                arena,
                "packed weights for gradients",
                OneDnn.matrix(owned, OneDnn.F32, vocabulary, embSz),
                largest.byInput);
        addTransposed = dnn.add(
                owned,
                OneDnn.transposed(owned, OneDnn.F32, vocabulary, embSz, vocabulary),
                OneDnn.matrix(owned, OneDnn.F32, vocabulary, embSz));
    }

    private Slice slice(int rows, memory.desc layout) {
        Slice slice = new Slice(
                dnn.scaledCopy(
                        owned,
                        OneDnn.matrix(owned, OneDnn.F32, rows, vocabulary),
                        OneDnn.matrix(owned, OneDnn.BF16, rows, vocabulary)),
                dnn.matmul(
                        owned,
                        OneDnn.matrix(owned, OneDnn.BF16, rows, vocabulary),
                        layout,
                        null,
                        OneDnn.matrix(owned, OneDnn.F32, rows, embSz),
                        OneDnn.Epilogue.NONE));
        slices[rows] = slice;
        return slice;
    }

    private Piece makePiece(int rows) {
        Piece piece = new Piece(
                dnn.copy(
                        owned,
                        OneDnn.matrix(owned, OneDnn.F32, rows, embSz),
                        OneDnn.transposed(owned, OneDnn.BF16, rows, embSz, pieceRows)),
                byWeight(rows, OneDnn.Epilogue.NONE),
                byWeight(rows, OneDnn.Epilogue.ADD));
        pieces[rows] = piece;
        return piece;
    }

    private Kernel byWeight(int rows, OneDnn.Epilogue epilogue) {
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, OneDnn.BF16, embSz, rows, pieceRows),
                OneDnn.matrix(owned, OneDnn.BF16, rows, vocabulary),
                null,
                OneDnn.matrix(owned, OneDnn.F32, embSz, vocabulary),
                epilogue);
    }

    @Override
    public void pack(long source) {
        weights.packFrom(source);
    }

    @Override
    public void begin(float factor) {
        mean.setReal(0, factor);
        isFirstPiece = true;
    }

    @Override
    public CpuTensor logits() {
        return logits;
    }

    @Override
    public int logitsRow(int rowInPiece) {
        return 0;
    }

    @Override
    public void slice(int rowInPiece, int rows, CpuTensor dx, long dxStart) {
        Slice known = slices[rows];
        Slice slice = known == null ? slice(rows, weights.layout()) : known;
        long rounded = dLogits.address() + (long) rowInPiece * vocabulary * Short.BYTES;
        slice.round.at(Kernel.SCALE, mean.address()).run(logits.address(), rounded);
        slice.byInput.run(rounded, weights.address(), dx.address(dxStart));
    }

    @Override
    public void piece(int rows, long x, CpuTensor dw) {
        Piece known = pieces[rows];
        Piece piece = known == null ? makePiece(rows) : known;
        piece.transpose.run(x, xTransposed.address());
        Kernel product = isFirstPiece ? piece.byWeight : piece.addByWeight;
        product.run(xTransposed.address(), dLogits.address(), gradient.address());
        isFirstPiece = false;
    }

    @Override
    public void finish(CpuTensor dw) {
        addTransposed.run(gradient.address(), dw.address());
    }
}
