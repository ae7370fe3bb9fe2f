package dev.tarn.backend.reference;

/** The three matrix products of a linear layer {@code y = x w'}: forward, by its input, by its weight. All add. */
final class Products {

    private final Arithmetic arithmetic;

    Products(Arithmetic arithmetic) {
        this.arithmetic = arithmetic;
    }

    /**
     * {@code y += x w'}.
     *
     * @param x [N,I]
     * @param w [O,I]
     * @param y [N,O] added to
     */
    void forward(Matrix x, Matrix w, Matrix y) {
        for (int n = 0; n < y.rows(); n++) {
            for (int o = 0; o < y.columns(); o++) {
                double sum = 0;
                for (int i = 0; i < x.columns(); i++) {
                    sum = plusProduct(sum, x.get(n, i), w.get(o, i));
                }
                add(y, n, o, sum);
            }
        }
    }

    /**
     * {@code dx += dy w}.
     *
     * @param dy [N,O]
     * @param w [O,I]
     * @param dx [N,I] added to
     */
    void byInput(Matrix dy, Matrix w, Matrix dx) {
        for (int n = 0; n < dx.rows(); n++) {
            for (int i = 0; i < dx.columns(); i++) {
                double sum = 0;
                for (int o = 0; o < dy.columns(); o++) {
                    sum = plusProduct(sum, dy.get(n, o), w.get(o, i));
                }
                add(dx, n, i, sum);
            }
        }
    }

    /**
     * {@code dw += dy' x}.
     *
     * @param dy [N,O]
     * @param x [N,I]
     * @param dw [O,I] added to
     */
    void byWeight(Matrix dy, Matrix x, Matrix dw) {
        for (int o = 0; o < dw.rows(); o++) {
            for (int i = 0; i < dw.columns(); i++) {
                double sum = 0;
                for (int n = 0; n < dy.rows(); n++) {
                    sum = plusProduct(sum, dy.get(n, o), x.get(n, i));
                }
                add(dw, o, i, sum);
            }
        }
    }

    /** The gradient of a bias: {@code db += Σ_n dy[n]}, the product of dy' with ones, so that dy counts as a factor. */
    void byBias(Matrix dy, Matrix db) {
        for (int o = 0; o < dy.columns(); o++) {
            double sum = 0;
            for (int n = 0; n < dy.rows(); n++) {
                sum = plusProduct(sum, dy.get(n, o), 1);
            }
            add(db, 0, o, sum);
        }
    }

    private double plusProduct(double sum, double left, double right) {
        return arithmetic.round(sum + arithmetic.round(arithmetic.factor(left) * arithmetic.factor(right)));
    }

    private void add(Matrix target, int row, int column, double value) {
        target.set(row, column, arithmetic.round(target.get(row, column) + value));
    }
}
