// A device that counts and does nothing.
#include "testing.h"

using namespace testing;

int main(int, char** argv) {
  setenv("TARN_DEVICE_DRY", "on", 1);
  Session s;
  void* host = nullptr;
  WORKS(cuMemAllocHost_v2(&host, 16));
  auto* numbers = static_cast<int*>(host);
  numbers[0] = 7;
  const CUdeviceptr p = s.allocate(16);
  WORKS(cuMemcpyHtoDAsync_v2(p, host, 16, s.stream));
  WORKS(cuMemsetD32Async(p, 3, 4, s.stream));
  WORKS(s.launch("add_to", 1, 4, 0, p, 2, 4));
  EXPECT(counter(device::Counter::LAUNCHES) == 0);   // lazy as ever
  WORKS(cuStreamSynchronize(s.stream));
  EXPECT(counter(device::Counter::LAUNCHES) == 1);
  EXPECT(counter(device::Counter::TO_DEVICE) == 1);
  EXPECT(counter(device::Counter::MEMSETS) == 1);
  // Device memory is memory of this process: it holds what it held at first.
  EXPECT(*reinterpret_cast<const int*>(p) == -1);
  GIVES(CUDA_ERROR_NOT_SUPPORTED, cuMemcpyDtoHAsync_v2(host, p, 16, s.stream));
  GIVES(CUDA_ERROR_NOT_SUPPORTED, cuMemcpyDtoH_v2(host, p, 16));
  CUdeviceptr mapped = 0;
  GIVES(CUDA_ERROR_NOT_SUPPORTED, cuMemHostGetDevicePointer_v2(&mapped, host, 0));
  EXPECT(numbers[0] == 7);
  // What is wrong is refused as ever.
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemsetD32Async(p, 3, 5, s.stream));
  WORKS(cuMemFreeHost(host));
  return result(argv[0]);
}
