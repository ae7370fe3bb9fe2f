/**
 * Turns gradients into better weights: the training loop, what steers it and what it leaves behind.
 *
 * <p>Reading order: {@link dev.tarn.train.Learner} is the loop itself, a page long; what it trains, windows of a language
 * model or batches of a classifier's documents, is a task behind it. {@link dev.tarn.train.Callback} lists the
 * moments at which others may step in, by fastai's names; {@link dev.tarn.train.RnnTrainer} is the callback that makes it
 * AWD-LSTM training (activation regularizers, learning rate scaled to the drawn window length). Learning rates come from a
 * {@link dev.tarn.train.Schedule}, a pure function of the iteration ({@link dev.tarn.train.OneCycle}), one rate for each
 * layer group ({@link dev.tarn.train.Rates}). An {@link dev.tarn.train.Optimizer} owns the moments and asks the backend for
 * one fused update. {@link dev.tarn.train.Recorder} keeps what was measured, {@link dev.tarn.train.LrFinder} looks for a
 * rate. {@link dev.tarn.train.TrainingRun} puts all of it together from a configuration,
 * {@link dev.tarn.train.TrainedLanguageModel} and {@link dev.tarn.train.TrainedClassifier} use what came of it, and
 * {@link dev.tarn.checkpoint.TrainingState} is everything that an exact resume needs.
 *
 * <h2>Invariants</h2>
 *
 * <ul>
 *   <li>A step waits for nothing: its loss is read while the next one runs, and is told through
 *       {@link dev.tarn.train.Callback#onLossKnown}.
 *   <li>The rate that a step really uses is computed for that step; the scheduled rates are never written back.
 *   <li>Every random number is keyed by the count of steps since the first, so resuming draws the same ones.
 *   <li>Reported losses are cross-entropies; penalties add gradients and are reported beside them.
 * </ul>
 */
@NullMarked
package dev.tarn.train;

import org.jspecify.annotations.NullMarked;
