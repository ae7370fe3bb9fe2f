// Capture into graphs, their replay, and what spoils a capture.
#include <thread>

#include "testing.h"

using namespace testing;

namespace {

struct Capturing : Session {
  explicit Capturing(int mode = CU_STREAM_CAPTURE_MODE_GLOBAL) {
    memory = upload(std::vector<int>{0});
    WORKS(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
    WORKS(cuEventCreate(&fork, CU_EVENT_DISABLE_TIMING));
    WORKS(cuEventCreate(&join, CU_EVENT_DISABLE_TIMING));
    WORKS(cuStreamSynchronize(stream));
    WORKS(cuStreamBeginCapture_v2(stream, mode));
  }

  void end(CUresult want) {
    GIVES(want, cuStreamEndCapture(stream, &graph));
    int status = 1;
    WORKS(cuStreamIsCapturing(stream, &status));
    EXPECT(status == 0);
  }

  CUdeviceptr memory = 0;
  CUstream second = nullptr;
  CUevent fork = nullptr, join = nullptr;
  CUgraph graph = nullptr;
};

void replay() {
  Capturing s;
  WORKS(s.launch("add_to", 1, 1, 0, s.memory, 5, 1));
  WORKS(cuEventRecord(s.fork, s.stream));
  WORKS(cuStreamWaitEvent(s.second, s.fork, 0));
  const CUdeviceptr memory = s.memory;
  int one = 1;
  void* parameters[] = {const_cast<CUdeviceptr*>(&memory), &one, &one};
  CUfunction add = s.function("add_to");
  WORKS(cuLaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, s.second, parameters, nullptr));
  one = 77;   // parameters are taken at the call
  WORKS(cuEventRecord(s.join, s.second));
  WORKS(cuStreamWaitEvent(s.stream, s.join, 0));
  s.end(CUDA_SUCCESS);
  size_t nodes = 0;
  WORKS(cuGraphGetNodes(s.graph, nullptr, &nodes));
  EXPECT(nodes == 2);
  CUgraphExec executable = nullptr;
  WORKS(cuGraphInstantiateWithFlags(&executable, s.graph, 0));
  WORKS(cuGraphDestroy(s.graph));
  EXPECT(s.download<int>(s.memory, 1)[0] == 0);   // nothing ran during the capture
  const int64_t before = counter(device::Counter::LAUNCHES);
  for (int k = 0; k < 3; k++) {
    WORKS(cuGraphLaunch(executable, s.stream));
  }
  EXPECT(s.download<int>(s.memory, 1)[0] == 18);
  EXPECT(counter(device::Counter::LAUNCHES) - before == 6);
  WORKS(cuGraphExecDestroy(executable));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuGraphLaunch(executable, s.stream));
}

template <typename Disturb>
void spoiled(CUresult want, Disturb disturb, int mode = CU_STREAM_CAPTURE_MODE_GLOBAL) {
  Capturing s(mode);
  expect(want, disturb(s), "a call that a capture forbids");
  int status = 0;
  WORKS(cuStreamIsCapturing(s.stream, &status));
  EXPECT(status == 2);
  GIVES(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, s.launch("add_to", 1, 1, 0, s.memory, 1, 1));
  s.end(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  WORKS(cuStreamSynchronize(s.stream));
}

void disturbances() {
  const auto allocation = [](Capturing&) {
    CUdeviceptr p = 0;
    return cuMemAlloc_v2(&p, 16);
  };
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, allocation);
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, allocation, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [](Capturing& s) {
    int value = 0;
    return cuMemcpyHtoDAsync_v2(s.memory, &value, 4, s.stream);
  });
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [](Capturing& s) { return cuStreamSynchronize(s.stream); });
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [](Capturing& s) { return cuStreamSynchronize(s.second); });
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [](Capturing&) { return cuCtxSynchronize(); });
  spoiled(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, [](Capturing& s) { return cuMemsetD32_v2(s.memory, 0, 1); });
  spoiled(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, [](Capturing& s) {
    WORKS(cuEventRecord(s.fork, s.second));
    return cuStreamWaitEvent(s.stream, s.fork, 0);
  });
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [](Capturing& s) { return cuStreamDestroy_v2(s.stream); });
  spoiled(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, [](Capturing& s) { return cuStreamQuery(s.stream); });
  spoiled(CUDA_ERROR_CAPTURED_EVENT, [](Capturing& s) {
    WORKS(cuEventRecord(s.fork, s.stream));
    return cuEventSynchronize(s.fork);
  });
}

void modes() {
  Capturing relaxed(CU_STREAM_CAPTURE_MODE_RELAXED);
  relaxed.allocate(16);
  relaxed.end(CUDA_SUCCESS);
  Capturing s(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  CUresult onThread = CUDA_ERROR_UNKNOWN, ending = CUDA_SUCCESS;
  std::thread([&] {
    cuCtxSetCurrent(s.context);
    CUdeviceptr p = 0;
    onThread = cuMemAlloc_v2(&p, 16);
    CUgraph graph = nullptr;
    ending = cuStreamEndCapture(s.stream, &graph);
  }).join();
  EXPECT(onThread == CUDA_SUCCESS);
  EXPECT(ending == CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
  int mode = CU_STREAM_CAPTURE_MODE_RELAXED;
  WORKS(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT(mode == CU_STREAM_CAPTURE_MODE_GLOBAL);
  s.allocate(16);
  WORKS(cuThreadExchangeStreamCaptureMode(&mode));
  s.end(CUDA_SUCCESS);
}

void joins() {
  Capturing s;
  WORKS(cuEventRecord(s.fork, s.stream));
  WORKS(cuStreamWaitEvent(s.second, s.fork, 0));
  WORKS(cuMemsetD32Async(s.memory, 2, 1, s.second));
  GIVES(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, cuStreamEndCapture(s.second, &s.graph));
  s.end(CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  GIVES(CUDA_ERROR_ILLEGAL_STATE, cuStreamEndCapture(s.stream, &s.graph));
  GIVES(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamBeginCapture_v2(nullptr, 0));
}

}  // namespace

int main(int, char** argv) {
  replay();
  disturbances();
  modes();
  joins();
  return result(argv[0]);
}
