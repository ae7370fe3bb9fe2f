// Arguments of cuDNN that are refused at the call.
#include <cmath>

#include "network.h"

using namespace libraries;

namespace {

constexpr int BAD_PARAM = 2000;
constexpr int NOT_SUPPORTED = 3000;
constexpr int LSTM = 2;
constexpr int GRU = 3;

void expect(int wanted, int status, const std::string& what) {
  check::that(status == wanted, what + ": " + cudnn_says(status, "the call") + ", not " + std::to_string(wanted));
}

int set(void* rnn, int algo, int cell, int direction, int type, int precision, int projection, unsigned flags) {
  constexpr int HIDDEN = 6;
  return cudnnSetRNNDescriptor_v8(rnn, algo, cell, DOUBLE_BIAS, direction, 0, type, precision, FMA_MATH, 5, HIDDEN,
                                  projection, 1, nullptr, flags);
}

void prepare(Network& network) {
  network.weights->fill(0);
  network.gradients->fill(0);
  network.x->fill(0);
  network.dy->fill(0);
  for (Buffer* state : {network.hx.get(), network.cx.get(), network.dhy.get(), network.dcy.get()}) state->fill(0);
}

}  // namespace

void test_strict_arguments() {
  check::group("cuDNN: modes that are refused");
  void* rnn = nullptr;
  check::succeeded(cudnnCreateRNNDescriptor(&rnn), "cudnnCreateRNNDescriptor");
  expect(0, set(rnn, 0, LSTM, 0, DATA_FLOAT, DATA_FLOAT, 6, 1), "an LSTM");
  expect(NOT_SUPPORTED, set(rnn, 1, LSTM, 0, DATA_FLOAT, DATA_FLOAT, 6, 1), "a persistent algorithm");
  expect(NOT_SUPPORTED, set(rnn, 0, GRU, 0, DATA_FLOAT, DATA_FLOAT, 6, 1), "a GRU");
  expect(NOT_SUPPORTED, set(rnn, 0, LSTM, 1, DATA_FLOAT, DATA_FLOAT, 6, 1), "both directions");
  expect(NOT_SUPPORTED, set(rnn, 0, LSTM, 0, 9, DATA_FLOAT, 6, 1), "bfloat16");
  expect(NOT_SUPPORTED, set(rnn, 0, LSTM, 0, DATA_HALF, DATA_HALF, 6, 1), "half precision");
  expect(NOT_SUPPORTED, set(rnn, 0, LSTM, 0, DATA_FLOAT, DATA_FLOAT, 3, 1), "a projection");
  expect(BAD_PARAM, set(rnn, 0, LSTM, 0, DATA_FLOAT, DATA_FLOAT, 0, 1), "projSize 0");
  expect(BAD_PARAM, set(rnn, 0, LSTM, 0, DATA_FLOAT, DATA_FLOAT, 7, 1), "projSize above hiddenSize");
  check::succeeded(cudnnDestroyRNNDescriptor(rnn), "cudnnDestroyRNNDescriptor");
  expect(BAD_PARAM, set(rnn, 0, LSTM, 0, DATA_FLOAT, DATA_FLOAT, 6, 1), "a destroyed descriptor");

  check::group("cuDNN: sequences that are refused");
  void* data = nullptr;
  check::succeeded(cudnnCreateRNNDataDescriptor(&data), "cudnnCreateRNNDataDescriptor");
  auto lengths = [&](int layout, std::vector<int> values) {
    return cudnnSetRNNDataDescriptor(data, DATA_FLOAT, layout, 4, static_cast<int>(values.size()), 3, values.data(),
                                     nullptr);
  };
  expect(0, lengths(SEQ_MAJOR_UNPACKED, {1, 4, 2}), "unpacked");
  expect(BAD_PARAM, lengths(SEQ_MAJOR_UNPACKED, {4, 0, 2}), "an empty sequence");
  expect(BAD_PARAM, lengths(SEQ_MAJOR_UNPACKED, {4, 5, 2}), "a sequence that is too long");
  expect(0, lengths(SEQ_MAJOR_PACKED, {4, 4, 2}), "packed");
  expect(BAD_PARAM, lengths(SEQ_MAJOR_PACKED, {4, 2, 3}), "packed, lengths that grow");
  expect(BAD_PARAM, lengths(SEQ_MAJOR_PACKED, {3, 2}), "packed, none of maxSeqLength");
  check::succeeded(cudnnDestroyRNNDataDescriptor(data), "cudnnDestroyRNNDataDescriptor");

  check::group("cuDNN: memory that is refused");
  const Case c = {4, 3, 5, 6};
  Network network(c);
  prepare(network);
  expect(0, network.forward(FWD_MODE_TRAINING), "a right call");
  size_t needed = 0;
  size_t kept = 0;
  cudnnGetRNNTempSpaceSizes(network.handle, network.rnn, FWD_MODE_TRAINING, network.x_descriptor, &needed, &kept);
  network.workspace_bytes = needed - 1;
  expect(BAD_PARAM, network.forward(FWD_MODE_TRAINING), "a small workspace");
  network.workspace_bytes = network.workspace->bytes() + 1;
  expect(BAD_PARAM, network.forward(FWD_MODE_TRAINING), "a workspace of more than there is");
  network.workspace_bytes = needed;
  network.reserve_bytes = kept - 1;
  expect(BAD_PARAM, network.forward(FWD_MODE_TRAINING), "a small reserve space");
  network.reserve_bytes = kept;
  void* const handle = network.handle;
  expect(BAD_PARAM,
         cudnnRNNForward(handle, network.rnn, FWD_MODE_TRAINING, nullptr, network.x_descriptor, network.x->at(),
                         network.y_descriptor, network.y->at(), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                         network.weight_bytes(), network.weights->at(), needed, network.workspace->at(), kept,
                         network.reserve->at()),
         "no lengths");
  auto forward = [&](const void* x, void* y, const void* hx, void* hy) {
    return cudnnRNNForward(handle, network.rnn, FWD_MODE_TRAINING, static_cast<const int32_t*>(network.lengths->at()),
                           network.x_descriptor, x, network.y_descriptor, y, network.state_descriptor, hx, hy, nullptr,
                           nullptr, nullptr, network.weight_bytes(), network.weights->at(), needed,
                           network.workspace->at(), kept, network.reserve->at());
  };
  expect(0, forward(network.x->at(), network.y->at(), nullptr, nullptr), "no states");
  expect(BAD_PARAM, forward(network.x->at(1), network.y->at(), nullptr, nullptr), "x past its end");
  expect(BAD_PARAM, forward(network.x->at(), network.y->at(), network.hx->at(), network.hx->at()), "hy over hx");
  expect(BAD_PARAM, forward(network.x->at(), network.workspace->at(), nullptr, nullptr), "y in the workspace");
  std::vector<float> host(1000);
  expect(BAD_PARAM, forward(host.data(), network.y->at(), nullptr, nullptr), "x in host memory");
  auto describe = [&](void* data, int width, std::vector<int> steps) {
    check::succeeded(cudnnSetRNNDataDescriptor(data, DATA_FLOAT, SEQ_MAJOR_UNPACKED, c.steps, c.batch, width,
                                               steps.data(), nullptr),
                     "cudnnSetRNNDataDescriptor");
  };
  describe(network.y_descriptor, c.hidden, {4, 4, 3});
  expect(BAD_PARAM, network.forward(FWD_MODE_TRAINING), "x and y of different lengths");
  describe(network.y_descriptor, c.hidden + 1, {4, 4, 4});
  expect(BAD_PARAM, network.forward(FWD_MODE_TRAINING), "y wider than hiddenSize");
  describe(network.y_descriptor, c.hidden, {4, 4, 4});
  const int dims[] = {c.layers, c.hidden, c.batch};
  const int strides[] = {c.batch * c.hidden, c.batch, 1};
  check::succeeded(cudnnSetTensorNdDescriptor(network.state_descriptor, DATA_FLOAT, 3, dims, strides),
                   "cudnnSetTensorNdDescriptor");
  expect(BAD_PARAM, network.forward(FWD_MODE_TRAINING), "states of another shape");
  network.x->release();
  expect(BAD_PARAM, forward(network.x->at(), network.y->at(), nullptr, nullptr), "x null");

  check::group("cuDNN: NaN where nothing is promised");
  Case ragged = {4, 2, 5, 6};
  ragged.lengths = {4, 2};
  Network other(ragged);
  prepare(other);
  expect(0, other.forward(FWD_MODE_TRAINING), "cudnnRNNForward");
  const std::vector<float> y = other.y->floats();
  bool nan = true;
  for (int t = 2; t < ragged.steps; t++) nan = nan && std::isnan(y[other.row(t, 1) * ragged.hidden]);
  check::that(nan, "y behind the end of a sequence is not NaN");
  check::that(!std::isnan(y[other.row(1, 1) * ragged.hidden]), "y within a sequence is NaN");
  check::that(std::isnan(other.workspace->floats()[0]), "the workspace is not NaN");

  check::group("cuDNN: TF32 under the default math type alone, and inference as training");
  std::vector<std::vector<float>> outputs;
  for (const int math : {FMA_MATH, DEFAULT_MATH}) {
    Network same({4, 3, 5, 6, 2, DOUBLE_BIAS, SEQ_MAJOR_UNPACKED, math});
    prepare(same);
    Random random(9);
    for (Buffer* buffer : {same.weights.get(), same.x.get(), same.hx.get(), same.cx.get()}) {
      buffer->write(random.normals(buffer->bytes() / sizeof(float)));
    }
    for (const int mode : {FWD_MODE_TRAINING, FWD_MODE_INFERENCE}) {
      expect(0, same.forward(mode), "cudnnRNNForward");
      outputs.push_back(same.y->floats());
    }
  }
  check::that(outputs[0] == outputs[1] && outputs[2] == outputs[3], "inference gives other bits than training");
  check::that(outputs[0] != outputs[2], "CUDNN_DEFAULT_MATH does not round");

  check::group("cuDNN: a layout needs its flag, and spaces depend on the shape");
  Network packed(c);
  check::succeeded(set(packed.rnn, 0, LSTM, 0, DATA_FLOAT, DATA_FLOAT, 6, 0), "cudnnSetRNNDescriptor_v8");
  expect(BAD_PARAM, packed.forward(FWD_MODE_TRAINING), "unpacked without CUDNN_RNN_PADDED_IO_ENABLED");
  bool grows = true;
  size_t last = 0;
  for (int steps = 1; steps < 40; steps++) {
    packed.reshape({steps, 3, 5, 6, 1, DOUBLE_BIAS, SEQ_MAJOR_PACKED});
    cudnnGetRNNTempSpaceSizes(packed.handle, packed.rnn, FWD_MODE_TRAINING, packed.x_descriptor, &needed, &kept);
    grows = grows && needed >= last;
    last = needed;
  }
  check::that(!grows, "a longer sequence always needs at least as large a workspace");
}
