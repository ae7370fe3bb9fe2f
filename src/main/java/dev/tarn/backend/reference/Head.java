package dev.tarn.backend.reference;

import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
import dev.tarn.backend.Tensor;

/** The classifier's head: concat pooling, linear layers and batch normalisation, each as its formula stands. */
final class Head {

    private final Arithmetic arithmetic;
    private final Products products;

    Head(Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
        this.products = new Products(arithmetic);
    }

    void pool(ReferenceTensor h, Padding padding, ReferenceTensor out, ReferenceTensor steps) {
        int last = h.dim(0) - 1;
        int hiddenSize = h.dim(2);
        for (int b = 0; b < h.dim(1); b++) {
            int words = words(padding, h.dim(0), b);
            for (int j = 0; j < hiddenSize; j++) {
                int highest = -1;
                double sum = 0;
                for (int t = 0; t <= last; t++) {
                    if (isText(padding, t, b)) {
                        sum = arithmetic.round(sum + at(h, t, b, j));
                        if (highest < 0 || at(h, t, b, j) > at(h, highest, b, j)) {
                            highest = t;
                        }
                    }
                }
                long row = 3L * b * hiddenSize;
                out.setReal(row + j, at(h, last, b, j));
                out.setReal(row + hiddenSize + j, highest < 0 ? 0 : at(h, highest, b, j));
                out.setReal(row + 2L * hiddenSize + j, words == 0 ? 0 : arithmetic.round(sum / words));
                steps.setId(b * hiddenSize + j, highest);
            }
        }
    }

    void poolBackward(ReferenceTensor dOut, Padding padding, ReferenceTensor steps, ReferenceTensor dh) {
        int last = dh.dim(0) - 1;
        int hiddenSize = dh.dim(2);
        for (int b = 0; b < dh.dim(1); b++) {
            int words = words(padding, dh.dim(0), b);
            for (int j = 0; j < hiddenSize; j++) {
                long row = 3L * b * hiddenSize;
                int highest = steps.id(b * hiddenSize + j);
                for (int t = 0; t <= last; t++) {
                    double gradient =
                            isText(padding, t, b) ? arithmetic.round(dOut.real(row + 2L * hiddenSize + j) / words) : 0;
                    if (t == highest) {
                        gradient = arithmetic.round(gradient + dOut.real(row + hiddenSize + j));
                    }
                    if (t == last) {
                        gradient = arithmetic.round(gradient + dOut.real(row + j));
                    }
                    dh.setReal(((long) t * dh.dim(1) + b) * hiddenSize + j, gradient);
                }
            }
        }
    }

    private static int words(Padding padding, int steps, int b) {
        int words = 0;
        for (int t = 0; t < steps; t++) {
            words += isText(padding, t, b) ? 1 : 0;
        }
        return words;
    }

    private static boolean isText(Padding padding, int t, int b) {
        ReferenceTensor ids = ReferenceTensor.of(padding.ids());
        return ids.id(t * ids.dim(1) + b) != padding.token();
    }

    private static double at(ReferenceTensor h, int t, int b, int j) {
        return h.real(((long) t * h.dim(1) + b) * h.dim(2) + j);
    }

    void linear(Matrix x, Matrix w, Matrix b, Matrix y) {
        y.fill(0);
        products.forward(x, w, y);
        for (int n = 0; n < y.rows(); n++) {
            for (int o = 0; o < y.columns(); o++) {
                y.set(n, o, arithmetic.round(y.get(n, o) + b.get(0, o)));
            }
        }
    }

    void linearByInput(Matrix dy, Matrix w, Matrix dx) {
        dx.fill(0);
        products.byInput(dy, w, dx);
    }

    void linearByParameters(Matrix x, Matrix dy, Matrix dw, Matrix db) {
        products.byWeight(dy, x, dw);
        products.byBias(dy, db);
    }

