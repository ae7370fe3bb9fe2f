// Work of the libraries that is captured into a graph and run from there more than once.
#include <algorithm>
#include <cmath>
#include <functional>

#include "network.h"

using namespace libraries;

namespace {

constexpr unsigned NON_BLOCKING = 1;
constexpr int CAPTURE_THREAD_LOCAL = 1;

// Captures the calls and runs them `times` times; the status of the first driver call that fails.
int replay(void* stream, int times, const std::function<void()>& calls) {
  void* graph = nullptr;
  void* executable = nullptr;
  if (const int status = cuStreamBeginCapture_v2(stream, CAPTURE_THREAD_LOCAL)) return status;
  calls();
  if (const int status = cuStreamEndCapture(stream, &graph)) return status;
  if (const int status = cuGraphInstantiateWithFlags(&executable, graph, 0)) return status;
  int status = 0;
  for (int i = 0; i < times && status == 0; i++) status = cuGraphLaunch(executable, stream);
  if (status == 0) status = cuStreamSynchronize(stream);
  cuGraphExecDestroy(executable);
  cuGraphDestroy(graph);
  return status;
}

void products(void* stream) {
  check::group("cuBLAS in a graph");
  void* handle = nullptr;
  constexpr size_t WORKSPACE_BYTES = size_t{4} << 20;
  const Buffer workspace(WORKSPACE_BYTES);
  check::succeeded(cublasCreate_v2(&handle), "cublasCreate");
  check::succeeded(cublasSetStream_v2(handle, stream), "cublasSetStream");
  // Setting the stream takes the workspace back, so it comes after.
  check::succeeded(cublasSetWorkspace_v2(handle, workspace.at(), WORKSPACE_BYTES), "cublasSetWorkspace");
  const int n = 16;
  const Buffer a(std::vector<float>(n * n, 0.5f));
  const Buffer c(std::vector<float>(n * n, 1.0f));
  const float one = 1;
  const int times = 3;
  const int status = replay(stream, times, [&] {
    check::succeeded(cublasSgemm_v2(handle, 0, 0, n, n, n, &one, a.at(), n, a.at(), n, &one, c.at(), n), "cublasSgemm");
  });
  check::that(status == 0, "the graph gave " + std::to_string(status));
  const float sum = 1.0f + times * n * 0.25f;
  check::that(c.floats() == std::vector<float>(n * n, sum), "the product was not added three times");
  check::succeeded(cublasDestroy_v2(handle), "cublasDestroy");
}

void steps(void* stream) {
  check::group("cuDNN LSTM in a graph");
  Network network({6, 4, 7, 11, 2});
  Random random(80);
  auto fill = [&](Buffer& buffer) { buffer.write(random.normals(buffer.bytes() / sizeof(float), 0.3)); };
  for (Buffer* buffer : {network.weights.get(), network.x.get(), network.dy.get(), network.hx.get(), network.cx.get(),
                         network.dhy.get(), network.dcy.get()}) {
    fill(*buffer);
  }
  network.gradients->fill(0);
  auto train = [&] {
    check::succeeded(network.forward(FWD_MODE_TRAINING), "cudnnRNNForward");
    check::succeeded(network.backward_data(), "cudnnRNNBackwardData_v8");
    check::succeeded(network.backward_weights(), "cudnnRNNBackwardWeights_v8");
  };
  check::succeeded(cudnnSetStream(network.handle, stream), "cudnnSetStream");
  // Also what a library may set up at its first use, which a capture could not hold.
  train();
  check::succeeded(cuStreamSynchronize(stream), "cuStreamSynchronize");
  const std::vector<float> once = network.gradients->floats();
  const std::vector<float> y = network.y->floats();
  network.gradients->fill(0);
  network.y->fill(0xff);
  const int status = replay(stream, 2, train);
  check::that(status == 0, "the graph gave " + std::to_string(status));
  check::that(network.y->floats() == y, "y of the graph has other bits");
  const std::vector<float> twice = network.gradients->floats();
  double largest = 0;
  double off = 0;
  for (const auto& layer : network.matrices()) {
    for (const Place& place : layer) {
      for (size_t i = place.offset; i < place.offset + static_cast<size_t>(place.rows) * place.columns; i++) {
        largest = std::max(largest, std::fabs(2.0 * once[i]));
        off = std::max(off, std::fabs(twice[i] - 2.0 * once[i]));
      }
    }
  }
  // Not to the bit: the second run may add its terms to the sum one after another.
  check::that(off <= 1e-6 * largest, "two runs of the graph add the gradients twice but for " +
                                         std::to_string(off / largest) + " of the largest");
}

}  // namespace

void test_graphs() {
  void* stream = nullptr;
  check::succeeded(cuStreamCreate(&stream, NON_BLOCKING), "cuStreamCreate");
  products(stream);
  steps(stream);
  check::succeeded(cuStreamDestroy_v2(stream), "cuStreamDestroy");
}
