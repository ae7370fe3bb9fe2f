package dev.tarn.backend;

/**
 * What the factors of matrix products are rounded to; weights, sums, loss and regularizers stay in single precision. The
 * gradient of a bias counts as a product with ones. {@link Backend#linear} keeps single precision under {@link #BF16}: the
 * products of a classifier's head are so small that rounding their factors would take longer than it saves.
 */
public enum Precision {
    /** Double, on {@code reference} alone. */
    F64,
    /** IEEE single precision. */
    F32,
    /** TensorFloat-32 factors, which have single precision's range and ten bits behind the leading one; GPUs alone. */
    TF32,
    /** bfloat16 factors, single-precision accumulation and master weights. */
    BF16
}
