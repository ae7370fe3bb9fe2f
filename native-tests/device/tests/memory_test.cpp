// Memory: bounds, freed memory, what fresh memory holds, limits, and what copies make of wrong pointers.
#include <cmath>

#include "testing.h"

using namespace testing;

namespace {

void bounds() {
  Session s;
  const CUdeviceptr p = s.allocate(100);
  EXPECT(p % 256 == 0);
  std::vector<char> host(200);
  WORKS(cuMemcpyHtoD_v2(p, host.data(), 100));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(p, host.data(), 101));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH_v2(host.data(), p + 1, 100));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(p - 1, host.data(), 1));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemsetD32_v2(p, 0, 26));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemsetD32_v2(p + 2, 0, 1));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemsetD8_v2(p, 0, ~size_t{0}));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(0x1000, host.data(), 1));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(p, nullptr, 1));
  // Device memory on the side of the host.
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(p, reinterpret_cast<void*>(p), 4));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH_v2(reinterpret_cast<void*>(p), p, 4));
  CUdeviceptr base = 0;
  size_t bytes = 0;
  WORKS(cuMemGetAddressRange_v2(&base, &bytes, p + 99));
  EXPECT(base == p && bytes == 100);
  GIVES(CUDA_ERROR_NOT_FOUND, cuMemGetAddressRange_v2(&base, &bytes, p + 100));
  unsigned type = 0;
  WORKS(cuPointerGetAttribute(&type, 2, p));
  EXPECT(type == 2);
  WORKS(cuMemFree_v2(p));
}

void freed() {
  Session s;
  const CUdeviceptr p = s.allocate(100);
  WORKS(cuMemFree_v2(p));
  int value = 0;
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH_v2(&value, p, 4));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(p));
  GIVES(CUDA_ERROR_INVALID_VALUE, s.launch("add_to", 1, 1, 0, p, 1, 1));
  const CUdeviceptr q = s.allocate(100);
  EXPECT(q != p);
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(q + 4));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(reinterpret_cast<void*>(q)));
  WORKS(cuMemFree_v2(q));
  WORKS(cuMemFree_v2(0));
}

void poison() {
  Session s;
  for (size_t count : {size_t{25}, size_t{5} << 20}) {
    const CUdeviceptr p = s.allocate(count * sizeof(float));
    const auto values = s.download<float>(p, count);
    EXPECT(std::isnan(values.front()) && std::isnan(values.back()));
    WORKS(cuMemFree_v2(p));
  }
  void* pinned = nullptr;
  WORKS(cuMemAllocHost_v2(&pinned, 64));
  EXPECT(std::isnan(*static_cast<float*>(pinned)));
  WORKS(cuMemFreeHost(pinned));
  WORKS(cuMemHostAlloc(&pinned, 64, 1));
  EXPECT(*static_cast<int*>(pinned) == -1);
  WORKS(cuMemFreeHost(pinned));
}

void limits() {
  Session s;
  CUdeviceptr p = 0, q = 0;
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemAlloc_v2(&p, 0));
  GIVES(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc_v2(&p, ~size_t{0}));
  size_t before = 0, after = 0, total = 0;
  WORKS(cuMemGetInfo_v2(&before, &total));
  // Untouched memory takes none of the host's.
  p = s.allocate(size_t{6} << 30);
  WORKS(cuMemGetInfo_v2(&after, &total));
  EXPECT(before - after == size_t{6} << 30);
  GIVES(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc_v2(&q, size_t{3} << 30));
  WORKS(cuMemsetD8Async(p + (size_t{5} << 30), 1, 5000, s.stream));
  EXPECT(s.download<char>(p + (size_t{5} << 30), 5000)[4999] == 1);
  WORKS(cuMemFree_v2(p));
  WORKS(cuMemGetInfo_v2(&after, &total));
  EXPECT(before == after && total == size_t{8} << 30);
}

// What lies between the end of an allocation and the page without access is looked at when it is freed.
void padding() {
  Session s;
  const CUdeviceptr p = s.allocate(100);
  WORKS(s.run("write_at", 1, 1, 0, p, 25));
  GIVES(CUDA_ERROR_ILLEGAL_ADDRESS, cuMemFree_v2(p));
  const CUdeviceptr q = s.allocate(100);
  WORKS(s.run("write_at", 1, 1, 0, q, -1));
  GIVES(CUDA_ERROR_ILLEGAL_ADDRESS, cuMemFree_v2(q));
}

void fills_and_copies() {
  Session s;
  const CUdeviceptr p = s.allocate(64), q = s.allocate(64);
  WORKS(cuMemsetD8Async(p, 0xab, 64, s.stream));
  WORKS(cuMemsetD16Async(p, 0x1234, 8, s.stream));
  WORKS(cuMemsetD32Async(p + 32, 7, 4, s.stream));
  WORKS(cuMemcpyDtoDAsync_v2(q, p, 64, s.stream));
  const auto bytes = s.download<unsigned char>(q, 64);
  EXPECT(bytes[0] == 0x34 && bytes[15] == 0x12 && bytes[16] == 0xab && bytes[32] == 7 && bytes[47] == 0 &&
         bytes[63] == 0xab);
  const int64_t before = counter(device::Counter::FROM_DEVICE_BYTES);
  s.download<char>(q, 60);
  EXPECT(counter(device::Counter::FROM_DEVICE_BYTES) - before == 60);
}

}  // namespace

int main(int, char** argv) {
  bounds();
  freed();
  poison();
  limits();
  padding();
  fills_and_copies();
  return result(argv[0]);
}
