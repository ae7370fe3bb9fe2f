/**
 * Tests of the training loop: whole trajectories against the original, schedules and optimizers against recorded ones, and
 * the properties that no recording shows (exact resume, nothing allocated, nothing changed by a search). All run on every
 * backend that can be opened here.
 */
@NullMarked
package dev.tarn.train;

import org.jspecify.annotations.NullMarked;
