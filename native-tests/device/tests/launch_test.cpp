// Launches: their parameters and limits, and kernels that go wrong.
#include <cmath>

#include "testing.h"

using namespace testing;

namespace {

void parameters() {
  Session s;
  const CUdeviceptr p = s.allocate(4);
  struct {
    long long first;
    int second, padding;
  } pair = {40, 2, 0};
  WORKS(s.run("take_struct", 1, 1, 0, p, pair, 2.0));
  EXPECT(s.download<int>(p, 1)[0] == 84);
  unsigned char buffer[32];
  size_t bytes = sizeof buffer;
  const double factor = 3.0;
  std::memcpy(buffer, &p, 8);
  std::memcpy(buffer + 8, &pair, 16);
  std::memcpy(buffer + 24, &factor, 8);
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, buffer, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};
  CUfunction take = s.function("take_struct");
  WORKS(cuLaunchKernel(take, 1, 1, 1, 1, 1, 1, 0, s.stream, nullptr, extra));
  EXPECT(s.download<int>(p, 1)[0] == 126);
  bytes = 31;
  GIVES(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(take, 1, 1, 1, 1, 1, 1, 0, s.stream, nullptr, extra));
  bytes = 32;
  void* missing[] = {buffer, nullptr, buffer};
  GIVES(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(take, 1, 1, 1, 1, 1, 1, 0, s.stream, missing, nullptr));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(take, 1, 1, 1, 1, 1, 1, 0, s.stream, missing, extra));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(take, 1, 1, 1, 1, 1, 1, 0, s.stream, nullptr, nullptr));
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("add_to", 1, 1, 0, &pair, 1, 1));   // a pointer of the host
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("add_to", 1, 1, 0, p + 2, 1, 1));   // one that no int lies at
}

void limits() {
  Session s;
  const CUdeviceptr p = s.allocate(1024);
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("add_to", 0, 1, 0, p, 1, 1));
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("add_to", 1, 0, 0, p, 1, 1));
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("add_to", 1, 257, 0, p, 1, 1));   // of .maxntid 256
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("add_to", 0x80000000u, 1, 0, p, 1, 1));
  void* parameters[3];
  GIVES(CUDA_ERROR_INVALID_VALUE,
        cuLaunchKernel(s.function("add_to"), 1, 65536, 1, 1, 1, 1, 0, s.stream, parameters, nullptr));
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("dynamic_at", 1, 1, 49153, p, 0));
  CUfunction dynamic = s.function("dynamic_at");
  GIVES(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(dynamic, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 300000));
  WORKS(cuFuncSetAttribute(dynamic, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 100000));
  WORKS(s.run("dynamic_at", 1, 1, 100000, p, 24999));
  EXPECT(s.download<float>(p, 1)[0] == 2.0f);
  int threads = 0, blocks = 0;
  WORKS(cuFuncGetAttribute(&threads, 0, dynamic));
  EXPECT(threads == 256);
  WORKS(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, dynamic, 256, 0));
  EXPECT(blocks == 8);
}

// A fault is seen by the call that waits, and by every call after it.
template <typename... Arguments>
void faulty(CUresult want, Session& s, const char* kernel, unsigned block, unsigned shared, Arguments... arguments) {
  const int64_t before = counter(device::Counter::FAULTS);
  WORKS(s.launch(kernel, 1, block, shared, arguments...));
  expect(want, cuStreamSynchronize(s.stream), kernel);
  CUdeviceptr p = 0;
  expect(want, cuMemAlloc_v2(&p, 4), std::string(kernel) + ", and the next call");
  EXPECT(counter(device::Counter::FAULTS) - before == 1);
}

void faults() {
  {
    Session s;
    faulty(CUDA_ERROR_ILLEGAL_ADDRESS, s, "write_at", 1, 0, s.allocate(1024), 256);
  }
  {
    Session s;
    faulty(CUDA_ERROR_ILLEGAL_ADDRESS, s, "read_at", 1, 0, s.allocate(4), s.allocate(1024), -1000);
  }
  {
    Session s;
    faulty(CUDA_ERROR_ILLEGAL_ADDRESS, s, "write_at", 1, 0, CUdeviceptr{0}, 0);
  }
  {
    Session s;
    const CUdeviceptr p = s.allocate(4096), q = s.allocate(4096);
    WORKS(cuMemFree_v2(q));
    faulty(CUDA_ERROR_ILLEGAL_ADDRESS, s, "write_at", 1, 0, p, static_cast<int>(q - p) / 4);
  }
  {
    Session s;
    const CUdeviceptr p = s.allocate(64);
    faulty(CUDA_ERROR_MISALIGNED_ADDRESS, s, "load_four", 1, 0, p, p + 4);
  }
  {
    Session s;
    faulty(CUDA_ERROR_LAUNCH_FAILED, s, "divide", 1, 0, s.allocate(4), 0);
  }
  for (const char* kernel : {"half_at_barrier", "lane_outside", "lanes_returned"}) {
    Session s;
    faulty(CUDA_ERROR_LAUNCH_FAILED, s, kernel, 32, 0, s.allocate(4096));
  }
  {
    Session s;
    faulty(CUDA_ERROR_ILLEGAL_ADDRESS, s, "dynamic_at", 1, 64, s.allocate(4), 16);
  }
  // After all that, and in the same process, kernels still work.
  Session s;
  const CUdeviceptr p = s.upload(std::vector<int>(1000, 1));
  WORKS(s.run("add_to", 4, 256, 0, p, 2, 1000));
  EXPECT(s.download<int>(p, 1000) == std::vector<int>(1000, 3));
}

void shared_memory() {
  Session s;
  const CUdeviceptr p = s.allocate(64 * sizeof(float));
  WORKS(s.run("neighbour", 1, 64, 0, p, 1));
  const auto right = s.download<float>(p, 64);
  EXPECT(right[5] == 6.0f && right[63] == 0.0f);
  // Without the barrier a thread reads before its neighbour has written.
  WORKS(s.run("neighbour", 1, 64, 0, p, 0));
  EXPECT(std::isnan(s.download<float>(p, 64)[5]));
}

}  // namespace

int main(int, char** argv) {
  parameters();
  limits();
  faults();
  shared_memory();
  return result(argv[0]);
}
