/**
 * AWD-LSTM (Merity et al. 2017, arXiv:1708.02182) and the classifier on it (Howard &amp; Ruder 2018) as fastai v1 builds them, with its five dropouts, its initialisation, its
 * layer groups and its names.
 *
 * <p>Reading order: {@link dev.tarn.model.AwdLstmConfig} (sizes and probabilities) →
 * {@link dev.tarn.model.LanguageModel} (parameters and how they start) → {@link dev.tarn.model.LmWorkspace} (what a
 * window of tokens goes through, forward and backward) → {@link dev.tarn.model.MaskSource} and
 * {@link dev.tarn.model.DrawnMasks} (where dropout comes from).
 *
 * <p>A classifier is {@link dev.tarn.model.TextClassifierConfig} → {@link dev.tarn.model.TextClassifier} →
 * {@link dev.tarn.model.ClassifierWorkspace} (what a batch of documents goes through) →
 * {@link dev.tarn.model.ClassifierMasks}. Both kinds of workspace stand on the same encoder, and
 * {@link dev.tarn.model.TrainableModel} is what training and checkpoints see of both kinds of model.
 *
 * <h2>Data flow of a window</h2>
 *
 * <pre>
 * ids[T,B] ─ embed · row mask · input mask ─▶ [T,B,E]
 *          ─ LSTM l with dropped recurrent weights ─▶ raw l [T,B,H] ─ hidden mask (not after the last) ─▶ LSTM l+1 ...
 *          ─ raw of the last layer [T,B,E] ─ output mask ─▶ decoder, mean cross-entropy
 * </pre>
 *
 * Backward runs the same way home; AR, TAR and the norm-stabilizer add their gradients at the raw output of the last
 * layer. The state of each layer is carried to the next window and counts as a constant there.
 *
 * <h2>Cost</h2>
 *
 * A workspace takes all its memory when it is made; a step allocates nothing on the device, and on the heap only a few
 * small objects.
 */
@NullMarked
package dev.tarn.model;

import org.jspecify.annotations.NullMarked;
