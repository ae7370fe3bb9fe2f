#include "weights.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "device.h"

namespace cudnn {

namespace {

bool has_bias(int mode, int id) {
  switch (mode) {
    case NO_BIAS:
      return false;
    case SINGLE_INP_BIAS:
      return id < GATES;
    case SINGLE_REC_BIAS:
      return id >= GATES;
    default:
      return true;
  }
}

// Draws with a generator whose numbers the standard fixes; its distributions and std::shuffle may differ by library.
class Draw {
 public:
  explicit Draw(const Rnn& rnn) {
    uint64_t seed = 1469598103934665603u;
    for (const char c : rnn.shuffle) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211u;
    for (const int size : {rnn.input, rnn.hidden, rnn.layers, rnn.bias, rnn.type}) {
      seed = (seed ^ static_cast<uint64_t>(size)) * 1099511628211u;
    }
    generator_.seed(seed);
  }

  size_t below(size_t bound) { return generator_() % bound; }

 private:
  std::mt19937_64 generator_;
};

}  // namespace

WeightMap weight_map(const Rnn& rnn) {
  WeightMap map;
  for (int layer = 0; layer < rnn.layers; layer++) {
    for (int id = 0; id < MATRICES; id++) {
      map.matrices.push_back({0, rnn.hidden, id < GATES ? rnn.layer_input(layer) : rnn.hidden});
      map.biases.push_back({0, rnn.hidden, has_bias(rnn.bias, id) ? 1 : 0});
    }
  }
  std::vector<Piece*> pieces;
  for (Piece& piece : map.matrices) pieces.push_back(&piece);
  for (Piece& piece : map.biases) pieces.push_back(&piece);
  size_t end = 0;
  if (rnn.shuffle.empty()) {
    for (Piece* piece : pieces) {
      piece->offset = end;
      end += static_cast<size_t>(piece->rows) * piece->columns;
    }
  } else {
    Draw draw(rnn);
    constexpr size_t GAP = 8;
    for (size_t i = pieces.size(); i > 1; i--) std::swap(pieces[i - 1], pieces[draw.below(i)]);
    for (Piece* piece : pieces) {
      piece->offset = end + draw.below(GAP);
      end = piece->offset + static_cast<size_t>(piece->rows) * piece->columns;
    }
    end += draw.below(GAP);
  }
  map.elements = end;
  return map;
}

}  // namespace cudnn

using namespace cudnn;

namespace {

void describe(Tensor* tensor, int type, const Piece& piece) {
  *tensor = {type, {1, piece.rows, piece.columns}, {piece.rows * piece.columns, piece.columns, 1}};
  if (piece.columns == 0) *tensor = {type, {0, 0, 0}, {0, 0, 0}};
}

}  // namespace

extern "C" {

int cudnnGetRNNWeightSpaceSize(void* handle, void* descriptor, size_t* bytes) {
  Call call("cudnnGetRNNWeightSpaceSize");
  call.handle(handle);
  const Rnn* rnn = call.get<Rnn>(descriptor, "rnnDesc");
  call.require(bytes != nullptr, BAD_PARAM, "the address for the size is null");
  call.require(!call.ok() || rnn->version != 0, BAD_PARAM, "rnnDesc was never set");
  if (call.ok()) *bytes = weight_map(*rnn).elements * rnn->element();
  return call.status();
}

int cudnnGetRNNWeightParams(void* handle, void* descriptor, int32_t layer, size_t bytes, const void* space, int32_t id,
                            void* matrix, void** matrix_address, void* bias, void** bias_address) {
  Call call("cudnnGetRNNWeightParams");
  call.handle(handle);
  const Rnn* rnn = call.get<Rnn>(descriptor, "rnnDesc");
  Tensor* matrix_tensor = call.get<Tensor>(matrix, "mDesc");
  Tensor* bias_tensor = call.get<Tensor>(bias, "bDesc");
  call.require(matrix_address != nullptr && bias_address != nullptr, BAD_PARAM, "an address is null");
  call.require(!call.ok() || rnn->version != 0, BAD_PARAM, "rnnDesc was never set");
  if (!call.ok()) return call.status();
  call.require(layer >= 0 && layer < rnn->layers, BAD_PARAM, "there is no pseudo layer " + std::to_string(layer));
  // 8 is the matrix of a projection, which this network has not.
  call.require(id >= 0 && id <= MATRICES, BAD_PARAM, "there is no linLayerID " + std::to_string(id));
  const WeightMap map = weight_map(*rnn);
  call.require(bytes >= map.elements * rnn->element(), BAD_PARAM,
               std::to_string(bytes) + " bytes of weights; " + std::to_string(map.elements * rnn->element()) +
                   " are needed");
  call.range("weightSpace", space, bytes);
  if (!call.ok()) return call.status();
  const Piece none = {0, 0, 0};
  const Piece& m = id < MATRICES ? map.matrix(layer, id) : none;
  const Piece& b = id < MATRICES ? map.bias(layer, id) : none;
  char* const base = static_cast<char*>(const_cast<void*>(space));
  *matrix_address = m.columns == 0 ? nullptr : base + m.offset * rnn->element();
  *bias_address = b.columns == 0 ? nullptr : base + b.offset * rnn->element();
  describe(matrix_tensor, rnn->type, m);
  describe(bias_tensor, rnn->type, b);
  return SUCCESS;
}

}  // extern "C"
