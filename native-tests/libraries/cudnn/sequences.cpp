#include "sequences.h"

#include <cmath>
#include <cstring>

namespace cudnn {

namespace {

numbers::Type number(const Sequences& sequences) {
  return sequences.type == DATA_HALF ? numbers::Type::F16 : numbers::Type::F32;
}

// Calls visit(t, b, row) for every step of every sequence, ended ones included where the layout has room for them.
template <typename Visit>
void for_each_row(const Sequences& sequences, Visit visit) {
  size_t row = 0;
  for (int t = 0; t < sequences.steps; t++) {
    for (int b = 0; b < sequences.batch; b++) {
      switch (sequences.layout) {
        case SEQ_MAJOR_UNPACKED:
          visit(t, b, static_cast<size_t>(t) * sequences.batch + b);
          break;
        case BATCH_MAJOR_UNPACKED:
          visit(t, b, static_cast<size_t>(b) * sequences.steps + t);
          break;
        default:
          if (t < sequences.lengths[b]) visit(t, b, row++);
      }
    }
  }
}

}  // namespace

size_t bytes_of(const Sequences& sequences) {
  size_t rows = 0;
  for_each_row(sequences, [&](int, int, size_t) { rows++; });
  return rows * sequences.width * numbers::size_of(number(sequences));
}

std::vector<float> read(const Sequences& sequences, const void* data) {
  const size_t width = sequences.width;
  std::vector<float> values(static_cast<size_t>(sequences.steps) * sequences.batch * width, 0.0f);
  for_each_row(sequences, [&](int t, int b, size_t row) {
    if (t >= sequences.lengths[b]) return;
    float* const to = values.data() + (static_cast<size_t>(t) * sequences.batch + b) * width;
    for (size_t i = 0; i < width; i++) to[i] = numbers::load(data, row * width + i, number(sequences));
  });
  return values;
}

void write(const Sequences& sequences, const std::vector<float>& values, void* data) {
  const size_t width = sequences.width;
  const float padding = sequences.has_fill ? sequences.fill : NAN;
  for_each_row(sequences, [&](int t, int b, size_t row) {
    const float* const from = values.data() + (static_cast<size_t>(t) * sequences.batch + b) * width;
    const bool ended = t >= sequences.lengths[b];
    for (size_t i = 0; i < width; i++) {
      numbers::store(data, row * width + i, number(sequences), ended ? padding : from[i]);
    }
  });
}

std::vector<float> read_state(const Rnn& rnn, size_t count, const void* data) {
  std::vector<float> values(data == nullptr ? 0 : count);
  for (size_t i = 0; i < values.size(); i++) values[i] = numbers::load(data, i, rnn.number());
  return values;
}

void write_state(const Rnn& rnn, const std::vector<float>& values, void* data) {
  if (data == nullptr) return;
  for (size_t i = 0; i < values.size(); i++) numbers::store(data, i, rnn.number(), values[i]);
}

std::vector<LayerWeights> read_weights(const Rnn& rnn, const WeightMap& map, const void* space) {
  std::vector<LayerWeights> layers(rnn.layers);
  for (int layer = 0; layer < rnn.layers; layer++) {
    LayerWeights& weights = layers[layer];
    weights.bias.assign(GATES * static_cast<size_t>(rnn.hidden), 0.0f);
    for (int id = 0; id < MATRICES; id++) {
      std::vector<float>& matrix = id < GATES ? weights.input : weights.recurrent;
      const Piece& piece = map.matrix(layer, id);
      const size_t count = static_cast<size_t>(piece.rows) * piece.columns;
      for (size_t i = 0; i < count; i++) matrix.push_back(numbers::load(space, piece.offset + i, rnn.number()));
      const Piece& bias = map.bias(layer, id);
      for (int i = 0; bias.columns != 0 && i < bias.rows; i++) {
        weights.bias[id % GATES * static_cast<size_t>(rnn.hidden) + i] +=
            numbers::load(space, bias.offset + i, rnn.number());
      }
    }
  }
  return layers;
}

void add_gradients(const Rnn& rnn, const WeightMap& map, int layer, const Gradients& gradients, void* space) {
  auto add = [&](const Piece& piece, const float* from) {
    const size_t count = static_cast<size_t>(piece.rows) * piece.columns;
    for (size_t i = 0; i < count; i++) {
      const float before = numbers::load(space, piece.offset + i, rnn.number());
      numbers::store(space, piece.offset + i, rnn.number(), before + from[i]);
    }
  };
  for (int id = 0; id < MATRICES; id++) {
    const size_t gate = id % GATES * static_cast<size_t>(rnn.hidden);
    const std::vector<float>& matrix = id < GATES ? gradients.input : gradients.recurrent;
    add(map.matrix(layer, id), matrix.data() + gate * map.matrix(layer, id).columns);
    add(map.bias(layer, id), gradients.bias.data() + gate);
  }
}

uint64_t fingerprint(const void* data, size_t bytes) {
  // Four lanes, so that one multiplication need not wait for the last.
  constexpr uint64_t PRIME = 0x9e3779b97f4a7c15u;
  uint64_t lanes[4] = {1, 2, 3, 4};
  const char* from = static_cast<const char*>(data);
  for (; bytes >= sizeof lanes; bytes -= sizeof lanes, from += sizeof lanes) {
    uint64_t words[4];
    std::memcpy(words, from, sizeof words);
    for (int i = 0; i < 4; i++) {
      lanes[i] = (lanes[i] ^ words[i]) * PRIME;
      lanes[i] ^= lanes[i] >> 29;
    }
  }
  uint64_t result = bytes;
  for (const uint64_t lane : lanes) result = (result ^ lane) * PRIME + (result >> 31);
  for (; bytes > 0; bytes--, from++) result = (result ^ static_cast<unsigned char>(*from)) * PRIME;
  return result;
}

}  // namespace cudnn
