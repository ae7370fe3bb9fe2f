/**
 * Tests of the flat parameter tensors. The layers themselves are tested through {@code dev.tarn.model}, against golden
 * values and finite differences: alone they only pass tensors on to operations that have their own tests.
 */
@NullMarked
package dev.tarn.nn;

import org.jspecify.annotations.NullMarked;
