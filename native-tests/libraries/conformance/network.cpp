#include "network.h"

#include <algorithm>

using namespace libraries;

namespace {

constexpr int STANDARD = 0;
constexpr int LSTM = 2;
constexpr int UNIDIRECTIONAL = 0;
constexpr int LINEAR_INPUT = 0;
constexpr unsigned PADDED_IO_ENABLED = 1;

void* at(const std::unique_ptr<Buffer>& buffer) { return buffer == nullptr ? nullptr : buffer->at(); }

}  // namespace

std::string cudnn_says(int status, const std::string& call) {
  char text[1024] = "";
  cudnnGetLastErrorString(text, sizeof text);
  return call + " returned " + std::to_string(status) + " (" + cudnnGetErrorString(status) + "): " + text;
}

std::string Case::name() const {
  std::string text = "T " + std::to_string(steps) + " B " + std::to_string(batch) + " I " + std::to_string(input) +
                     " H " + std::to_string(hidden) + " L " + std::to_string(layers);
  if (bias != DOUBLE_BIAS) text += " bias " + std::to_string(bias);
  if (layout != SEQ_MAJOR_UNPACKED) text += " layout " + std::to_string(layout);
  if (!lengths.empty()) text += " ragged";
  if (!with_states) text += " no hx, cx";
  if (!with_ends) text += " no hy, cy";
  return text;
}

Network::Network(const Case& c) : case_(c) {
  check::succeeded(cudnnCreate(&handle), "cudnnCreate");
  check::succeeded(cudnnCreateRNNDescriptor(&rnn), "cudnnCreateRNNDescriptor");
  check::succeeded(cudnnCreateRNNDataDescriptor(&x_descriptor), "cudnnCreateRNNDataDescriptor");
  check::succeeded(cudnnCreateRNNDataDescriptor(&y_descriptor), "cudnnCreateRNNDataDescriptor");
  check::succeeded(cudnnCreateTensorDescriptor(&state_descriptor), "cudnnCreateTensorDescriptor");
  const int status =
      cudnnSetRNNDescriptor_v8(rnn, STANDARD, LSTM, c.bias, UNIDIRECTIONAL, LINEAR_INPUT, c.type, DATA_FLOAT, c.math,
                               c.input, c.hidden, c.hidden, c.layers, nullptr, PADDED_IO_ENABLED);
  check::that(status == 0, cudnn_says(status, "cudnnSetRNNDescriptor_v8"));
  check::succeeded(cudnnGetRNNWeightSpaceSize(handle, rnn, &weight_bytes_), "cudnnGetRNNWeightSpaceSize");
  weights = std::make_unique<Buffer>(weight_bytes_);
  gradients = std::make_unique<Buffer>(weight_bytes_);
  find_weights();
  describe_sequences();
  auto buffer = [&](size_t count) { return std::make_unique<Buffer>(count * element()); };
  x = buffer(rows() * c.input);
  dx = buffer(rows() * c.input);
  y = buffer(rows() * c.hidden);
  dy = buffer(rows() * c.hidden);
  if (c.with_states) {
    for (std::unique_ptr<Buffer>* state : {&hx, &cx, &dhx, &dcx}) *state = buffer(states());
  }
  if (c.with_ends) {
    for (std::unique_ptr<Buffer>* state : {&hy, &cy, &dhy, &dcy}) *state = buffer(states());
  }
}

Network::~Network() {
  cudnnDestroyTensorDescriptor(state_descriptor);
  cudnnDestroyRNNDataDescriptor(x_descriptor);
  cudnnDestroyRNNDataDescriptor(y_descriptor);
  cudnnDestroyRNNDescriptor(rnn);
  cudnnDestroy(handle);
}

size_t Network::rows() const {
  if (case_.layout != SEQ_MAJOR_PACKED) return static_cast<size_t>(case_.steps) * case_.batch;
  size_t count = 0;
  for (int b = 0; b < case_.batch; b++) count += case_.length(b);
  return count;
}

size_t Network::row(int t, int b) const {
  if (case_.layout == SEQ_MAJOR_UNPACKED) return static_cast<size_t>(t) * case_.batch + b;
  if (case_.layout == BATCH_MAJOR_UNPACKED) return static_cast<size_t>(b) * case_.steps + t;
  if (t >= case_.length(b)) return rows();
  size_t before = 0;
  for (int other = 0; other < case_.batch; other++) {
    before += std::min(case_.length(other), t + (other < b && case_.length(other) > t ? 1 : 0));
  }
  return before;
}

