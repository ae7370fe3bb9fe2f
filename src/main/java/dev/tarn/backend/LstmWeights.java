package dev.tarn.backend;

/**
 * The four tensors of one LSTM layer, weights or gradients, with gate rows in the order i, f, g, o (PyTorch's).
 *
 * @param wIh [4H,I] input-to-hidden
 * @param wHh [4H,H] hidden-to-hidden, before weight drop
 * @param bIh [4H] first bias
 * @param bHh [4H] second bias; both are added, and both get the same gradient
 */
public record LstmWeights(Tensor wIh, Tensor wHh, Tensor bIh, Tensor bHh) {}
