/**
 * Training on the processor: oneDNN for what is matrix products, plain Java for the rest.
 *
 * <p>Reading order: {@link dev.tarn.backend.cpu.CpuProvider} says whether the natives load, {@code CpuBackend} hands each
 * operation to the file of its concern. {@code CpuLstm} and {@code CpuDecoder} hold {@code Split}s of prepared
 * {@code Kernel}s of {@code OneDnn}; {@code LstmCell}, {@code Embedding}, {@code Regularizer} and {@code Optimizers} are loops that a
 * {@code Team} of {@code Workers} shares out; {@code Masks} draws dropout.
 *
 * <h2>Memory</h2>
 *
 * Everything that oneDNN sees is native memory of a {@code Block}, zeroed, aligned to a cache line, freed when its
 * {@code CpuArena} closes and not by the garbage collector. Java loops copy a tile of it into a small array, work there
 * and copy back: the compiler vectorises loops over arrays, not over buffers, and the copies stay in the first-level
 * cache. oneDNN's objects do not keep their Java owners alive, so each plan holds all of its own in an {@code Owned}.
 *
 * <h2>Threads</h2>
 *
 * The launcher starts Tarn with OMP_NUM_THREADS=1 and as many TARN_THREADS as there are processors. Then every thread of
 * the {@code Team} is a hand: it calls oneDNN on its own columns or rows of an operation, which a {@code Split} knows, and
 * stays at the units of an LSTM layer, whose gates it finds in its cache. Where OMP_NUM_THREADS is anything else, as in a
 * program that embeds Tarn and sets nothing, there is one hand, and oneDNN runs on threads of OpenMP: the same results but
 * for rounding, somewhat slower. Which thread computes what is fixed either way, so a run repeats bit for bit.
 */
@NullMarked
package dev.tarn.backend.cpu;

import org.jspecify.annotations.NullMarked;
