// Calls in states that forbid them, contexts of threads, handles, and what the device says of itself.
#include <thread>

#include "testing.h"

using namespace testing;

namespace {

void before_init() {
  int number = 0;
  GIVES(CUDA_ERROR_NOT_INITIALIZED, cuDeviceGetCount(&number));
  WORKS(cuDriverGetVersion(&number));
  EXPECT(number == 12060);
  GIVES(CUDA_ERROR_INVALID_VALUE, cuInit(1));
  WORKS(cuInit(0));
  WORKS(cuDeviceGetCount(&number));
  EXPECT(number == 1);
}

void properties() {
  CUdevice device = 7;
  WORKS(cuDeviceGet(&device, 0));
  GIVES(CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(&device, 1));
  char name[64];
  WORKS(cuDeviceGetName(name, sizeof name, 0));
  EXPECT(std::string(name) == "Tarn software device");
  int major = 0, minor = 0, warp = 0;
  WORKS(cuDeviceComputeCapability(&major, &minor, 0));
  EXPECT(major == 9 && minor == 0);
  WORKS(cuDeviceGetAttribute(&warp, 10, 0));
  EXPECT(warp == 32);
  size_t total = 0;
  WORKS(cuDeviceTotalMem_v2(&total, 0));
  EXPECT(total == size_t{8} << 30);
  const char* text = nullptr;
  WORKS(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &text));
  EXPECT(std::string(text) == "CUDA_ERROR_ILLEGAL_ADDRESS");
  WORKS(cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &text));
  EXPECT(std::string(text) == "out of memory");
  GIVES(CUDA_ERROR_INVALID_VALUE, cuGetErrorName(static_cast<CUresult>(12345), &text));
}

void contexts() {
  CUdeviceptr memory = 0;
  GIVES(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc_v2(&memory, 16));
  CUcontext primary = nullptr, same = nullptr, current = nullptr;
  WORKS(cuDevicePrimaryCtxRetain(&primary, 0));
  WORKS(cuDevicePrimaryCtxRetain(&same, 0));
  EXPECT(primary == same);
  GIVES(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc_v2(&memory, 16));
  WORKS(cuCtxSetCurrent(primary));
  WORKS(cuMemAlloc_v2(&memory, 16));
  CUresult onThread = CUDA_SUCCESS;
  std::thread([&] { onThread = cuMemFree_v2(memory); }).join();
  EXPECT(onThread == CUDA_ERROR_INVALID_CONTEXT);
  std::thread([&] {
    cuCtxSetCurrent(primary);
    onThread = cuMemFree_v2(memory);
  }).join();
  EXPECT(onThread == CUDA_SUCCESS);
  CUcontext second = nullptr;
  WORKS(cuCtxCreate_v2(&second, 0, 0));
  WORKS(cuMemAlloc_v2(&memory, 16));
  WORKS(cuCtxPopCurrent_v2(&current));
  EXPECT(current == second);
  WORKS(cuCtxGetCurrent(&current));
  EXPECT(current == primary);
  // Memory, streams and all else belong to the context that made them.
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemsetD8_v2(memory, 0, 16));
  GIVES(CUDA_ERROR_INVALID_VALUE, cuMemFree_v2(memory));
  CUstream stream = nullptr;
  WORKS(cuStreamCreate(&stream, 0));
  WORKS(cuCtxPushCurrent_v2(second));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
  WORKS(cuMemFree_v2(memory));
  WORKS(cuCtxDestroy_v2(second));
  GIVES(CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(second));
  WORKS(cuStreamDestroy_v2(stream));
  GIVES(CUDA_ERROR_INVALID_CONTEXT, cuCtxDestroy_v2(primary));
  WORKS(cuDevicePrimaryCtxRelease_v2(0));
  WORKS(cuMemAlloc_v2(&memory, 16));
  WORKS(cuMemFree_v2(memory));
  WORKS(cuDevicePrimaryCtxRelease_v2(0));
  GIVES(CUDA_ERROR_CONTEXT_IS_DESTROYED, cuMemAlloc_v2(&memory, 16));
  GIVES(CUDA_ERROR_INVALID_CONTEXT, cuDevicePrimaryCtxRelease_v2(0));
  WORKS(cuCtxSetCurrent(nullptr));
}

void handles() {
  Session s;
  CUstream stream = nullptr;
  WORKS(cuStreamCreate(&stream, 0));
  WORKS(cuStreamDestroy_v2(stream));
  CUstream next = nullptr;
  WORKS(cuStreamCreate(&next, 0));
  EXPECT(next != stream);
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy_v2(stream));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy_v2(nullptr));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuEventSynchronize(reinterpret_cast<CUevent>(next)));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(reinterpret_cast<CUstream>(0x1234560)));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuLaunchKernel(reinterpret_cast<CUfunction>(s.module), 1, 1, 1, 1, 1, 1, 0, nullptr,
                                                  nullptr, nullptr));
  CUfunction function = s.function("add_to");
  WORKS(cuModuleUnload(s.module));
  GIVES(CUDA_ERROR_INVALID_HANDLE, cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  WORKS(cuStreamDestroy_v2(next));
  WORKS(cuStreamDestroy_v2(s.stream));
}

}  // namespace

int main(int, char** argv) {
  before_init();
  properties();
  contexts();
  handles();
  return result(argv[0]);
}
