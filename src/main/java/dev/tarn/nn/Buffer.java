package dev.tarn.nn;

import dev.tarn.backend.Tensor;

/**
 * A tensor that belongs to a model and changes in training, but not by gradients: a running statistic.
 *
 * @param name fastai's state-dict name: {@code "1.layers.0.running_mean"}
 */
public record Buffer(String name, Tensor value) {}
