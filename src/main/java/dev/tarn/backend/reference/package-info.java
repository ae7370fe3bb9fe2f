/**
 * Every operation in the plainest double-precision Java that can be written: the definition that the other backends are
 * tested against, and a device ({@code --device reference}) for tracking down a wrong number.
 *
 * <p>Reading order: {@link dev.tarn.backend.reference.ReferenceBackend} hands each operation to the file of its concern,
 * {@code Embedding}, {@code ReferenceLstm}, {@code ReferenceDecoder}, {@code Regularizer} and {@code Optimizers}; they
 * work on {@code Matrix} views of {@code ReferenceTensor} memory. Nothing is blocked, vectorised, threaded or fused, sums
 * run from the first element to the last, and every operation has run when its call returns.
 *
 * <p>All results pass through an {@code Arithmetic}, which is exact here. The tests put one in that rounds to single
 * precision or to bfloat16 factors: what plain code loses in those precisions is then known for every operation, and
 * bounds what an optimised one may lose.
 */
@NullMarked
package dev.tarn.backend.reference;

import org.jspecify.annotations.NullMarked;
