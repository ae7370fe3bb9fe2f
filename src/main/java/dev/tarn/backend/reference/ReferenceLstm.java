package dev.tarn.backend.reference;

import dev.tarn.backend.GradientSum;
import dev.tarn.backend.Lstm;
import dev.tarn.backend.LstmWeights;
import dev.tarn.backend.Mask;
import dev.tarn.backend.Shapes;
import dev.tarn.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One LSTM layer, a time step after the other. A training forward keeps the activated gates and every c_t; the backward
 * walks the steps from the last to the first:
 *
 * <pre>
 * dh  = dy_t + dh carried;  do = dh∘tanh(c_t);  dc = dc carried + dh∘o∘(1 - tanh²(c_t))
 * di = dc∘g;  df = dc∘c_{t-1};  dg = dc∘i;  dc carried = dc∘f
 * da = (di∘i(1-i), df∘f(1-f), dg∘(1-g²), do∘o(1-o));  dh carried = da (m∘wHh)
 * </pre>
 */
final class ReferenceLstm implements Lstm {

    private final Arithmetic arithmetic;
    private final Products products;
    private final int batch;
    private final int maxSteps;
    private final int inputSize;
    private final int hiddenSize;

    private final Matrix wIh;
    private final Matrix wHhDropped;
    private final Matrix bIh;
    private final Matrix bHh;
    private Mask weightDrop = Mask.NONE;
    private boolean loaded;

    private final Window[] windows;

    /** Where a forward without training works. */
    private final Window inference;

    /** Index of the chosen one of {@link #windows}. */
    private int chosen;

    /** What a training forward keeps for its backward. */
    private static final class Window {

        /** Activated gates of every step, [T·B,4H]. */
        final Matrix gates;

        /** c_t of every step, [T·B,H]. */
        final Matrix cells;

        /** The steps of the last training forward that no backward has used, or 0. */
        int keptSteps;

        Window(int rows, int hiddenSize) {
            gates = Matrix.zeros(rows, 4 * hiddenSize);
            cells = Matrix.zeros(rows, hiddenSize);
        }
    }

    ReferenceLstm(Arithmetic arithmetic, int batch, int maxSteps, int inputSize, int hiddenSize, int windows) {
        Shapes.lstm(batch, maxSteps, inputSize, hiddenSize, windows);
        this.arithmetic = arithmetic;
        this.products = new Products(arithmetic);
        this.batch = batch;
        this.maxSteps = maxSteps;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        wIh = Matrix.zeros(4 * hiddenSize, inputSize);
        wHhDropped = Matrix.zeros(4 * hiddenSize, hiddenSize);
        bIh = Matrix.zeros(1, 4 * hiddenSize);
        bHh = Matrix.zeros(1, 4 * hiddenSize);
        this.windows = new Window[windows];
        for (int i = 0; i < windows; i++) {
            this.windows[i] = new Window(maxSteps * batch, hiddenSize);
        }
        inference = new Window(maxSteps * batch, hiddenSize);
    }

    @Override
    public void window(int window) {
        Shapes.lstmWindow(window, windows.length);
        chosen = window;
    }

    private Window window() {
        Shapes.lstmWindow(chosen, windows.length);
        return windows[chosen];
    }

    @Override
    public void load(LstmWeights weights, Mask mask) {
        Shapes.lstmLoad(weights, mask, inputSize, hiddenSize);
        wIh.copyFrom(matrix(weights.wIh()));
        bIh.copyFrom(matrix(weights.bIh()));
        bHh.copyFrom(matrix(weights.bHh()));
        multiply(matrix(weights.wHh()), mask, wHhDropped);
        weightDrop = mask;
        loaded = true;
    }

    /** {@code out = m∘w}. */
    private void multiply(Matrix w, Mask mask, Matrix out) {
        for (int row = 0; row < w.rows(); row++) {
            for (int column = 0; column < w.columns(); column++) {
                double kept = Masks.at(mask, (long) row * w.columns() + column);
                out.set(row, column, arithmetic.round(kept * w.get(row, column)));
            }
        }
    }

