// What orders operations and when they run. The device is lazy here: what nobody waits for has not happened.
#include <cmath>

#include "testing.h"

using namespace testing;

namespace {

struct Pinned {
  Pinned() { WORKS(cuMemAllocHost_v2(reinterpret_cast<void**>(&at), 64)); }
  ~Pinned() { cuMemFreeHost(at); }
  int* at = nullptr;
};

CUevent event(unsigned flags = CU_EVENT_DISABLE_TIMING) {
  CUevent created = nullptr;
  WORKS(cuEventCreate(&created, flags));
  return created;
}

CUstream another(unsigned flags) {
  CUstream created = nullptr;
  WORKS(cuStreamCreate(&created, flags));
  return created;
}

void pinned_copies() {
  Session s;
  Pinned host;
  const CUdeviceptr p = s.upload(std::vector<int>{1, 2, 3, 4});
  WORKS(cuMemcpyDtoHAsync_v2(host.at, p, 16, s.stream));
  EXPECT(host.at[3] == -1);
  WORKS(cuStreamSynchronize(s.stream));
  EXPECT(host.at[3] == 4);
  // A source that is written to before the copy ran.
  WORKS(cuMemcpyHtoDAsync_v2(p, host.at, 16, s.stream));
  host.at[0] = 99;
  EXPECT(s.download<int>(p, 1)[0] == 99);
  // Pageable memory is staged at the call.
  int pageable = 5;
  WORKS(cuMemcpyHtoDAsync_v2(p, &pageable, 4, s.stream));
  pageable = 6;
  EXPECT(s.download<int>(p, 1)[0] == 5);
}

void events() {
  Session s;
  Pinned host;
  CUstream second = another(CU_STREAM_NON_BLOCKING);
  const CUdeviceptr from = s.upload(std::vector<int>{41}), to = s.allocate(4);
  WORKS(s.launch("add_to", 1, 32, 0, from, 1, 1));
  WORKS(cuMemcpyDtoDAsync_v2(to, from, 4, s.stream));
  WORKS(cuMemcpyDtoHAsync_v2(host.at, to, 4, second));
  WORKS(cuStreamSynchronize(second));
  EXPECT(*host.at == -1);   // nothing said that the second stream waits for the first
  CUevent done = event();
  WORKS(cuEventRecord(done, s.stream));
  WORKS(cuStreamWaitEvent(second, done, 0));
  WORKS(cuMemcpyDtoHAsync_v2(host.at, to, 4, second));
  WORKS(cuStreamSynchronize(second));
  EXPECT(*host.at == 42);
  // What is recorded is what the stream held by then.
  WORKS(s.launch("add_to", 1, 32, 0, to, 1, 1));
  WORKS(cuEventSynchronize(done));
  WORKS(cuMemcpyDtoHAsync_v2(host.at, to, 4, second));
  WORKS(cuStreamSynchronize(second));
  EXPECT(*host.at == 42);
  WORKS(cuCtxSynchronize());
  WORKS(cuMemcpyDtoHAsync_v2(host.at, to, 4, second));
  WORKS(cuStreamSynchronize(second));
  EXPECT(*host.at == 43);
  // An event that was never recorded is waited for in no time.
  CUevent never = event();
  WORKS(cuStreamWaitEvent(second, never, 0));
  WORKS(cuEventSynchronize(never));
  WORKS(cuEventQuery(never));
}

void legacy() {
  Session s;
  Pinned host;
  CUstream blocking = another(0);
  const CUdeviceptr p = s.allocate(4), q = s.allocate(4);
  // The legacy stream waits for blocking streams and they for it ...
  WORKS(cuMemsetD32Async(p, 1, 1, blocking));
  WORKS(cuMemcpyDtoD_v2(q, p, 4));
  WORKS(cuMemcpyDtoHAsync_v2(host.at, q, 4, blocking));
  WORKS(cuStreamSynchronize(blocking));
  EXPECT(*host.at == 1);
  // ... and neither waits for one that is not.
  WORKS(cuMemsetD32Async(p, 2, 1, s.stream));
  int value = 0;
  WORKS(cuMemcpyDtoH_v2(&value, p, 4));
  EXPECT(value == 1);
  WORKS(cuStreamSynchronize(s.stream));
  WORKS(cuMemcpyDtoH_v2(&value, p, 4));
  EXPECT(value == 2);
  // A copy from pageable memory returns once that is staged.
  value = 3;
  WORKS(cuMemcpyHtoD_v2(p, &value, 4));
  WORKS(cuMemcpyDtoHAsync_v2(host.at, p, 4, s.stream));
  WORKS(cuStreamSynchronize(s.stream));
  EXPECT(*host.at == 2);
  WORKS(cuStreamSynchronize(CU_STREAM_LEGACY));
  WORKS(cuMemcpyDtoHAsync_v2(host.at, p, 4, s.stream));
  WORKS(cuStreamSynchronize(s.stream));
  EXPECT(*host.at == 3);
  GIVES(CUDA_ERROR_NOT_SUPPORTED, cuStreamSynchronize(CU_STREAM_PER_THREAD));
}

void queries() {
  Session s;
  CUevent first = event(0), second = event(0);
  const CUdeviceptr p = s.allocate(4);
  float milliseconds = -1;
  WORKS(cuStreamQuery(s.stream));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, first, second));
  WORKS(cuEventRecord(first, s.stream));
  WORKS(cuMemsetD32Async(p, 1, 1, s.stream));
  WORKS(cuEventRecord(second, s.stream));
  GIVES(CUDA_ERROR_NOT_READY, cuStreamQuery(s.stream));
  GIVES(CUDA_ERROR_NOT_READY, cuEventQuery(second));
  GIVES(CUDA_ERROR_NOT_READY, cuEventElapsedTime(&milliseconds, first, second));
  int polls = 0;
  while (cuEventQuery(second) == CUDA_ERROR_NOT_READY && polls < 100) {
    polls++;
  }
  EXPECT(polls < 100);
  WORKS(cuEventElapsedTime(&milliseconds, first, second));
  EXPECT(milliseconds >= 0);
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(&milliseconds, first, event()));
}

// The work of a stream that is destroyed goes on.
void destroyed() {
  Session s;
  CUstream stream = another(CU_STREAM_NON_BLOCKING);
  const CUdeviceptr p = s.allocate(4);
  WORKS(cuMemsetD32Async(p, 8, 1, stream));
  WORKS(cuStreamDestroy_v2(stream));
  WORKS(cuCtxSynchronize());
  EXPECT(s.download<int>(p, 1)[0] == 8);
}

void many() {
  Session s;
  const CUdeviceptr p = s.upload(std::vector<int>{0});
  for (int k = 0; k < 20000; k++) {
    WORKS(s.launch("add_to", 1, 1, 0, p, 1, 1));
  }
  EXPECT(s.download<int>(p, 1)[0] == 20000);
}

}  // namespace

int main(int, char** argv) {
  pinned_copies();
  events();
  legacy();
  queries();
  destroyed();
  many();
  return result(argv[0]);
}
