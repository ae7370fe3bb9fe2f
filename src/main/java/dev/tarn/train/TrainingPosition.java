package dev.tarn.train;

import dev.tarn.data.Cursor;

/**
 * Where training stands, but for tensors and optimizer.
 *
 * @param fit fits of the learner that are over
 * @param epoch epochs of the fit that are over
 * @param cursor the next window; its epoch counts over all fits
 * @param iteration steps of the fit that are over
 * @param step steps of the learner's life that are over; the key of the dropout masks
 * @param frozenTo the first layer group that trains
 * @param smoothMean {@link Smoothing#mean()} of the fit
 * @param smoothCount {@link Smoothing#count()} of the fit
 * @param bestValidLoss the lowest validation loss of all fits, infinite before the first
 */
public record TrainingPosition(
        int fit,
        int epoch,
        Cursor cursor,
        long iteration,
        long step,
        int frozenTo,
        double smoothMean,
        long smoothCount,
        double bestValidLoss) {}
