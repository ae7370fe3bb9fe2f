package dev.tarn.backend.cpu;

import dev.tarn.backend.GradientSum;
import dev.tarn.backend.cpu.Split.Part;
import org.bytedeco.dnnl.memory;

/**
 * In bf16: the gradient of the logits is rounded with the factor 1/N. The gradient of the weights is made transposed, as
 * {@code x' dLogits}: it is x that has to be transposed then, which is small. It comes to the parameters once, at the
 * end.
 */
final class Bf16DecoderBackward implements DecoderBackward {

    private final Team team;
    private final Owned owned;
    private final int vocabulary;
    private final int embSz;
    private final int pieceRows;

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
    private final Chunks byInput;
    private final ByRows transpose;
    private final ByRows byWeight;
    private final ByRows addByWeight;
    private final Split writeTransposed;
    private final Split addTransposed;
    private boolean isFirstPiece;
    private GradientSum sum = GradientSum.CONTINUE;

    Bf16DecoderBackward(
            Team team, Owned owned, CpuArena arena, int vocabulary, int embSz, int pieceRows, CpuTensor logits) {
        this.team = team;
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
        Split largest =
                Split.product(team, owned, OneDnn.BF16, Chunks.largest(sliceRows), vocabulary, embSz, false, null);
        weights = new Packed(team, owned, arena, "packed weights for gradients", largest, vocabulary, embSz, false);
        byInput = new Chunks(
                (long) Short.BYTES * vocabulary,
                (long) Float.BYTES * embSz,
                rows -> Split.product(team, owned, OneDnn.BF16, rows, vocabulary, embSz, false, largest));
        round = new ByRows(sliceRows, this::round);
        transpose = new ByRows(pieceRows, this::transpose);
        byWeight = new ByRows(pieceRows, rows -> byWeight(rows, OneDnn.Epilogue.NONE));
        addByWeight = new ByRows(pieceRows, rows -> byWeight(rows, OneDnn.Epilogue.ADD));
        writeTransposed = toWeights(false);
        addTransposed = toWeights(true);
    }

    private Split round(int rows) {
        return Split.over(team, team.cut(rows, 1), (hand, dnn, first, count) -> {
            Kernel kernel = dnn.scaledCopy(
                    owned,
                    OneDnn.matrix(owned, OneDnn.F32, count, vocabulary),
                    OneDnn.matrix(owned, OneDnn.BF16, count, vocabulary));
            long start = (long) first * vocabulary;
            return Part.of(kernel).source(start * Float.BYTES).target(start * Short.BYTES);
        });
    }

    private Split transpose(int rows) {
        return Split.over(team, team.cut(rows, Ranges.VECTOR), (hand, dnn, first, count) -> {
            Kernel kernel = dnn.copy(
                    owned,
                    OneDnn.matrix(owned, OneDnn.F32, count, embSz),
                    OneDnn.transposed(owned, OneDnn.BF16, count, embSz, pieceRows));
            return Part.of(kernel).source((long) first * embSz * Float.BYTES).target((long) first * Short.BYTES);
        });
    }

    private Split byWeight(int rows, OneDnn.Epilogue epilogue) {
        return Split.over(team, team.cut(vocabulary, Ranges.VECTOR), (hand, dnn, first, count) -> {
            Kernel kernel = dnn.matmul(
                    owned,
                    OneDnn.matrix(owned, OneDnn.BF16, embSz, rows, pieceRows),
                    OneDnn.matrix(owned, OneDnn.BF16, rows, count, vocabulary),
                    null,
                    OneDnn.matrix(owned, OneDnn.F32, embSz, count, vocabulary),
                    epilogue);
            return Part.of(kernel).weights((long) first * Short.BYTES).target((long) first * Float.BYTES);
        });
    }

    /** From the transposed gradient to that of the weights, copied or added. */
    private Split toWeights(boolean adds) {
        return Split.over(team, team.cut(vocabulary, Ranges.VECTOR), (hand, dnn, first, count) -> {
            memory.desc source = OneDnn.transposed(owned, OneDnn.F32, count, embSz, vocabulary);
            memory.desc target = OneDnn.matrix(owned, OneDnn.F32, count, embSz);
            Kernel kernel = adds ? dnn.add(owned, source, target) : dnn.copy(owned, source, target);
            return Part.of(kernel).source((long) first * Float.BYTES).target((long) first * embSz * Float.BYTES);
        });
    }

    @Override
    public void pack(long source) {
        weights.packFrom(source);
    }

    @Override
    public void begin(float factor, GradientSum wanted) {
        sum = wanted;
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
        round.of(rows).scale(mean.address()).run(logits.address(), rounded);
        byInput.run(rows, rounded, weights.address(), dx.address(dxStart));
    }

    @Override
    public void piece(int rows, long x, CpuTensor dw) {
        transpose.of(rows).run(x, xTransposed.address());
        int done = 0;
        while (done < rows) {
            int chunk = Chunks.largest(rows - done);
            Split product = (isFirstPiece ? byWeight : addByWeight).of(chunk);
            product.run(
                    xTransposed.address() + (long) done * Short.BYTES,
                    dLogits.address() + (long) done * vocabulary * Short.BYTES,
                    gradient.address());
            isFirstPiece = false;
            done += chunk;
        }
    }

    @Override
    public void finish(CpuTensor dw) {
        (sum == GradientSum.START ? writeTransposed : addTransposed).run(gradient.address(), dw.address());
    }
}
