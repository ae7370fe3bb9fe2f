package dev.tarn.backend.reference;

import dev.tarn.backend.Decoder;
import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/** The linear decoder with softmax cross-entropy, all logits in memory at once. */
final class ReferenceDecoder implements Decoder {

    private final Arithmetic arithmetic;
    private final Products products;
    private final int vocabulary;
    private final int embSz;
    private final int maxRows;
    private final Matrix w;
    private final Matrix b;
    private boolean loaded;

    ReferenceDecoder(Arithmetic arithmetic, int vocabulary, int embSz, int maxRows) {
        Shapes.plan("decoder", vocabulary, embSz, maxRows);
        this.arithmetic = arithmetic;
        this.products = new Products(arithmetic);
        this.vocabulary = vocabulary;
        this.embSz = embSz;
        this.maxRows = maxRows;
        w = Matrix.zeros(vocabulary, embSz);
        b = Matrix.zeros(1, vocabulary);
    }

    @Override
    public void load(Tensor weight, @Nullable Tensor bias) {
        Shapes.decoderLoad(weight, bias, vocabulary, embSz);
        w.copyFrom(ReferenceTensor.of(weight).matrix());
        if (bias == null) {
            b.fill(0);
        } else {
            b.copyFrom(ReferenceTensor.of(bias).matrix());
        }
        loaded = true;
    }

    @Override
    public void loss(Tensor x, Tensor targets, Tensor stats) {
        int rows = Shapes.decoderLoss(x, targets, stats, embSz, maxRows);
        checkTargets("decoder.loss", targets);
        Matrix logits = compute(x);
        double correct = 0;
        for (int n = 0; n < rows; n++) {
            if (firstLargest(logits, n) == target(targets, n)) {
                correct++;
            }
        }
        writeStats(stats, meanCrossEntropy(logits, targets), correct);
    }

    @Override
    public void lossAndGradients(
            Tensor x,
            Tensor targets,
            Tensor stats,
            Tensor dx,
            @Nullable Tensor dw,
            @Nullable Tensor db,
            GradientSum sum) {
        int rows = Shapes.decoderGradients(x, targets, stats, dx, dw, db, vocabulary, embSz, maxRows);
        checkTargets("decoder.lossAndGradients", targets);
        Matrix logits = compute(x);
        writeStats(stats, meanCrossEntropy(logits, targets), Double.NaN);

        // d(mean CE)/dlogits = (softmax - onehot) / N
        Matrix dLogits = Matrix.zeros(rows, vocabulary);
        for (int n = 0; n < rows; n++) {
            double logSum = logSumExp(logits, n);
            for (int v = 0; v < vocabulary; v++) {
                double probability = arithmetic.round(Math.exp(arithmetic.round(logits.get(n, v) - logSum)));
                double isTarget = v == target(targets, n) ? 1 : 0;
                dLogits.set(n, v, arithmetic.round((probability - isTarget) / rows));
            }
        }
        Matrix dInput = ReferenceTensor.of(dx).matrix();
        dInput.fill(0);
        products.byInput(dLogits, w, dInput);
        if (dw != null) {
            start(dw, sum);
            products.byWeight(
                    dLogits,
                    ReferenceTensor.of(x).matrix(),
                    ReferenceTensor.of(dw).matrix());
        }
        if (db != null) {
            start(db, sum);
            products.byBias(dLogits, ReferenceTensor.of(db).matrix());
        }
    }

    private static void start(Tensor gradient, GradientSum sum) {
        if (sum == GradientSum.START) {
            ReferenceTensor.of(gradient).matrix().fill(0);
        }
    }

    @Override
    public void logits(Tensor x, Tensor logits) {
        Shapes.decoderLogits(x, logits, vocabulary, embSz, maxRows);
        ReferenceTensor.of(logits).matrix().copyFrom(compute(x));
    }

    /** {@code x w' + b}, [N,V]. */
    private Matrix compute(Tensor x) {
        if (!loaded) {
            throw new IllegalStateException("decoder: no weights were loaded");
        }
        Matrix input = ReferenceTensor.of(x).matrix();
        Matrix logits = Matrix.zeros(input.rows(), vocabulary);
        products.forward(input, w, logits);
        for (int n = 0; n < logits.rows(); n++) {
            for (int v = 0; v < vocabulary; v++) {
                logits.set(n, v, arithmetic.round(logits.get(n, v) + b.get(0, v)));
            }
        }
        return logits;
    }

    private double meanCrossEntropy(Matrix logits, Tensor targets) {
        double sum = 0;
        for (int n = 0; n < logits.rows(); n++) {
            double loss = arithmetic.round(logSumExp(logits, n) - logits.get(n, target(targets, n)));
            sum = arithmetic.round(sum + loss);
        }
        return arithmetic.round(sum / logits.rows());
    }

    /** log Σ exp of a row; the largest logit is taken out first, so that nothing overflows. */
    private double logSumExp(Matrix logits, int n) {
        double largest = logits.get(n, firstLargest(logits, n));
        double sum = 0;
        for (int v = 0; v < vocabulary; v++) {
            sum = arithmetic.round(sum + arithmetic.round(Math.exp(arithmetic.round(logits.get(n, v) - largest))));
        }
        return arithmetic.round(largest + arithmetic.round(Math.log(sum)));
    }

    private int firstLargest(Matrix logits, int n) {
        int best = 0;
        for (int v = 1; v < vocabulary; v++) {
            if (logits.get(n, v) > logits.get(n, best)) {
                best = v;
            }
        }
        return best;
    }

    private void checkTargets(String op, Tensor targets) {
        for (int n = 0; n < targets.size(); n++) {
            Shapes.id(op, target(targets, n), n, vocabulary);
        }
    }

    private static int target(Tensor targets, int n) {
        return ReferenceTensor.of(targets).id(n);
    }

    private static void writeStats(Tensor stats, double loss, double correct) {
        ReferenceTensor.of(stats).setReal(0, loss);
        ReferenceTensor.of(stats).setReal(1, correct);
    }

    @Override
    public void close() {}
}
