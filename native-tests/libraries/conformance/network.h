// A network of cuDNN with all the memory of a training step, as a caller holds it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "check.h"

constexpr int DATA_FLOAT = 0;
constexpr int DATA_HALF = 2;
constexpr int NO_BIAS = 0;
constexpr int SINGLE_INP_BIAS = 1;
constexpr int DOUBLE_BIAS = 2;
constexpr int SINGLE_REC_BIAS = 3;
constexpr int SEQ_MAJOR_UNPACKED = 0;
constexpr int SEQ_MAJOR_PACKED = 1;
constexpr int BATCH_MAJOR_UNPACKED = 2;
constexpr int DEFAULT_MATH = 0;
constexpr int FMA_MATH = 3;
constexpr int FWD_MODE_INFERENCE = 0;
constexpr int FWD_MODE_TRAINING = 1;
constexpr int WGRAD_MODE_ADD = 0;
constexpr int MATRICES = 8;

struct Case {
  int steps;
  int batch;
  int input;
  int hidden;
  int layers = 1;
  int bias = DOUBLE_BIAS;
  int layout = SEQ_MAJOR_UNPACKED;
  int math = FMA_MATH;
  int type = DATA_FLOAT;
  std::vector<int> lengths = {};  // empty: all of `steps`
  bool with_states = true;        // hx, cx and their gradients are given
  bool with_ends = true;          // hy, cy and their gradients are given
  bool with_fill = false;         // paddingFill is given, as 0

  int length(int b) const { return lengths.empty() ? steps : lengths[b]; }
  std::string name() const;
};

// Where one matrix or bias lies, in elements; columns 0 if there is none.
struct Place {
  size_t offset = 0;
  int rows = 0;
  int columns = 0;
};

class Network {
 public:
  explicit Network(const Case& c);
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  const Case& of() const { return case_; }
  size_t weight_bytes() const { return weight_bytes_; }
  size_t element() const { return case_.type == DATA_HALF ? 2 : 4; }
  size_t rows() const;
  size_t states() const { return static_cast<size_t>(case_.layers) * case_.batch * case_.hidden; }
  // Where the step of a sequence lies in the layout; rows() if it has no place.
  size_t row(int t, int b) const;
  // [layer][linLayerID], the matrix and the bias.
  const std::vector<std::vector<Place>>& matrices() const { return matrices_; }
  const std::vector<std::vector<Place>>& biases() const { return biases_; }

  // Other sequences of at most the same size, with the same weights and memory.
  void reshape(const Case& c);

  int forward(int mode);
  int backward_data();
  int backward_weights(int mode = WGRAD_MODE_ADD);

  void* handle = nullptr;
  void* rnn = nullptr;
  void* x_descriptor = nullptr;
  void* y_descriptor = nullptr;
  void* state_descriptor = nullptr;
  size_t workspace_bytes = 0;
  size_t reserve_bytes = 0;
  std::unique_ptr<Buffer> lengths, weights, gradients, x, y, dx, dy, hx, cx, hy, cy, dhx, dcx, dhy, dcy, workspace,
      reserve;

 private:
  void describe_sequences();
  void find_weights();

  Case case_;
  size_t weight_bytes_ = 0;
  std::vector<std::vector<Place>> matrices_;
  std::vector<std::vector<Place>> biases_;
};

std::string cudnn_says(int status, const std::string& call);
