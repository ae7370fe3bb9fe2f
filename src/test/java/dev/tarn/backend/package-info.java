/**
 * Tests of the contract between the model and its devices. {@link dev.tarn.backend.OpCases} lists the operations on ugly
 * shapes, {@link dev.tarn.backend.Scene} lays out their tensors so that a stray read or write shows, and the parity test
 * runs every case on every device of this build against the reference. Gradients are checked by finite differences on
 * the reference alone: parity carries them over to the others.
 */
@NullMarked
package dev.tarn.backend;

import org.jspecify.annotations.NullMarked;
