// What the tests of the software device share: checks, and a session with a context, a stream and the kernels of
// test_kernels.cpp.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "counters.h"
#include "driver.h"

namespace testing {

inline int checks = 0;
inline int failures = 0;

inline void expect(bool holds, const std::string& what) {
  checks++;
  if (!holds) {
    failures++;
    std::printf("FAILED  %s\n", what.c_str());
  }
}

inline void expect(CUresult want, CUresult got, const std::string& what) {
  expect(want == got, what + " gives " + std::to_string(got) + ", expected " + std::to_string(want));
}

#define EXPECT(condition) testing::expect(condition, #condition)
#define GIVES(want, call) testing::expect(want, call, #call)
#define WORKS(call) testing::expect(CUDA_SUCCESS, call, #call)

inline int64_t counter(device::Counter which) {
  const int attribute = device::COUNTER_ATTRIBUTE + 2 * static_cast<int>(which);
  int low = 0, high = 0;
  WORKS(cuDeviceGetAttribute(&low, attribute, 0));
  WORKS(cuDeviceGetAttribute(&high, attribute + 1, 0));
  return static_cast<int64_t>(high) << 32 | static_cast<unsigned>(low);
}

std::string test_ptx();

// A context of its own, so that what spoils it ends with it.
class Session {
 public:
  Session() {
    WORKS(cuInit(0));
    WORKS(cuCtxCreate_v2(&context, 0, 0));
    WORKS(cuModuleLoadData(&module, test_ptx().c_str()));
    WORKS(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { cuCtxDestroy_v2(context); }

  CUdeviceptr allocate(size_t bytes) {
    CUdeviceptr memory = 0;
    WORKS(cuMemAlloc_v2(&memory, bytes));
    return memory;
  }

  template <typename T>
  CUdeviceptr upload(const std::vector<T>& values) {
    const CUdeviceptr memory = allocate(values.size() * sizeof(T));
    WORKS(cuMemcpyHtoDAsync_v2(memory, values.data(), values.size() * sizeof(T), stream));
    return memory;
  }

  template <typename T>
  std::vector<T> download(CUdeviceptr memory, size_t count) {
    std::vector<T> values(count);
    WORKS(cuMemcpyDtoHAsync_v2(values.data(), memory, count * sizeof(T), stream));
    return values;
  }

  CUfunction function(const char* name) {
    CUfunction found = nullptr;
    WORKS(cuModuleGetFunction(&found, module, name));
    return found;
  }

  template <typename... Arguments>
  CUresult launch(const char* name, unsigned grid, unsigned block, unsigned shared, Arguments... arguments) {
    void* parameters[] = {&arguments..., nullptr};
    return cuLaunchKernel(function(name), grid, 1, 1, block, 1, 1, shared, stream, parameters, nullptr);
  }

  // Launches and waits.
  template <typename... Arguments>
  CUresult run(const char* name, unsigned grid, unsigned block, unsigned shared, Arguments... arguments) {
    const CUresult result = launch(name, grid, block, shared, arguments...);
    return result != CUDA_SUCCESS ? result : cuStreamSynchronize(stream);
  }

  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUstream stream = nullptr;
};

inline int result(const char* program) {
  std::printf("%s: %d checks, %d failures\n", program, checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}

}  // namespace testing
