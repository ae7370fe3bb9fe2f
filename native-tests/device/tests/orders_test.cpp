// Kernels that ship give the same bits whether work runs at once or late, and in whatever order blocks and threads run. The
// program runs itself once for each setting; a run puts kernels on two streams and prints what came out.
#include <fstream>
#include <random>
#include <sstream>

#include "../../../kernels/philox.cuh"
#include "../../../kernels/segments.cuh"
#include "testing.h"

using namespace testing;

namespace {

constexpr int T = 9, B = 5, E = 36, V = 40;

CUmodule load(const std::string& name) {
  std::ifstream file(std::string(TARN_PTX) + "/" + name + ".ptx");
  std::ostringstream text;
  text << file.rdbuf();
  CUmodule module = nullptr;
  WORKS(cuModuleLoadData(&module, text.str().c_str()));
  return module;
}

template <typename... Arguments>
void launch(CUmodule module, const char* name, unsigned x, unsigned y, CUstream stream, Arguments... arguments) {
  CUfunction function = nullptr;
  WORKS(cuModuleGetFunction(&function, module, name));
  void* parameters[] = {&arguments...};
  WORKS(cuLaunchKernel(function, x, y, 1, BLOCK, 1, 1, 0, stream, parameters, nullptr));
}

std::vector<float> normal(size_t count) {
  static std::mt19937 random(1);
  std::normal_distribution<float> distribution;
  std::vector<float> values(count);
  for (float& v : values) {
    v = distribution(random);
  }
  return values;
}

// Embedding forward and backward on one stream, and, once an event says that the gradient is there, the optimizer's kernels
// on another. The second step is replayed from a graph.
std::vector<float> train() {
  Session s;
  CUstream second = nullptr;
  WORKS(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
  CUevent gradient = nullptr, updated = nullptr;
  WORKS(cuEventCreate(&gradient, CU_EVENT_DISABLE_TIMING));
  WORKS(cuEventCreate(&updated, CU_EVENT_DISABLE_TIMING));
  CUmodule embedding = load("embedding"), dropout = load("dropout"), optimizers = load("optimizers"),
           columns = load("column_sums");
  std::vector<int> ids(T * B);
  for (int i = 0; i < T * B; i++) {
    ids[static_cast<size_t>(i)] = i * i % V;
  }
  const CUdeviceptr w = s.upload(normal(V * E)), tokens = s.upload(ids), out = s.allocate(T * B * E * 4),
                    dw = s.allocate(V * E * 4), m = s.allocate(V * E * 4), mean = s.allocate(V * E * 4),
                    sums = s.allocate(8), clip = s.allocate(8), bias = s.upload(normal(B * E));
  const DropoutMask rows{nullptr, 1, 2, 3, 4, 5, 1 << 22, 1.25f, MASK_DRAWN};
  const DropoutMask input{nullptr, 6, 7, 8, 9, 10, 1 << 23, 2.0f, MASK_DRAWN};
  Segments segments{};
  segments.at[0] = {0, V * E, 0, 0, 4};
  segments.size = 1;
  WORKS(cuMemcpyDtoDAsync_v2(mean, w, V * E * 4, s.stream));
  const auto step = [&] {
    const unsigned x = (B * E / 4 + BLOCK - 1) / BLOCK, y = (T + 7) / 8;
    launch(embedding, "embedding_forward", x, y, s.stream, out, w, tokens, rows, input, T, B, E, 4);
    launch(dropout, "locked_dropout", x, y, s.stream, out, out, input, T, B * E, 4);
    WORKS(cuMemsetD32Async(dw, 0, V * E, s.stream));
    launch(embedding, "embedding_backward", T * B, 1, s.stream, dw, out, tokens, rows, input, T * B, B, E, -1, 4);
    WORKS(cuEventRecord(gradient, s.stream));
    WORKS(cuStreamWaitEvent(second, gradient, 0));
    launch(columns, "column_sums", (B * E + 31) / 32, 1, s.stream, bias, CUdeviceptr{0}, out, T, B * E);
    launch(optimizers, "gradient_squares", 1, 1, second, sums, dw, segments);
    launch(optimizers, "gradient_clip", 1, 1, second, clip, sums, 1, 0.25);
    launch(optimizers, "average_step", 1, 1, second, mean, dw, 0.5f, segments);
    launch(optimizers, "average_step", 1, 1, second, w, dw, -0.01f, segments);
    WORKS(cuMemcpyDtoDAsync_v2(m, mean, V * E * 4, second));
    WORKS(cuEventRecord(updated, second));
    WORKS(cuStreamWaitEvent(s.stream, updated, 0));
  };
  step();
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  WORKS(cuStreamBeginCapture_v2(s.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  step();
  WORKS(cuStreamEndCapture(s.stream, &graph));
  WORKS(cuGraphInstantiateWithFlags(&executable, graph, 0));
  WORKS(cuGraphLaunch(executable, s.stream));
  WORKS(cuGraphLaunch(executable, s.stream));
  std::vector<float> all;
  for (const auto& [memory, count] : std::vector<std::pair<CUdeviceptr, size_t>>{
           {out, T * B * E}, {dw, V * E}, {m, V * E}, {w, V * E}, {bias, B * E}, {clip, 2}}) {
    const auto values = s.download<float>(memory, count);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

// FNV-1a, and how many of the values are numbers other than 0.
std::string summary(const std::vector<float>& values) {
  unsigned long long hash = 14695981039346656037ull;
  int numbers = 0;
  for (float value : values) {
    unsigned bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 1099511628211ull;
    numbers += value == value && value != 0.0f;
    EXPECT(value == value);
  }
  char text[64];
  std::snprintf(text, sizeof text, "%016llx of %zu, %d not 0", hash, values.size(), numbers);
  return text;
}

std::string output(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  char line[256] = "";
  EXPECT(pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr);
  EXPECT(pclose(pipe) == 0);
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    std::printf("%s\n", summary(train()).c_str());
    return failures == 0 ? 0 : 1;
  }
  std::string first;
  for (const char* mode : {"lazy", "eager"}) {
    for (const char* order : {"forward", "reverse", "random:1", "random:2"}) {
      const std::string setting = std::string("TARN_DEVICE_MODE=") + mode + " TARN_DEVICE_ORDER=" + order;
      const std::string got = output(setting + " TARN_DEVICE_LOG=/dev/null '" + argv[0] + "' run");
      first = first.empty() ? got : first;
      expect(got == first && got.size() > 20, setting + " gives " + got + ", expected " + first);
      std::printf("%s: %s", setting.c_str(), got.c_str());
    }
  }
  const std::string checked = output(std::string("TARN_DEVICE_CHECK=on '") + argv[0] + "' run");
  expect(checked == first, "the kernels under check give " + checked + ", expected " + first);
  const std::string hidden = output(std::string("TARN_DEVICE_HIDDEN=on TARN_DEVICE_LOG=/dev/null '") + argv[0] + "' run");
  expect(hidden == first, "with device memory hidden they give " + hidden + ", expected " + first);
  GIVES(CUDA_ERROR_INVALID_VALUE, (setenv("TARN_DEVICE_ORDER", "sideways", 1), cuInit(0)));
  return result(argv[0]);
}
