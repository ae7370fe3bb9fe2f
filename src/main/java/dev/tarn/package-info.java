/**
 * Tarn trains recurrent language models on the JVM: AWD-LSTM (Merity et al. 2017, arXiv:1708.02182) with fastai v1's
 * recipe and the norm-stabilizer of Krueger &amp; Memisevic (2016, arXiv:1511.08400).
 *
 * <p>Read the rooms in the direction in which the data flows: {@code text} turns text into token ids, {@code data} turns
 * ids into batches, {@code nn} and {@code model} turn a batch into a loss and its gradients through the fused operations
 * of a {@code backend}, {@code train} turns gradients into better weights and {@code run} keeps what happened. Imports
 * point one way: {@code cli → serve → experiment → train → infer → report → model → nn → data → checkpoint → run → backend
 * → text}; a room may use any room further down, and this package, which holds only the exceptions, belongs to all.
 *
 * <h2>Shape letters</h2>
 *
 * They mean the same everywhere: {@code B} batch, {@code T} time steps of a window, {@code E} embedding size,
 * {@code H} hidden size, {@code L} layers, {@code V} vocabulary, {@code C} classes, {@code N} rows of a flattened
 * {@code [T,B]}. Arrays are row-major, the last dimension contiguous, and time-major inside: {@code x[T,B,E]}. Gates
 * stand in the order i, f, g, o.
 */
@NullMarked
package dev.tarn;

import org.jspecify.annotations.NullMarked;
