package dev.tarn.backend.cpu;

import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Precision;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import dev.tarn.backend.cpu.Split.Part;
import java.util.Arrays;
import org.bytedeco.dnnl.memory;
import org.jspecify.annotations.Nullable;

/**
 * The decoder on parts of the rows: logits, softmax in place, one subtracted at the targets, and from there the gradients
 * ({@link DecoderBackward}). The logits of a whole window are never in memory at once. Losses are taken from
 * the probabilities of the targets and summed in double.
 */
final class CpuDecoder implements Decoder {

    /**
     * How the rows are cut, see {@link DecoderBackward}.
     *
     * @param sliceBytes logits of a slice in single precision: against reading the weights, which is most of 100 MB
     * @param pieceBytes logits of a piece in the precision of the products
     */
    record Cut(long sliceBytes, long pieceBytes) {

        static final Cut USUAL = new Cut(128L << 20, 256L << 20);

        private static int rows(long bytes, long rowBytes, int maxRows) {
            return (int) Math.max(1, Math.min(maxRows, bytes / rowBytes));
        }
    }

    /** Below this, single precision runs out of exponents and the logarithm of a probability is not to be trusted. */
    private static final float SMALLEST_PROBABILITY = 1e-30f;

    private final Team team;
    private final HostMemory hostMemory;
    private final Precision precision;
    private final int vocabulary;
    private final int embSz;
    private final int maxRows;
    private final int sliceRows;
    private final int pieceRows;
    private final memory.data_type factorType;

    private final Owned owned = new Owned();
    private final CpuArena arena;
    private final CpuTensor logits;
    private final CpuTensor bias;
    private final CpuTensor ones;
    private final Packed weights;

    /** bf16 only: x of a slice. */
    private final @Nullable Block x16;

    private final Chunks forward;
    private final ByRows softmax;
    private final ByRows roundInput;
    private final ColumnSums columnSums;

    private final int[] targets;
    private final double[] losses;
    private final int[] correctByWorker;

    /** Made when gradients are first wanted. */
    private @Nullable DecoderBackward backward;

    private boolean loaded;

