package dev.tarn.backend.cpu;

import dev.tarn.backend.Decoder;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import java.util.Arrays;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * The decoder on pieces of the rows: logits, softmax in place, one subtracted at the targets, and from there the
 * gradients. The logits of a whole window are never in memory at once. The factor 1/N of the mean goes into small
 * operands, never over the logits.
 *
 * <p>In f32 one row-major copy of the weights serves all three products. In bf16 the weights are packed for the forward
 * and, once gradients were asked for, for the backward product.
 */
final class CpuDecoder implements Decoder {

    /** Rows of a piece: enough that the gradient of the weights, which is read and written once per piece, costs little. */
    private static final int PIECE = 1120;

    /** Below this the logarithm of a probability in single precision is not to be trusted: exp has run out of exponent. */
    private static final float SMALLEST_PROBABILITY = 1e-30f;

    private final OneDnn dnn;
    private final Team team;
    private final HostMemory hostMemory;
    private final boolean isBf16;
    private final int vocabulary;
    private final int embSz;
    private final int maxRows;
    private final int pieceRows;
    private final memory.data_type factorType;

    private final Owned owned = new Owned();
    private final CpuArena arena;

    /** Logits of a piece, then probabilities, then their gradient times N. */
    private final CpuTensor logits;

    private final CpuTensor bias;

    /** f32: the weights [V,E]; bf16: packed. */
    private final Block weights;

    private final Kernel packForward;

    /** bf16 only: x and x/N of a piece, and the logits gradient. */
    private final @Nullable Bf16 bf16;

    /** Kernels by number of rows, made when a number is first seen. */
    private final @Nullable Piece[] pieces;

    private final int[] targets;
    private final double[] losses;
    private boolean loaded;

    private static final class Bf16 {
        final Block x;
        final CpuTensor scaledX;
        final Block dLogits;

        @Nullable
        Block weightsBackward;

        @Nullable
        Kernel packBackward;

        Bf16(Block x, CpuTensor scaledX, Block dLogits) {
            this.x = x;
            this.scaledX = scaledX;
            this.dLogits = dLogits;
        }
    }

    private record Piece(
            Kernel forward,
            Kernel softmax,
            @Nullable Kernel roundInput,
            @Nullable Kernel roundGradient,
            @Nullable Kernel byInput,
            @Nullable Kernel byWeight) {}

