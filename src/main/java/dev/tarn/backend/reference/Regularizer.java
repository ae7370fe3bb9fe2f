package dev.tarn.backend.reference;

import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Regularization;
import org.jspecify.annotations.Nullable;

/** AR, TAR and the norm-stabilizer with their gradients, one after the other as the formulas stand. */
final class Regularizer {

    private final Arithmetic arithmetic;
    private final Regularization spec;
    private final ReferenceTensor h;
    private final @Nullable Padding padding;
    private final Mask mask;
    private final ReferenceTensor h0;
    private final ReferenceTensor dh;
    private final int steps;
    private final int batch;
    private final int hiddenSize;

    /** One use of the operation; {@code dh} is added to by {@link #ar}, {@link #tar} and {@link #ns}. */
    Regularizer(
            Arithmetic arithmetic,
            Regularization spec,
            ReferenceTensor h,
            @Nullable Padding padding,
            Mask mask,
            ReferenceTensor h0,
            ReferenceTensor dh) {
        this.arithmetic = arithmetic;
        this.spec = spec;
        this.h = h;
        this.padding = padding;
        this.mask = mask;
        this.h0 = h0;
        this.dh = dh;
        steps = h.dim(0);
        batch = h.dim(1);
        hiddenSize = h.dim(2);
    }

    /** {@code alpha/(T·B·H) Σ (m∘h)²}. */
    double ar() {
        long positions = padding == null ? (long) steps * batch : padding.steps();
        if (spec.alpha() == 0 || positions == 0) {
            return 0;
        }
        double scale = spec.alpha() / ((double) positions * hiddenSize);
        double sum = 0;
        for (int t = 0; t < steps; t++) {
            for (int b = 0; b < batch; b++) {
                for (int j = 0; isText(t, b) && j < hiddenSize; j++) {
                    double m = spec.arOn() == Regularization.ArOn.RAW ? 1 : Masks.at(mask, (long) b * hiddenSize + j);
                    double value = arithmetic.round(m * h(t, b, j));
                    sum = arithmetic.round(sum + arithmetic.round(value * value));
                    addGradient(t, b, j, 2 * scale * m * value);
                }
            }
        }
        return arithmetic.round(scale * sum);
    }

    /** {@code beta/((T-1)·B·H) Σ (h_{t+1} - h_t)²}. */
    double tar() {
        if (spec.beta() == 0 || pairs() == 0) {
            return 0;
        }
        double scale = spec.beta() / ((double) pairs() * hiddenSize);
        double sum = 0;
        for (int t = 0; t + 1 < steps; t++) {
            for (int b = 0; b < batch; b++) {
                for (int j = 0; isText(t, b) && isText(t + 1, b) && j < hiddenSize; j++) {
                    double difference = arithmetic.round(h(t + 1, b, j) - h(t, b, j));
                    sum = arithmetic.round(sum + arithmetic.round(difference * difference));
                    addGradient(t + 1, b, j, 2 * scale * difference);
                    addGradient(t, b, j, -2 * scale * difference);
                }
            }
        }
        return arithmetic.round(scale * sum);
    }

    /** The norm-stabilizer in the form that was asked for. */
    double ns() {
        if (spec.gamma() == 0) {
            return 0;
        }
        return spec.normForm() == Regularization.NormForm.PAPER ? nsPaper() : nsSeed();
    }

