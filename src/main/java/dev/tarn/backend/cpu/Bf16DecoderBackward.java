package dev.tarn.backend.cpu;

import org.bytedeco.dnnl.memory;

/**
 * In bf16: the gradient of the logits is rounded with the factor 1/N. The gradient of the weights is made transposed, as {@code x' dLogits}: it is x that has to be transposed then, which is small. It is
 * added to the parameters once, at the end.
 */
final class Bf16DecoderBackward implements DecoderBackward {

    private final int vocabulary;

    /** The logits of a slice. */
    private final CpuTensor logits;

    /** Their gradient, of a whole piece, in bf16. */
    private final Block dLogits;

    /** x of a piece, transposed: [E, rows of a piece] in bf16. */
    private final Block xTransposed;

    /** The gradient of the weights, transposed: [E,V]. */
    private final CpuTensor gradient;

    private final CpuTensor mean;
    private final Packed weights;
    private final ByRows round;
    private final ByRows byInput;
    private final ByRows transpose;
    private final ByRows byWeight;
    private final ByRows addByWeight;
    private final Kernel addTransposed;
    private boolean isFirstPiece;

    Bf16DecoderBackward(
            OneDnn dnn, Owned owned, CpuArena arena, int vocabulary, int embSz, int pieceRows, CpuTensor logits) {
        this.vocabulary = vocabulary;
        this.logits = logits;
        dLogits = arena.block("logits gradient in bf16", (long) pieceRows * vocabulary * Short.BYTES);
        xTransposed = arena.block("transposed x in bf16", (long) embSz * pieceRows * Short.BYTES);
        gradient = arena.real("transposed gradient of the decoder", embSz, vocabulary);
        mean = arena.real("factor of the mean", 1);
        int sliceRows = logits.dim(0);
        memory.desc stored = OneDnn.matrix(owned, OneDnn.F32, vocabulary, embSz);
        memory.desc any = OneDnn.any(owned, OneDnn.BF16, vocabulary, embSz);
        Kernel largest = byInput(dnn, owned, sliceRows, embSz, any);
        weights = new Packed(dnn, owned, arena, "packed weights for gradients", stored, largest);
        byInput = new ByRows(sliceRows, rows -> byInput(dnn, owned, rows, embSz, largest.layout(Kernel.WEIGHTS)));
        round = new ByRows(
                sliceRows,
                rows -> dnn.scaledCopy(
                        owned,
                        OneDnn.matrix(owned, OneDnn.F32, rows, vocabulary),
                        OneDnn.matrix(owned, OneDnn.BF16, rows, vocabulary)));
        transpose = new ByRows(
                pieceRows,
                rows -> dnn.copy(
                        owned,
                        OneDnn.matrix(owned, OneDnn.F32, rows, embSz),
                        OneDnn.transposed(owned, OneDnn.BF16, rows, embSz, pieceRows)));
        byWeight = byWeight(dnn, owned, embSz, pieceRows, OneDnn.Epilogue.NONE);
        addByWeight = byWeight(dnn, owned, embSz, pieceRows, OneDnn.Epilogue.ADD);
        addTransposed = dnn.add(owned, OneDnn.transposed(owned, OneDnn.F32, vocabulary, embSz, vocabulary), stored);
    }

    private Kernel byInput(OneDnn dnn, Owned owned, int rows, int embSz, memory.desc layout) {
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, OneDnn.BF16, rows, vocabulary),
                layout,
                null,
                OneDnn.matrix(owned, OneDnn.F32, rows, embSz),
                OneDnn.Epilogue.NONE);
    }

    private ByRows byWeight(OneDnn dnn, Owned owned, int embSz, int pieceRows, OneDnn.Epilogue epilogue) {
        return new ByRows(
                pieceRows,
                rows -> dnn.matmul(
                        owned,
                        OneDnn.matrix(owned, OneDnn.BF16, embSz, rows, pieceRows),
                        OneDnn.matrix(owned, OneDnn.BF16, rows, vocabulary),
                        null,
                        OneDnn.matrix(owned, OneDnn.F32, embSz, vocabulary),
                        epilogue));
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
    public int sliceStart(int rowInPiece) {
        return 0;
    }

    @Override
    public void slice(int rowInPiece, int rows, CpuTensor dx, long dxStart) {
        long rounded = dLogits.address() + (long) rowInPiece * vocabulary * Short.BYTES;
        round.of(rows).at(Kernel.SCALE, mean.address()).run(logits.address(), rounded);
        byInput.of(rows).run(rounded, weights.address(), dx.address(dxStart));
    }

    @Override
    public void piece(int rows, long x, CpuTensor dw) {
        transpose.of(rows).run(x, xTransposed.address());
        Kernel product = (isFirstPiece ? byWeight : addByWeight).of(rows);
        product.run(xTransposed.address(), dLogits.address(), gradient.address());
        isFirstPiece = false;
    }

    @Override
    public void finish(CpuTensor dw) {
        addTransposed.run(gradient.address(), dw.address());
    }
}
