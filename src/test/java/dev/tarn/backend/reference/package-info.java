/**
 * Tests that the reference is right by itself: finite differences for every backward, numbers worked out by hand, and the
 * edges (one step, one sequence, zero norms). {@link dev.tarn.backend.reference.PlainCode} is the reference with the
 * rounding of a faster device. What holds here is carried to the other backends by the parity tests.
 */
@NullMarked
package dev.tarn.backend.reference;

import org.jspecify.annotations.NullMarked;
