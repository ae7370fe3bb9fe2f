// Between the caller's layouts and the one of the arithmetic, [T][B][*] with zeros where a sequence has ended.
#pragma once

#include <cstdint>
#include <vector>

#include "lstm.h"
#include "types.h"
#include "weights.h"

namespace cudnn {

size_t bytes_of(const Sequences& sequences);

std::vector<float> read(const Sequences& sequences, const void* data);
// Where a sequence has ended: the padding fill, or NaN, because cuDNN promises nothing there.
void write(const Sequences& sequences, const std::vector<float>& values, void* data);

// [L][B][H]; empty for null.
std::vector<float> read_state(const Rnn& rnn, size_t count, const void* data);
void write_state(const Rnn& rnn, const std::vector<float>& values, void* data);

std::vector<LayerWeights> read_weights(const Rnn& rnn, const WeightMap& map, const void* space);
void add_gradients(const Rnn& rnn, const WeightMap& map, int layer, const Gradients& gradients, void* space);

// Tells whether memory still holds what it held; not a cryptographic hash.
uint64_t fingerprint(const void* data, size_t bytes);
inline uint64_t fingerprint(const std::vector<float>& values) {
  return fingerprint(values.data(), values.size() * sizeof(float));
}

}  // namespace cudnn
