/**
 * Trains the same AWD-LSTM language-model step in Tarn and in libtorch, side by side, and says who is faster.
 *
 * <p>Reading order: {@link dev.tarn.bench.SideBySide} is the command; it starts one {@link dev.tarn.bench.ArmProcess} per
 * measurement, in turn, so that no arm inherits another's memory or threads. A process feeds a
 * {@link dev.tarn.bench.Workload} to a {@link dev.tarn.bench.Training}: {@link dev.tarn.bench.TarnTraining} is ours and
 * {@link dev.tarn.bench.TorchTraining} the peer. {@link dev.tarn.bench.PeakGemm} measures what the machine could do at
 * best, {@link dev.tarn.bench.PrimitiveLog} what part of our step is spent in matrix products, and
 * {@link dev.tarn.bench.Comparison} puts it into a table and a JSON file.
 *
 * <h2>What is equal</h2>
 *
 * Sizes, recipe ({@link dev.tarn.bench.Recipe}), first weights ({@link dev.tarn.bench.FirstWeights}), token ids, number of
 * threads and JVM flags. The dropout masks are drawn by each side's own generator. {@code --check} switches dropout off
 * and holds losses, regularizers and gradient norms of both sides against each other, step by step.
 *
 * <h2>What the peer is given</h2>
 *
 * The best form that libtorch's own operators allow: its oneDNN LSTM layer by layer, time-major so that nothing is
 * transposed, masks from {@code rand().ge_()} (twice as fast as {@code bernoulli_}), embedding dropout on the gathered
 * rows instead of the whole table, one backward pass, and the fused AdamW.
 */
@NullMarked
package dev.tarn.bench;

import org.jspecify.annotations.NullMarked;
