// Where the matrices and biases of a network lie in its weight space.
#pragma once

#include <vector>

#include "types.h"

namespace cudnn {

struct Piece {
  size_t offset;  // in elements
  int rows;
  int columns;  // 0: this network has no such piece
};

struct WeightMap {
  // [layers][MATRICES]
  std::vector<Piece> matrices;
  std::vector<Piece> biases;
  size_t elements;

  const Piece& matrix(int layer, int id) const { return matrices[layer * MATRICES + id]; }
  const Piece& bias(int layer, int id) const { return biases[layer * MATRICES + id]; }
};

// In cuDNN's order (for each layer the matrices, then for each layer the biases, without gaps) if rnn.shuffle is empty.
// Otherwise in an order and with gaps that follow from it and from the sizes: only who asks for every address gets
// along.
WeightMap weight_map(const Rnn& rnn);

}  // namespace cudnn
