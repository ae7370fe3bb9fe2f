/**
 * Turns text files into token stores and token ids into training batches.
 *
 * <p>Reading order: {@link dev.tarn.data.TextFiles} reads documents strictly; {@link dev.tarn.data.TokenStore} keeps their
 * ids in a memory-mapped file; {@link dev.tarn.data.LanguageModelStream} reads {@link dev.tarn.data.Tokens} as B parallel
 * streams and cuts them in windows whose lengths {@link dev.tarn.data.BpttWindows} draws. {@link dev.tarn.data.NgramBaseline}
 * says what counting alone would reach on the same text, and {@link dev.tarn.data.QuickstartCorpus} writes a small one.
 *
 * <h2>Shapes</h2>
 *
 * Inputs and targets are int32 [T,B], time-major: the targets are the inputs shifted by one token. T differs from window
 * to window and is at least 1; B never changes.
 *
 * <h2>Invariants</h2>
 *
 * Stream b of a window continues where stream b of the window before ended. All that is random follows from (seed, epoch),
 * so an epoch can be counted before it starts and entered anywhere.
 *
 * <h2>Cost</h2>
 *
 * A window copies 8·T·B bytes and allocates nothing.
 */
@NullMarked
package dev.tarn.data;

import org.jspecify.annotations.NullMarked;