    @Override
    public void forward(Tensor x, Tensor h0, Tensor c0, Tensor y, Tensor hT, Tensor cT, boolean training) {
        Shapes.lstmForward(x, h0, c0, y, hT, cT, batch, maxSteps, inputSize, hiddenSize);
        if (!loaded) {
            throw new IllegalStateException("lstm.forward: no weights were loaded");
        }
        Window window = training ? window() : inference;
        int steps = x.dim(0);
        Matrix h = matrix(h0);
        Matrix c = matrix(c0);
        for (int t = 0; t < steps; t++) {
            Matrix a = window.gates.rows(t * batch, batch);
            a.fill(0);
            products.forward(step(x, t), wIh, a);
            products.forward(h, wHhDropped, a);
            activate(a);
            Matrix cNext = window.cells.rows(t * batch, batch);
            Matrix hNext = step(y, t);
            for (int b = 0; b < batch; b++) {
                for (int j = 0; j < hiddenSize; j++) {
                    double i = a.get(b, j);
                    double f = a.get(b, hiddenSize + j);
                    double g = a.get(b, 2 * hiddenSize + j);
                    double o = a.get(b, 3 * hiddenSize + j);
                    double cell = arithmetic.round(arithmetic.round(f * c.get(b, j)) + arithmetic.round(i * g));
                    cNext.set(b, j, cell);
                    hNext.set(b, j, arithmetic.round(o * arithmetic.round(Math.tanh(cell))));
                }
            }
            h = hNext;
            c = cNext;
        }
        matrix(hT).copyFrom(h);
        matrix(cT).copyFrom(c);
        window.keptSteps = steps;
    }

    /** Adds both biases to the products and applies σ, σ, tanh, σ to the blocks i, f, g, o. */
    private void activate(Matrix a) {
        for (int b = 0; b < batch; b++) {
            for (int column = 0; column < 4 * hiddenSize; column++) {
                double bias = arithmetic.round(bIh.get(0, column) + bHh.get(0, column));
                double sum = arithmetic.round(a.get(b, column) + bias);
                boolean isCandidate = column / hiddenSize == 2;
                a.set(b, column, isCandidate ? arithmetic.round(Math.tanh(sum)) : sigmoid(sum));
            }
        }
    }

    private double sigmoid(double x) {
        return arithmetic.round(1 / arithmetic.round(1 + arithmetic.round(Math.exp(-x))));
    }

    @Override
    public void backward(
            Tensor x,
            Tensor h0,
            Tensor c0,
            Tensor y,
            Tensor dy,
            @Nullable Tensor dhT,
            @Nullable Tensor dcT,
            @Nullable Tensor dx,
            @Nullable Tensor dh0,
            @Nullable Tensor dc0,
            @Nullable LstmWeights gradients,
            GradientSum sum) {
        Shapes.lstmBackward(
                x, h0, c0, y, dy, dhT, dcT, dx, dh0, dc0, gradients, batch, maxSteps, inputSize, hiddenSize);
        int steps = x.dim(0);
        Window window = window();
        Shapes.lstmKept(window.keptSteps, steps);
        window.keptSteps = 0;
        Matrix dh = orZeros(dhT);
        Matrix dc = orZeros(dcT);
        Matrix da = Matrix.zeros(steps * batch, 4 * hiddenSize);
        for (int t = steps - 1; t >= 0; t--) {
            Matrix daStep = da.rows(t * batch, batch);
            Matrix cPrevious = t == 0 ? matrix(c0) : window.cells.rows((t - 1) * batch, batch);
            gateGradients(window, t, cPrevious, step(dy, t), dh, dc, daStep);
            dh.fill(0);
            products.byInput(daStep, wHhDropped, dh);
        }
        if (dx != null) {
            matrix(dx).fill(0);
            products.byInput(da, wIh, matrix(dx));
        }
        if (dh0 != null) {
            matrix(dh0).copyFrom(dh);
        }
        if (dc0 != null) {
            matrix(dc0).copyFrom(dc);
        }
        if (gradients != null) {
            if (sum == GradientSum.START) {
                matrix(gradients.wIh()).fill(0);
                matrix(gradients.wHh()).fill(0);
                matrix(gradients.bIh()).fill(0);
                matrix(gradients.bHh()).fill(0);
            }
            addParameterGradients(x, h0, y, da, gradients);
        }
    }