    CpuDecoder(
            OneDnn dnn, Team team, HostMemory hostMemory, Precision precision, int vocabulary, int embSz, int maxRows) {
        Shapes.plan("decoder", vocabulary, embSz, maxRows);
        this.dnn = dnn;
        this.team = team;
        this.hostMemory = hostMemory;
        this.isBf16 = precision == Precision.BF16;
        this.vocabulary = vocabulary;
        this.embSz = embSz;
        this.maxRows = maxRows;
        factorType = isBf16 ? OneDnn.BF16 : OneDnn.F32;
        pieceRows = (int) Math.max(1, Math.min(Math.min(maxRows, PIECE), Block.MAX_BYTES / Float.BYTES / vocabulary));
        pieces = new @Nullable Piece[pieceRows + 1];
        targets = new int[maxRows];
        losses = new double[maxRows];
        arena = new CpuArena(hostMemory, "decoder [" + vocabulary + "," + embSz + "]");
        try {
            logits = arena.real("logits", pieceRows, vocabulary);
            bias = arena.real("bias", vocabulary);
            bf16 = isBf16 ? bf16Memory() : null;
            memory.desc layout = isBf16
                    ? OneDnn.any(owned, OneDnn.BF16, embSz, vocabulary)
                    : OneDnn.transposed(owned, OneDnn.F32, embSz, vocabulary, embSz);
            Kernel forward = forwardKernel(pieceRows, layout);
            weights = arena.block("weights", forward.layout(Kernel.WEIGHTS).get_size());
            packForward = dnn.reorder(
                    owned,
                    OneDnn.transposed(owned, OneDnn.F32, embSz, vocabulary, embSz),
                    forward.layout(Kernel.WEIGHTS),
                    false);
            pieces[pieceRows] = piece(pieceRows, forward);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Bf16 bf16Memory() {
        return new Bf16(
                arena.block("x in bf16", (long) pieceRows * embSz * Short.BYTES),
                arena.real("scaled x", pieceRows, embSz),
                arena.block("logits gradient in bf16", (long) pieceRows * vocabulary * Short.BYTES));
    }

    private Kernel forwardKernel(int rows, memory.desc layout) {
        return dnn.matmul(
                owned,
                OneDnn.matrix(owned, factorType, rows, embSz),
                layout,
                OneDnn.matrix(owned, OneDnn.F32, 1, vocabulary),
                OneDnn.matrix(owned, OneDnn.F32, rows, vocabulary),
                OneDnn.Epilogue.NONE);
    }

    private Piece piece(int rows) {
        Piece piece = pieces[rows];
        if (piece == null) {
            Piece full = pieces[pieceRows];
            if (full == null) {
                throw new IllegalStateException("the plan has no kernels");
            }
            piece = piece(rows, forwardKernel(rows, full.forward.layout(Kernel.WEIGHTS)));
            pieces[rows] = piece;
        }
        return piece;
    }

    private Piece piece(int rows, Kernel forward) {
        Kernel softmax = dnn.softmax(owned, OneDnn.matrix(owned, OneDnn.F32, rows, vocabulary));
        if (!isBf16) {
            return new Piece(forward, softmax, null, null, null, null);
        }
        memory.desc backwardLayout = pieces[pieceRows] == null || pieces[pieceRows].byInput == null
                ? OneDnn.any(owned, OneDnn.BF16, vocabulary, embSz)
                : pieces[pieceRows].byInput.layout(Kernel.WEIGHTS);
        return new Piece(
                forward,
                softmax,
                round(rows, embSz),
                round(rows, vocabulary),
                dnn.matmul(
                        owned,
                        OneDnn.matrix(owned, OneDnn.BF16, rows, vocabulary),
                        backwardLayout,
                        null,
                        OneDnn.matrix(owned, OneDnn.F32, rows, embSz),
                        OneDnn.Epilogue.NONE),
                dnn.matmul(
                        owned,
                        OneDnn.transposed(owned, OneDnn.BF16, vocabulary, rows, vocabulary),
                        OneDnn.matrix(owned, OneDnn.BF16, rows, embSz),
                        null,
                        OneDnn.matrix(owned, OneDnn.F32, vocabulary, embSz),
                        OneDnn.Epilogue.ADD));
    }

    private Kernel round(long rows, long columns) {
        return dnn.reorder(
                owned,
                OneDnn.matrix(owned, OneDnn.F32, rows, columns),
                OneDnn.matrix(owned, OneDnn.BF16, rows, columns),
                false);
    }

    @Override
    public void load(Tensor w, @Nullable Tensor b) {
        Shapes.decoderLoad(w, b, vocabulary, embSz);
        packForward.run(CpuTensor.of(w).address(), weights.address());
        if (b == null) {
            bias.zero();
        } else {
            bias.copyFrom(CpuTensor.of(b));
        }
        if (bf16 != null && bf16.weightsBackward != null) {
            packBackward(bf16, CpuTensor.of(w).address());
        }
        loaded = true;
    }

    private static void packBackward(Bf16 own, long source) {
        Kernel pack = own.packBackward;
        Block target = own.weightsBackward;
        if (pack != null && target != null) {
            pack.run(source, target.address());
        }
    }

    /** Makes the packed weights of the backward from those of the forward, the first time gradients are wanted. */
    private void preparePackedBackward(Bf16 own) {
        if (own.weightsBackward != null) {
            return;
        }
        Kernel byInput = byInput(piece(pieceRows));
        memory.desc layout = byInput.layout(Kernel.WEIGHTS);
        own.weightsBackward = arena.block("packed weights for gradients", layout.get_size());
        own.packBackward = dnn.reorder(owned, OneDnn.matrix(owned, OneDnn.F32, vocabulary, embSz), layout, false);
        Block plain = hostMemory.take("unpacked weights", (long) vocabulary * embSz * Float.BYTES);
        try (Owned once = new Owned()) {
            memory.desc rowMajor = OneDnn.transposed(once, OneDnn.F32, embSz, vocabulary, embSz);
            dnn.reorder(once, packForward.layout(Kernel.TARGET), rowMajor, false)
                    .run(weights.address(), plain.address());
            packBackward(own, plain.address());
        } finally {
            hostMemory.giveBack(plain);
        }
    }

    private static Kernel byInput(Piece piece) {
        if (piece.byInput == null) {
            throw new IllegalStateException("the plan has no bf16 kernels");
        }
        return piece.byInput;
    }

    @Override
    public void logits(Tensor x, Tensor out) {
        int rows = Shapes.decoderLogits(x, out, vocabulary, embSz, maxRows);
        requireLoaded();
        CpuTensor target = CpuTensor.of(out);
        for (int first = 0; first < rows; first += pieceRows) {
            int count = Math.min(pieceRows, rows - first);
            forward(piece(count), CpuTensor.of(x), first, target.address((long) first * vocabulary));
        }
    }

    private void requireLoaded() {
        if (!loaded) {
            throw new IllegalStateException("decoder: no weights were loaded");
        }
    }

    private void forward(Piece piece, CpuTensor x, int first, long target) {
        long source = x.address((long) first * embSz);
        if (bf16 != null && piece.roundInput != null) {
            piece.roundInput.run(source, bf16.x.address());
            source = bf16.x.address();
        }
        piece.forward.at(Kernel.BIAS, bias.address()).run(source, weights.address(), target);
    }

    @Override
    public void loss(Tensor x, Tensor targetTensor, Tensor stats) {
        int rows = Shapes.decoderLoss(x, targetTensor, stats, embSz, maxRows);
        requireLoaded();
        readTargets("decoder.loss", CpuTensor.of(targetTensor), rows);
        CpuTensor input = CpuTensor.of(x);
        long correct = 0;
        int size = evenPiece(rows);
        for (int first = 0; first < rows; first += size) {
            int count = Math.min(size, rows - first);
            Piece piece = piece(count);
            forward(piece, input, first, logits.address());
            correct += countCorrect(first, count);
            piece.softmax.run(logits.address(), logits.address());
            takeLosses(input, first, count, false);
        }
        writeStats(stats, rows, correct);
    }

    private void readTargets(String op, CpuTensor targetTensor, int rows) {
        targetTensor.getIds(targets, rows);
        for (int row = 0; row < rows; row++) {
            Shapes.id(op, targets[row], row, vocabulary);
        }
    }

    /** As few pieces as possible, of nearly equal size: a small last one would cost a pass over the weights for little. */
    private int evenPiece(int rows) {
        int count = (rows + pieceRows - 1) / pieceRows;
        return (rows + count - 1) / count;
    }

    private void writeStats(Tensor stats, int rows, double correct) {
        double sum = 0;
        for (int row = 0; row < rows; row++) {
            sum += losses[row];
        }
        CpuTensor.of(stats).setReal(0, (float) (sum / rows));
        CpuTensor.of(stats).setReal(1, (float) correct);
    }

    private int countCorrect(int first, int count) {
        int[] perWorker = new int[team.workers().threads()];
        team.workers().run(count, 8, (worker, from, to) -> {
            for (int row = from; row < to; row++) {
                if (isFirstLargest(team.scratch(worker), row, targets[first + row])) {
                    perWorker[worker]++;
                }
            }
        });
        return Arrays.stream(perWorker).sum();
    }

    private boolean isFirstLargest(Team.Scratch scratch, int row, int target) {
        long start = (long) row * vocabulary;
        float wanted = logits.real(start + target);
        float[] largest = scratch.b;
        Arrays.fill(largest, wanted);
        for (int v = 0; v < vocabulary; v += Team.TILE) {
            int count = Math.min(Team.TILE, vocabulary - v);
            logits.get(start + v, scratch.a, count);
            raise(largest, scratch.a, count);
        }
        for (float value : largest) {
            if (value != wanted) {
                return false;
            }
        }
        for (int v = 0; v < target; v++) {
            if (logits.real(start + v) == wanted) {
                return false;
            }
        }
        return true;
    }

    private static void raise(float[] largest, float[] x, int count) {
        for (int k = 0; k < count; k++) {
            largest[k] = Math.max(largest[k], x[k]);
        }
    }

    /** Reads -log p of the targets; with {@code gradient}, subtracts the ones that turn probabilities into gradients. */
    private void takeLosses(CpuTensor x, int first, int count, boolean gradient) {
        for (int row = 0; row < count; row++) {
            long at = (long) row * vocabulary + targets[first + row];
            float probability = logits.real(at);
            losses[first + row] = probability >= SMALLEST_PROBABILITY
                    ? -Math.log(probability)
                    : unlikelyLoss(x, first + row, targets[first + row]);
            if (gradient) {
                logits.setReal(at, probability - 1);
            }
        }
    }

    /** The loss of a row whose target has a probability near the smallest number: from the logits of that row alone. */
    private double unlikelyLoss(CpuTensor x, int row, int target) {
        Block line = hostMemory.take("one row of logits", (long) vocabulary * Float.BYTES);
        try {
            forward(piece(1), x, row, line.address());
            CpuTensor values = CpuTensor.over(line, Tensor.Kind.REAL, vocabulary);
            double largest = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < vocabulary; v++) {
                largest = Math.max(largest, values.real(v));
            }
            double sum = 0;
            for (int v = 0; v < vocabulary; v++) {
                sum += Math.exp(values.real(v) - largest);
            }
            return largest + Math.log(sum) - values.real(target);
        } finally {
            hostMemory.giveBack(line);
        }
    }

    @Override
    public void lossAndGradients(
            Tensor x, Tensor targetTensor, Tensor stats, Tensor dx, @Nullable Tensor dw, @Nullable Tensor db) {
        int rows = Shapes.decoderGradients(x, targetTensor, stats, dx, dw, db, vocabulary, embSz, maxRows);
        requireLoaded();
        readTargets("decoder.lossAndGradients", CpuTensor.of(targetTensor), rows);
        if (bf16 != null) {
            preparePackedBackward(bf16);
        }
        CpuTensor input = CpuTensor.of(x);
        CpuTensor dInput = CpuTensor.of(dx);
        float mean = 1f / rows;
        int size = evenPiece(rows);
        for (int first = 0; first < rows; first += size) {
            int count = Math.min(size, rows - first);
            Piece piece = piece(count);
            forward(piece, input, first, logits.address());
            piece.softmax.run(logits.address(), logits.address());
            takeLosses(input, first, count, true);
            if (db != null) {
                addBiasGradient(count, mean, CpuTensor.of(db));
            }
            CpuTensor dWeights = dw == null ? null : CpuTensor.of(dw);
            if (bf16 == null) {
                f32Gradients(input, dInput, dWeights, first, count, mean);
            } else {
                bf16Gradients(bf16, piece, input, dInput, dWeights, first, count, mean);
            }
        }
        writeStats(stats, rows, Double.NaN);
    }

    private void f32Gradients(CpuTensor x, CpuTensor dx, @Nullable CpuTensor dw, int first, int count, float mean) {
        long at = (long) first * embSz;
        dnn.multiply(count, embSz, vocabulary, mean, logits.address(), weights.address(), dx.address(at));
        if (dw != null) {
            dnn.multiplyTransposed(vocabulary, embSz, count, mean, logits.address(), x.address(at), 1f, dw.address());
        }
    }

    private void bf16Gradients(
            Bf16 own,
            Piece piece,
            CpuTensor x,
            CpuTensor dx,
            @Nullable CpuTensor dw,
            int first,
            int count,
            float mean) {
        Block backward = own.weightsBackward;
        if (piece.roundGradient == null || piece.roundInput == null || piece.byWeight == null || backward == null) {
            throw new IllegalStateException("the plan has no bf16 kernels");
        }
        piece.roundGradient.run(logits.address(), own.dLogits.address());
        long at = (long) first * embSz;
        byInput(piece).run(own.dLogits.address(), backward.address(), dx.address(at));
        scale(dx, at, dx, at, count * embSz, mean);
        if (dw != null) {
            scale(x, at, own.scaledX, 0, count * embSz, mean);
            piece.roundInput.run(own.scaledX.address(), own.x.address());
            piece.byWeight.run(own.dLogits.address(), own.x.address(), dw.address());
        }
    }

    private void scale(CpuTensor from, long fromStart, CpuTensor to, long toStart, int size, float factor) {
        team.tiles(size, (scratch, at, count) -> {
            from.get(fromStart + at, scratch.a, count);
            multiply(scratch.a, factor, count);
            to.put(toStart + at, scratch.a, count);
        });
    }

    private static void multiply(float[] x, float factor, int count) {
        for (int k = 0; k < count; k++) {
            x[k] *= factor;
        }
    }

    /** {@code db += factor · Σ_rows}, each worker over some columns. */
    private void addBiasGradient(int rows, float factor, CpuTensor db) {
        team.tiles(vocabulary, (scratch, from, count) -> {
            Arrays.fill(scratch.b, 0, count, 0f);
            for (int row = 0; row < rows; row++) {
                logits.get((long) row * vocabulary + from, scratch.a, count);
                Optimizers.addScaled(scratch.b, scratch.a, 1f, count);
            }
            db.get(from, scratch.a, count);
            Optimizers.addScaled(scratch.a, scratch.b, factor, count);
            db.put(from, scratch.a, count);
        });
    }

    @Override
    public void close() {
        owned.close();
        arena.close();
    }
}