    void batchNorm(Matrix x, boolean relu, BatchNorm norm, Matrix saved, Mask mask, Matrix y) {
        int rows = x.rows();
        Matrix runningMean = matrix(norm.mean());
        Matrix runningVariance = matrix(norm.variance());
        for (int f = 0; f < x.columns(); f++) {
            double sum = 0;
            for (int n = 0; n < rows; n++) {
                sum = arithmetic.round(sum + activated(x, relu, n, f));
            }
            double mean = arithmetic.round(sum / rows);
            double squares = 0;
            for (int n = 0; n < rows; n++) {
                double deviation = arithmetic.round(activated(x, relu, n, f) - mean);
                squares = arithmetic.round(squares + arithmetic.round(deviation * deviation));
            }
            saved.set(0, f, mean);
            saved.set(1, f, inverseRoot(arithmetic.round(squares / rows)));
            towards(runningMean, f, mean);
            towards(runningVariance, f, arithmetic.round(squares / (rows - 1)));
            for (int n = 0; n < rows; n++) {
                double kept = Masks.at(mask, (long) n * x.columns() + f);
                y.set(n, f, arithmetic.round(kept * scaled(x, relu, norm, n, f, mean, saved.get(1, f))));
            }
        }
    }

    void batchNormEvaluate(Matrix x, boolean relu, BatchNorm norm, Matrix y) {
        for (int f = 0; f < x.columns(); f++) {
            double mean = matrix(norm.mean()).get(0, f);
            double inverse = inverseRoot(matrix(norm.variance()).get(0, f));
            for (int n = 0; n < x.rows(); n++) {
                y.set(n, f, scaled(x, relu, norm, n, f, mean, inverse));
            }
        }
    }

    void batchNormBackward(
            Matrix x,
            boolean relu,
            BatchNorm norm,
            Matrix saved,
            Mask mask,
            Matrix dy,
            Matrix dx,
            Matrix dGamma,
            Matrix dBeta) {
        int rows = x.rows();
        for (int f = 0; f < x.columns(); f++) {
            double mean = saved.get(0, f);
            double inverse = saved.get(1, f);
            double sum = 0;
            double product = 0;
            for (int n = 0; n < rows; n++) {
                double gradient = undropped(dy, mask, n, f);
                sum = arithmetic.round(sum + gradient);
                product = arithmetic.round(product + arithmetic.round(gradient * normal(x, relu, n, f, mean, inverse)));
            }
            double scale = arithmetic.round(matrix(norm.gamma()).get(0, f) * inverse);
            for (int n = 0; n < rows; n++) {
                double centred = arithmetic.round(undropped(dy, mask, n, f) - arithmetic.round(sum / rows));
                double pull = arithmetic.round(normal(x, relu, n, f, mean, inverse) * arithmetic.round(product / rows));
                boolean passes = !relu || x.get(n, f) > 0;
                dx.set(n, f, passes ? arithmetic.round(scale * arithmetic.round(centred - pull)) : 0);
            }
            dGamma.set(0, f, arithmetic.round(dGamma.get(0, f) + product));
            dBeta.set(0, f, arithmetic.round(dBeta.get(0, f) + sum));
        }
    }

    private static double activated(Matrix x, boolean relu, int n, int f) {
        return relu ? Math.max(x.get(n, f), 0) : x.get(n, f);
    }

    private double normal(Matrix x, boolean relu, int n, int f, double mean, double inverse) {
        return arithmetic.round(arithmetic.round(activated(x, relu, n, f) - mean) * inverse);
    }

    private double scaled(Matrix x, boolean relu, BatchNorm norm, int n, int f, double mean, double inverse) {
        double stretched = arithmetic.round(
                normal(x, relu, n, f, mean, inverse) * matrix(norm.gamma()).get(0, f));
        return arithmetic.round(stretched + matrix(norm.beta()).get(0, f));
    }

    private double undropped(Matrix dy, Mask mask, int n, int f) {
        return arithmetic.round(Masks.at(mask, (long) n * dy.columns() + f) * dy.get(n, f));
    }

    private double inverseRoot(double variance) {
        return arithmetic.round(1 / arithmetic.round(Math.sqrt(arithmetic.round(variance + BatchNorm.EPS))));
    }

    private void towards(Matrix running, int f, double value) {
        double step = arithmetic.round(BatchNorm.MOMENTUM * arithmetic.round(value - running.get(0, f)));
        running.set(0, f, arithmetic.round(running.get(0, f) + step));
    }

    private static Matrix matrix(Tensor tensor) {
        return ReferenceTensor.of(tensor).matrix();
    }
}
