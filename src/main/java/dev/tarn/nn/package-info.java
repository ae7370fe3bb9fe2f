/**
 * Layers with an explicit forward and backward; there is no autograd tape.
 *
 * <p>Each layer is a thin unit over one fused operation of a {@link dev.tarn.backend.Backend} and adds the one thing that
 * the operation does not know: {@link dev.tarn.nn.EmbeddingLayer} and {@link dev.tarn.nn.LockedDropout} remember the
 * masks of the forward pass for the backward one, {@link dev.tarn.nn.LstmLayer} carries the hidden state from window to
 * window, {@link dev.tarn.nn.DecoderLayer} may share its matrix with the embedding, {@link dev.tarn.nn.BatchNormLayer} and
 * {@link dev.tarn.nn.LinearLayer} make up a classifier's head. Parameters and their gradients lie in
 * two flat tensors ({@link dev.tarn.nn.ParameterStore}), so that an optimizer step or a norm is one pass.
 *
 * <h2>Invariants</h2>
 *
 * Gradients of parameters are added, or written where a step starts; gradients of activations are written. Forward and
 * backward alternate; a layer remembers the latest forward only, an LSTM layer that of each of its windows. Activations
 * belong to the caller, plans and carried state to the layer.
 */
@NullMarked
package dev.tarn.nn;

import org.jspecify.annotations.NullMarked;