void Network::describe_sequences() {
  std::vector<int> steps;
  for (int b = 0; b < case_.batch; b++) steps.push_back(case_.length(b));
  float zero = 0;
  void* const fill = case_.with_fill ? &zero : nullptr;
  int status = cudnnSetRNNDataDescriptor(x_descriptor, case_.type, case_.layout, case_.steps, case_.batch, case_.input,
                                         steps.data(), fill);
  check::that(status == 0, cudnn_says(status, "cudnnSetRNNDataDescriptor"));
  status = cudnnSetRNNDataDescriptor(y_descriptor, case_.type, case_.layout, case_.steps, case_.batch, case_.hidden,
                                     steps.data(), fill);
  check::that(status == 0, cudnn_says(status, "cudnnSetRNNDataDescriptor"));
  const int dims[] = {case_.layers, case_.batch, case_.hidden};
  const int strides[] = {case_.batch * case_.hidden, case_.hidden, 1};
  check::succeeded(cudnnSetTensorNdDescriptor(state_descriptor, case_.type, 3, dims, strides),
                   "cudnnSetTensorNdDescriptor");
  lengths = std::make_unique<Buffer>(steps);
  size_t needed = 0;
  size_t kept = 0;
  status = cudnnGetRNNTempSpaceSizes(handle, rnn, FWD_MODE_TRAINING, x_descriptor, &needed, &kept);
  check::that(status == 0, cudnn_says(status, "cudnnGetRNNTempSpaceSizes"));
  size_t inference = 0;
  size_t none = 0;
  check::succeeded(cudnnGetRNNTempSpaceSizes(handle, rnn, FWD_MODE_INFERENCE, x_descriptor, &inference, &none),
                   "cudnnGetRNNTempSpaceSizes");
  if (none != 0) check::note("inference is said to need a reserve space, but works without");
  needed = std::max(needed, inference);
  if (workspace == nullptr || needed > workspace->bytes()) workspace = std::make_unique<Buffer>(needed);
  if (reserve == nullptr || kept > reserve->bytes()) reserve = std::make_unique<Buffer>(kept);
  workspace_bytes = workspace->bytes();
  reserve_bytes = reserve->bytes();
}

void Network::find_weights() {
  void* matrix = nullptr;
  void* bias = nullptr;
  cudnnCreateTensorDescriptor(&matrix);
  cudnnCreateTensorDescriptor(&bias);
  auto place = [&](void* descriptor, void* address) {
    Place found;
    if (address == nullptr) return found;
    int type = -1;
    int count = 0;
    int dims[3] = {};
    int strides[3] = {};
    check::succeeded(cudnnGetTensorNdDescriptor(descriptor, 3, &type, &count, dims, strides),
                     "cudnnGetTensorNdDescriptor");
    check::that(count == 3 && dims[0] == 1 && type == case_.type, "a weight descriptor is not {1, rows, columns}");
    check::that(strides[1] == dims[2] && strides[2] == 1, "a weight matrix is not row-major");
    const size_t bytes = static_cast<char*>(address) - static_cast<char*>(weights->at());
    check::that(bytes % element() == 0, "a weight is not aligned to its type");
    found = {bytes / element(), dims[1], dims[2]};
    return found;
  };
  for (int layer = 0; layer < case_.layers; layer++) {
    matrices_.emplace_back(MATRICES);
    biases_.emplace_back(MATRICES);
    for (int id = 0; id < MATRICES; id++) {
      void* matrix_address = nullptr;
      void* bias_address = nullptr;
      const int status = cudnnGetRNNWeightParams(handle, rnn, layer, weight_bytes_, weights->at(), id, matrix,
                                                 &matrix_address, bias, &bias_address);
      check::that(status == 0, cudnn_says(status, "cudnnGetRNNWeightParams"));
      if (status != 0) continue;
      matrices_[layer][id] = place(matrix, matrix_address);
      biases_[layer][id] = place(bias, bias_address);
    }
  }
  cudnnDestroyTensorDescriptor(matrix);
  cudnnDestroyTensorDescriptor(bias);
}

void Network::reshape(const Case& c) {
  case_ = c;
  describe_sequences();
}

int Network::forward(int mode) {
  const bool training = mode == FWD_MODE_TRAINING;
  const int status = cudnnRNNForward(
      handle, rnn, mode, static_cast<const int32_t*>(lengths->at()), x_descriptor, at(x), y_descriptor, at(y),
      state_descriptor, at(hx), at(hy), state_descriptor, at(cx), at(cy), weight_bytes_, at(weights), workspace_bytes,
      at(workspace), training ? reserve_bytes : 0, training ? at(reserve) : nullptr);
  return status;
}

int Network::backward_data() {
  return cudnnRNNBackwardData_v8(handle, rnn, static_cast<const int32_t*>(lengths->at()), y_descriptor, at(y), at(dy),
                                 x_descriptor, at(dx), state_descriptor, at(hx), at(dhy), at(dhx), state_descriptor,
                                 at(cx), at(dcy), at(dcx), weight_bytes_, at(weights), workspace_bytes, at(workspace),
                                 reserve_bytes, at(reserve));
}

int Network::backward_weights(int mode) {
  return cudnnRNNBackwardWeights_v8(handle, rnn, mode, static_cast<const int32_t*>(lengths->at()), x_descriptor, at(x),
                                    state_descriptor, at(hx), y_descriptor, at(y), weight_bytes_, at(gradients),
                                    workspace_bytes, at(workspace), reserve_bytes, at(reserve));
}