    CpuDecoder(Team team, HostMemory hostMemory, Precision precision, int vocabulary, int embSz, int maxRows, Cut cut) {
        Shapes.plan("decoder", vocabulary, embSz, maxRows);
        this.team = team;
        this.hostMemory = hostMemory;
        this.precision = precision;
        this.vocabulary = vocabulary;
        this.embSz = embSz;
        this.maxRows = maxRows;
        boolean isBf16 = precision == Precision.BF16;
        factorType = isBf16 ? OneDnn.BF16 : OneDnn.F32;
        sliceRows = Cut.rows(cut.sliceBytes, (long) Float.BYTES * vocabulary, maxRows);
        long pieceRowBytes = (long) (isBf16 ? Short.BYTES : Float.BYTES) * vocabulary;
        pieceRows = Math.max(sliceRows, Cut.rows(cut.pieceBytes, pieceRowBytes, maxRows));
        targets = new int[maxRows];
        losses = new double[maxRows];
        correctByWorker = new int[team.workers().threads()];
        arena = new CpuArena(hostMemory, "decoder [" + vocabulary + "," + embSz + "]");
        try {
            logits = arena.real("logits", sliceRows, vocabulary);
            bias = arena.real("bias", vocabulary);
            ones = arena.real("ones", sliceRows);
            for (int row = 0; row < sliceRows; row++) {
                ones.setReal(row, 1f);
            }
            x16 = isBf16 ? arena.block("x in bf16", (long) sliceRows * embSz * Short.BYTES) : null;
            columnSums = new ColumnSums(team, vocabulary);
            Split largest = forward(Chunks.largest(sliceRows), null);
            weights = new Packed(team, owned, arena, "packed weights", largest, embSz, vocabulary, true);
            long factorBytes = isBf16 ? Short.BYTES : Float.BYTES;
            forward = new Chunks(factorBytes * embSz, (long) Float.BYTES * vocabulary, rows -> forward(rows, largest));
            softmax = new ByRows(sliceRows, this::softmax);
            roundInput =
                    new ByRows(sliceRows, rows -> Split.copyRows(team, owned, OneDnn.F32, OneDnn.BF16, rows, embSz));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Split forward(int rows, @Nullable Split like) {
        return Split.product(team, owned, factorType, rows, embSz, vocabulary, true, like);
    }

    private Split softmax(int rows) {
        return Split.over(team, team.cut(rows, 1), (hand, dnn, first, count) -> {
            long start = (long) first * vocabulary * Float.BYTES;
            Kernel kernel = dnn.softmax(owned, OneDnn.matrix(owned, OneDnn.F32, count, vocabulary));
            return Part.of(kernel).source(start).target(start);
        });
    }

    @Override
    public void load(Tensor w, @Nullable Tensor b) {
        Shapes.decoderLoad(w, b, vocabulary, embSz);
        long source = CpuTensor.of(w).address();
        weights.packFrom(source);
        if (backward != null) {
            backward.pack(source);
        }
        if (b == null) {
            bias.zero();
        } else {
            bias.copyFrom(CpuTensor.of(b), 0);
        }
        loaded = true;
    }

    private void requireLoaded() {
        if (!loaded) {
            throw new IllegalStateException("decoder: no weights were loaded");
        }
    }

    /** The backward half, with weights packed from those of the forward when it is made. */
    private DecoderBackward backward() {
        DecoderBackward made = backward;
        if (made == null) {
            made = precision == Precision.BF16
                    ? new Bf16DecoderBackward(team, owned, arena, vocabulary, embSz, pieceRows, logits)
                    : new F32DecoderBackward(team, owned, arena, vocabulary, embSz, pieceRows, sliceRows);
            Block plain = hostMemory.take("unpacked weights", (long) vocabulary * embSz * Float.BYTES);
            try {
                weights.unpackTo(plain.address());
                made.pack(plain.address());
            } finally {
                hostMemory.giveBack(plain);
            }
            backward = made;
        }
        return made;
    }

    /** As few parts as possible, of nearly equal size: a small last one costs a pass over the weights for little. */
    private static int evenPart(int rows, int atMost) {
        int parts = (rows + atMost - 1) / atMost;
        return (rows + parts - 1) / parts;
    }

    private void forward(int rows, CpuTensor x, int first, long target) {
        long source = x.address((long) first * embSz);
        if (x16 != null) {
            roundInput.of(rows).run(source, x16.address());
            source = x16.address();
        }
        forward.bias(bias.address()).run(rows, source, weights.address(), target);
    }

    @Override
    public void logits(Tensor x, Tensor out) {
        int rows = Shapes.decoderLogits(x, out, vocabulary, embSz, maxRows);
        requireLoaded();
        int size = evenPart(rows, sliceRows);
        for (int first = 0; first < rows; first += size) {
            int count = Math.min(size, rows - first);
            forward(count, CpuTensor.of(x), first, CpuTensor.of(out).address((long) first * vocabulary));
        }
    }

    @Override
    public void loss(Tensor x, Tensor targetTensor, Tensor stats) {
        int rows = Shapes.decoderLoss(x, targetTensor, stats, embSz, maxRows);
        requireLoaded();
        readTargets("decoder.loss", CpuTensor.of(targetTensor), rows);
        CpuTensor input = CpuTensor.of(x);
        long correct = 0;
        int size = evenPart(rows, sliceRows);
        for (int first = 0; first < rows; first += size) {
            int count = Math.min(size, rows - first);
            forward(count, input, first, logits.address());
            correct += countCorrect(first, count);
            softmax.of(count).run(logits.address(), logits.address());
            takeLosses(logits, 0, input, first, count, false);
        }
        writeStats(CpuTensor.of(stats), rows, (double) correct);
    }

    @Override
    public void lossAndGradients(
            Tensor x,
            Tensor targetTensor,
            Tensor stats,
            Tensor dx,
            @Nullable Tensor dw,
            @Nullable Tensor db,
            GradientSum sum) {
        int rows = Shapes.decoderGradients(x, targetTensor, stats, dx, dw, db, vocabulary, embSz, maxRows);
        requireLoaded();
        readTargets("decoder.lossAndGradients", CpuTensor.of(targetTensor), rows);
        CpuTensor input = CpuTensor.of(x);
        CpuTensor dInput = CpuTensor.of(dx);
        CpuTensor dWeights = dw == null ? null : CpuTensor.of(dw);
        CpuTensor dBias = db == null ? null : CpuTensor.of(db);
        DecoderBackward half = backward();
        float mean = 1f / rows;
        half.begin(mean, sum);
        if (dBias != null && sum == GradientSum.START) {
            dBias.zero();
        }
        int size = evenPart(rows, pieceRows);
        for (int first = 0; first < rows; first += size) {
            int count = Math.min(size, rows - first);
            slices(half, input, dInput, dBias, mean, first, count);
            if (dWeights != null) {
                half.piece(count, input.address((long) first * embSz), dWeights);
            }
        }
        if (dWeights != null) {
            half.finish(dWeights);
        }
        writeStats(CpuTensor.of(stats), rows, Double.NaN);
    }

    private void slices(
            DecoderBackward half,
            CpuTensor x,
            CpuTensor dx,
            @Nullable CpuTensor db,
            float mean,
            int pieceFirst,
            int pieceCount) {
        int size = evenPart(pieceCount, sliceRows);
        for (int inPiece = 0; inPiece < pieceCount; inPiece += size) {
            int count = Math.min(size, pieceCount - inPiece);
            int first = pieceFirst + inPiece;
            int row = half.sliceStart(inPiece);
            long place = half.logits().address((long) row * vocabulary);
            forward(count, x, first, place);
            softmax.of(count).run(place, place);
            takeLosses(half.logits(), row, x, first, count, true);
            if (db != null) {
                columnSums.addTo(db.address(), count, mean, place, ones.address());
            }
            half.slice(inPiece, count, dx, (long) first * embSz);
        }
    }

    private void readTargets(String op, CpuTensor targetTensor, int rows) {
        targetTensor.getIds(targets, rows);
        for (int row = 0; row < rows; row++) {
            Shapes.id(op, targets[row], row, vocabulary);
        }
    }

    private void writeStats(CpuTensor stats, int rows, double correct) {
        double sum = 0;
        for (int row = 0; row < rows; row++) {
            sum += losses[row];
        }
        stats.setReal(0, (float) (sum / rows));
        stats.setReal(1, (float) correct);
    }

    /** Reads -log p of the targets; with {@code isTraining}, subtracts the ones that turn probabilities into gradients. */
    private void takeLosses(
            CpuTensor probabilities, int firstRow, CpuTensor x, int first, int count, boolean isTraining) {
        for (int row = 0; row < count; row++) {
            int target = targets[first + row];
            long at = (long) (firstRow + row) * vocabulary + target;
            float probability = probabilities.real(at);
            losses[first + row] =
                    probability >= SMALLEST_PROBABILITY ? -Math.log(probability) : unlikelyLoss(x, first + row, target);
            if (isTraining) {
                probabilities.setReal(at, probability - 1);
            }
        }
    }

    /** The loss of a row whose target has next to no probability, from the logits of that row alone. */
    private double unlikelyLoss(CpuTensor x, int row, int target) {
        Block line = hostMemory.take("one row of logits", (long) vocabulary * Float.BYTES);
        try {
            forward(1, x, row, line.address());
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

    private int countCorrect(int first, int count) {
        Arrays.fill(correctByWorker, 0);
        team.workers().run(count, 4, (worker, from, to) -> {
            for (int row = from; row < to; row++) {
                if (isFirstLargest(team.scratch(worker), row, targets[first + row])) {
                    correctByWorker[worker]++;
                }
            }
        });
        return Arrays.stream(correctByWorker).sum();
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

    @Override
    public void close() {
        owned.close();
        arena.close();
    }
}