    /** One step back: reads dh, turns dc into the gradient by c_{t-1}, writes the gradient by the pre-activations. */
    private void gateGradients(Window window, int t, Matrix cPrevious, Matrix dy, Matrix dh, Matrix dc, Matrix da) {
        Matrix a = window.gates.rows(t * batch, batch);
        Matrix c = window.cells.rows(t * batch, batch);
        for (int b = 0; b < batch; b++) {
            for (int j = 0; j < hiddenSize; j++) {
                double i = a.get(b, j);
                double f = a.get(b, hiddenSize + j);
                double g = a.get(b, 2 * hiddenSize + j);
                double o = a.get(b, 3 * hiddenSize + j);
                double tanhC = arithmetic.round(Math.tanh(c.get(b, j)));
                double dhHere = arithmetic.round(dy.get(b, j) + dh.get(b, j));
                double dcHere = arithmetic.round(
                        dc.get(b, j) + arithmetic.round(dhHere * o * arithmetic.round(1 - tanhC * tanhC)));
                da.set(b, j, arithmetic.round(dcHere * g * i * arithmetic.round(1 - i)));
                da.set(b, hiddenSize + j, arithmetic.round(dcHere * cPrevious.get(b, j) * f * arithmetic.round(1 - f)));
                da.set(b, 2 * hiddenSize + j, arithmetic.round(dcHere * i * arithmetic.round(1 - g * g)));
                da.set(b, 3 * hiddenSize + j, arithmetic.round(dhHere * tanhC * o * arithmetic.round(1 - o)));
                dc.set(b, j, arithmetic.round(dcHere * f));
            }
        }
    }

    private void addParameterGradients(Tensor x, Tensor h0, Tensor y, Matrix da, LstmWeights gradients) {
        products.byWeight(da, matrix(x), matrix(gradients.wIh()));
        products.byBias(da, matrix(gradients.bIh()));
        products.byBias(da, matrix(gradients.bHh()));

        // h_{t-1} of all steps: h0, then y without its last step.
        int steps = y.dim(0);
        Matrix previous = Matrix.zeros(steps * batch, hiddenSize);
        previous.rows(0, batch).copyFrom(matrix(h0));
        if (steps > 1) {
            previous.rows(batch, (steps - 1) * batch).copyFrom(matrix(y.first(steps - 1)));
        }
        Matrix dDropped = Matrix.zeros(4 * hiddenSize, hiddenSize);
        products.byWeight(da, previous, dDropped);
        multiply(dDropped, weightDrop, dDropped);
        Matrix dwHh = matrix(gradients.wHh());
        for (int row = 0; row < dwHh.rows(); row++) {
            for (int column = 0; column < dwHh.columns(); column++) {
                dwHh.set(row, column, arithmetic.round(dwHh.get(row, column) + dDropped.get(row, column)));
            }
        }
    }

    private Matrix orZeros(@Nullable Tensor tensor) {
        Matrix own = Matrix.zeros(batch, hiddenSize);
        if (tensor != null) {
            own.copyFrom(matrix(tensor));
        }
        return own;
    }

    private static Matrix matrix(Tensor tensor) {
        return ReferenceTensor.of(tensor).matrix();
    }

    private static Matrix step(Tensor tensor, int t) {
        return ReferenceTensor.of(tensor).step(t);
    }

    @Override
    public void close() {}
}
