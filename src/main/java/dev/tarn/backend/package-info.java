/**
 * What a device must be able to do for AWD-LSTM training, and nothing else.
 *
 * <p>A {@link dev.tarn.backend.Backend} owns memory ({@link dev.tarn.backend.Arena}, {@link dev.tarn.backend.Tensor}), one
 * in-order stream of work, and the fused operations of a training step. Three fill the contract: {@code reference} is
 * naive double-precision Java and the oracle of every test; {@code cpu} is oneDNN; {@code cuda} is CUDA. Model code sees
 * only this package and never learns which one it runs on; {@link dev.tarn.backend.Devices} chooses.
 *
 * <h2>Conventions</h2>
 *
 * <ul>
 *   <li>Sequences are time-major, {@code [T,B,*]}; a window shorter than the longest is a prefix view of the same memory.
 *   <li>Gradients of <em>activations</em> are written ({@code =}). Gradients of <em>parameters</em> are added
 *       ({@code +=}), or written where {@link dev.tarn.backend.GradientSum#START} asks for it.
 *   <li>Work is submitted in order and may run later; only {@link dev.tarn.backend.Backend#synchronize()}, downloads and
 *       {@link dev.tarn.backend.Readback#await} wait.
 *   <li>Operations allocate nothing once every window length has been seen. Plans ({@link dev.tarn.backend.Lstm},
 *       {@link dev.tarn.backend.Decoder}) own their workspaces, sized at creation for the longest window.
 *   <li>Dropout masks come from {@link dev.tarn.backend.Philox} by counter, so that every backend draws the same ones.
 *   <li>An operation checks its shapes and throws {@link java.lang.IllegalArgumentException} with both shapes: that is a
 *       defect of the caller, never of a user.
 * </ul>
 */
@NullMarked
package dev.tarn.backend;

import org.jspecify.annotations.NullMarked;
