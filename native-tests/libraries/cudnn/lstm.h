// The arithmetic of a stack of LSTM layers, on float32 in host order: every sequence tensor is [T][B][*] with zeros
// where a sequence has ended. Per step, with a = W x + R h + b in the gate order i, f, g, o:
//
//   i, f, o = sigmoid(a)   g = tanh(a)   c' = f c + i g   h' = o tanh(c')
//
// (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, as in NVIDIA's description of
// CUDNN_LSTM).
#pragma once

#include <vector>

#include "types.h"

namespace cudnn {

struct Problem {
  int steps;
  int batch;
  int input;
  int hidden;
  int layers;
  std::vector<int> lengths;  // [B]
  bool half;                 // what crosses from one product to the next is rounded to half
  numbers::Rounding rounding;

  int layer_input(int layer) const { return layer == 0 ? input : hidden; }
  size_t state() const { return static_cast<size_t>(batch) * hidden; }
  // Floats that the forward pass leaves for the backward pass.
  size_t tape() const { return layers * steps * state() * (GATES + 2); }
};

struct LayerWeights {
  std::vector<float> input;      // [4H][I]
  std::vector<float> recurrent;  // [4H][H]
  std::vector<float> bias;       // [4H], of both sides
};

struct Gradients {
  std::vector<float> input;
  std::vector<float> recurrent;
  std::vector<float> bias;
};

// h0, c0 [L][B][H] or null for zeros; hT, cT [L][B][H] or null; the output of the last layer is tape_outputs(last).
void forward(const Problem& problem, const std::vector<LayerWeights>& weights, const float* x, const float* h0,
             const float* c0, float* tape, float* hT, float* cT);

// [T][B][H] within the tape.
const float* tape_outputs(const Problem& problem, const float* tape, int layer);

// dy [T][B][H], dhT, dcT [L][B][H] or null for zeros; dx [T][B][I] or null; dh0, dc0 [L][B][H] or null. Leaves the
// gradients of the gates where the gates were.
void backward_data(const Problem& problem, const std::vector<LayerWeights>& weights, const float* dy, const float* dhT,
                   const float* dcT, const float* c0, float* tape, float* dx, float* dh0, float* dc0);

// Of one layer, from a tape that backward_data has been over.
Gradients backward_weights(const Problem& problem, const float* x, const float* h0, const float* tape, int layer);

}  // namespace cudnn
