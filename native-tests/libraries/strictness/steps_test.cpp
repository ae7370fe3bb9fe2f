// The order of the calls of a training step.
#include "network.h"

using namespace libraries;

namespace {

constexpr int BAD_PARAM = 2000;
constexpr int NOT_SUPPORTED = 3000;

void expect(int wanted, int status, const std::string& what) {
  check::that(status == wanted, what + ": " + cudnn_says(status, "the call") + ", not " + std::to_string(wanted));
}

void prepare(Network& network) {
  for (Buffer* buffer : {network.weights.get(), network.gradients.get(), network.x.get(), network.dy.get(),
                         network.hx.get(), network.cx.get(), network.dhy.get(), network.dcy.get()}) {
    buffer->fill(0);
  }
}

}  // namespace

void test_strict_steps() {
  check::group("cuDNN: the order of a training step");
  const Case c = {4, 3, 5, 6};
  Network network(c);
  prepare(network);
  expect(BAD_PARAM, network.backward_data(), "backward without forward");
  expect(0, network.forward(FWD_MODE_INFERENCE), "inference");
  expect(BAD_PARAM, network.backward_data(), "backward after inference");
  expect(0, network.forward(FWD_MODE_TRAINING), "training");
  expect(BAD_PARAM, network.backward_weights(), "weights before data");
  expect(0, network.backward_data(), "data");
  expect(BAD_PARAM, network.backward_data(), "data twice");
  expect(NOT_SUPPORTED, network.backward_weights(1), "CUDNN_WGRAD_MODE_SET");
  expect(0, network.backward_weights(), "weights");
  expect(BAD_PARAM, network.backward_weights(), "weights twice");
  expect(0, network.forward(FWD_MODE_TRAINING), "training again");

  network.reshape({3, 3, 5, 6});
  expect(BAD_PARAM, network.backward_data(), "sequences of another length");
  network.reshape(c);
  const auto hx = std::move(network.hx);
  expect(BAD_PARAM, network.backward_data(), "hx null in the backward pass alone");
  network.hx = std::make_unique<Buffer>(hx->floats());
  cudnnSetRNNDescriptor_v8(network.rnn, 0, 2, DOUBLE_BIAS, 0, 0, DATA_FLOAT, DATA_FLOAT, FMA_MATH, 5, 6, 6, 1, nullptr,
                           1);
  expect(BAD_PARAM, network.backward_data(), "a descriptor that was set again");
  expect(0, network.forward(FWD_MODE_TRAINING), "training with it");
  expect(0, network.backward_data(), "and backward");
  // A network whose lower layers are frozen has no use for the gradients of the weights.
  expect(0, network.forward(FWD_MODE_TRAINING), "training without the gradients of the weights");
}