    /** {@code gamma/(B·(T-1)) Σ_b Σ_t (‖h_{t+1}‖ - ‖h_t‖)²}, or with h_0 and B·T. */
    private double nsPaper() {
        long first = padding == null ? batch : padding.first();
        long differences = pairs() + (spec.includeInitial() ? first : 0);
        if (differences == 0) {
            return 0;
        }
        double scale = spec.gamma() / (double) differences;
        double sum = 0;
        for (int b = 0; b < batch; b++) {
            for (int t = spec.includeInitial() ? 0 : 1; t < steps; t++) {
                if (!isText(t, b) || (t > 0 && !isText(t - 1, b))) {
                    continue;
                }
                double before = t == 0 ? norm(h0, b) : norm(t - 1, b);
                double difference = arithmetic.round(norm(t, b) - before);
                sum = arithmetic.round(sum + arithmetic.round(difference * difference));
                addNormGradient(t, b, 2 * scale * difference);
                if (t > 0) {
                    addNormGradient(t - 1, b, -2 * scale * difference);
                }
            }
        }
        return arithmetic.round(scale * sum);
    }

    /** {@code dh_{t,b} += dNorm · h_{t,b}/‖h_{t,b}‖}, nothing where the norm is 0. */
    private void addNormGradient(int t, int b, double dNorm) {
        double factor = arithmetic.round(dNorm * inverse(norm(t, b)));
        for (int j = 0; j < hiddenSize; j++) {
            addGradient(t, b, j, factor * h(t, b, j));
        }
    }

    /** {@code gamma/T (S1 - S0)²} with S1 = ‖h_{1..T-1}‖_F and S0 = ‖h_{0..T-2}‖_F. */
    private double nsSeed() {
        if (steps < 2) {
            return 0;
        }
        double late = frobenius(1, steps);
        double early = frobenius(0, steps - 1);
        double difference = arithmetic.round(late - early);
        double scale = (double) spec.gamma() / steps;
        for (int t = 0; t < steps; t++) {
            double factor = (t >= 1 ? inverse(late) : 0) - (t <= steps - 2 ? inverse(early) : 0);
            for (int b = 0; b < batch; b++) {
                for (int j = 0; isText(t, b) && j < hiddenSize; j++) {
                    addGradient(t, b, j, 2 * scale * difference * arithmetic.round(factor) * h(t, b, j));
                }
            }
        }
        return arithmetic.round(scale * arithmetic.round(difference * difference));
    }

    private double frobenius(int from, int to) {
        double sum = 0;
        for (int t = from; t < to; t++) {
            for (int b = 0; b < batch; b++) {
                for (int j = 0; isText(t, b) && j < hiddenSize; j++) {
                    sum = arithmetic.round(sum + arithmetic.round(h(t, b, j) * h(t, b, j)));
                }
            }
        }
        return arithmetic.round(Math.sqrt(sum));
    }

    /** ‖h_{t,b}‖ of every row, written as [T,B]. */
    void writeNorms(@Nullable ReferenceTensor norms) {
        if (norms == null) {
            return;
        }
        for (int t = 0; t < steps; t++) {
            for (int b = 0; b < batch; b++) {
                norms.setReal((long) t * batch + b, norm(t, b));
            }
        }
    }

    private double norm(int t, int b) {
        return norm(h, t * batch + b);
    }

    private double norm(ReferenceTensor tensor, int row) {
        Matrix matrix = tensor.matrix();
        double sum = 0;
        for (int j = 0; j < hiddenSize; j++) {
            sum = arithmetic.round(sum + arithmetic.round(matrix.get(row, j) * matrix.get(row, j)));
        }
        return arithmetic.round(Math.sqrt(sum));
    }

    /** Neighbours in time that are both text. */
    private long pairs() {
        return padding == null ? (steps - 1L) * batch : padding.pairs();
    }

    private boolean isText(int t, int b) {
        return padding == null || ReferenceTensor.of(padding.ids()).id(t * batch + b) != padding.token();
    }

    private static double inverse(double x) {
        return x > 0 ? 1 / x : 0;
    }

    private double h(int t, int b, int j) {
        return h.real(((long) t * batch + b) * hiddenSize + j);
    }

    private void addGradient(int t, int b, int j, double gradient) {
        long index = ((long) t * batch + b) * hiddenSize + j;
        dh.setReal(index, arithmetic.round(dh.real(index) + arithmetic.round(gradient)));
    }
}
