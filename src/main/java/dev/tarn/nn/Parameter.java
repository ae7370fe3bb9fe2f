package dev.tarn.nn;

import dev.tarn.backend.Tensor;

/**
 * One trainable tensor: a named view of a {@link ParameterStore}.
 *
 * @param name fastai's state-dict name: {@code "0.rnns.1.weight_hh_l0_raw"}
 * @param offset first element in the flat tensors, a multiple of {@link ParameterStore#ALIGNMENT}
 * @param group the layer group that it trains in, from 0
 * @param value view of the weights
 * @param gradient view of the gradient, of the same shape
 */
public record Parameter(String name, long offset, int group, Tensor value, Tensor gradient) {

    /** A copy of the dimensions. */
    public int[] shape() {
        return value.shape();
    }

    /** The number of elements. */
    public long size() {
        return value.size();
    }

    /**
     * This parameter's part of another flat tensor that is laid out like {@link ParameterStore#values()}, such as an
     * optimizer's running averages.
     */
    public Tensor in(Tensor flat) {
        return flat.view(offset, shape());
    }
}
