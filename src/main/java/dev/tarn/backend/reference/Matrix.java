package dev.tarn.backend.reference;

/** Rows and columns laid over a stretch of an array; what is set through one is seen by every other over the stretch. */
final class Matrix {

    private final double[] data;
    private final int offset;
    private final int rows;
    private final int columns;

    /**
     * @param data shared with whoever made the matrix
     * @param offset where element (0,0) is
     */
    Matrix(double[] data, int offset, int rows, int columns) {
        this.data = data;
        this.offset = offset;
        this.rows = rows;
        this.columns = columns;
    }

    /** A matrix of its own, full of zeros. */
    static Matrix zeros(int rows, int columns) {
        return new Matrix(new double[Math.multiplyExact(rows, columns)], 0, rows, columns);
    }

    int rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    double get(int row, int column) {
        return data[offset + row * columns + column];
    }

    void set(int row, int column, double value) {
        data[offset + row * columns + column] = value;
    }

    /** {@code count} of the rows from {@code first} on, in the same memory. */
    Matrix rows(int first, int count) {
        return new Matrix(data, offset + first * columns, count, columns);
    }

    void fill(double value) {
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                set(row, column, value);
            }
        }
    }

    void copyFrom(Matrix source) {
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                set(row, column, source.get(row, column));
            }
        }
    }
}
