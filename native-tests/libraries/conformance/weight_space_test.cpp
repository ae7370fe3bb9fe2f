// The map of cuDNN's weight space: every matrix and bias inside of it, of the right size, none over another.
#include <algorithm>

#include "network.h"

namespace {

bool wants_bias(int mode, int id) {
  return mode == DOUBLE_BIAS || (mode == SINGLE_INP_BIAS && id < 4) || (mode == SINGLE_REC_BIAS && id >= 4);
}

}  // namespace

void test_weight_space() {
  check::group("cuDNN: the map of the weight space");
  for (const int bias : {NO_BIAS, SINGLE_INP_BIAS, DOUBLE_BIAS, SINGLE_REC_BIAS}) {
    for (const Case& c : {Case{2, 2, 3, 5, 2, bias}, Case{2, 2, 33, 33, 1, bias}, Case{2, 2, 70, 1, 3, bias},
                          Case{2, 2, 64, 128, 1, bias}}) {
      const Network network(c);
      std::vector<std::pair<size_t, size_t>> taken;
      for (int layer = 0; layer < c.layers; layer++) {
        for (int id = 0; id < MATRICES; id++) {
          const Place& matrix = network.matrices()[layer][id];
          const Place& of_bias = network.biases()[layer][id];
          const int columns = id >= 4 || layer > 0 ? c.hidden : c.input;
          check::that(matrix.rows == c.hidden && matrix.columns == columns,
                      "matrix " + std::to_string(id) + " of layer " + std::to_string(layer) + " is [" +
                          std::to_string(matrix.rows) + ", " + std::to_string(matrix.columns) + "]");
          if (matrix.offset * network.element() % 16 != 0) check::note("some matrices are not aligned to 16 bytes");
          taken.emplace_back(matrix.offset, matrix.offset + static_cast<size_t>(matrix.rows) * matrix.columns);
          check::that((of_bias.columns != 0) == wants_bias(bias, id),
                      "bias " + std::to_string(id) + " in bias mode " + std::to_string(bias));
          if (of_bias.columns == 0) continue;
          check::that(of_bias.rows == c.hidden && of_bias.columns == 1, "a bias is not {1, hiddenSize, 1}");
          taken.emplace_back(of_bias.offset, of_bias.offset + of_bias.rows);
        }
      }
      std::sort(taken.begin(), taken.end());
      for (size_t i = 1; i < taken.size(); i++) check::that(taken[i - 1].second <= taken[i].first, "weights overlap");
      check::that(taken.back().second * network.element() <= network.weight_bytes(), "a weight lies outside the space");
      size_t used = 0;
      for (const auto& [from, to] : taken) used += to - from;
      if (used * network.element() < network.weight_bytes()) check::note("the weight space has gaps");
    }
  }
}
