#include "libraries.h"

#include <dlfcn.h>

#include <cstdio>
#include <vector>

namespace libraries {

decltype(cuMemAlloc_v2) cuMemAlloc_v2;
decltype(cuMemFree_v2) cuMemFree_v2;
decltype(cuMemcpyHtoD_v2) cuMemcpyHtoD_v2;
decltype(cuMemcpyDtoH_v2) cuMemcpyDtoH_v2;
decltype(cuMemsetD8_v2) cuMemsetD8_v2;
decltype(cuStreamCreate) cuStreamCreate;
decltype(cuStreamSynchronize) cuStreamSynchronize;
decltype(cuStreamDestroy_v2) cuStreamDestroy_v2;
decltype(cuStreamBeginCapture_v2) cuStreamBeginCapture_v2;
decltype(cuStreamEndCapture) cuStreamEndCapture;
decltype(cuGraphInstantiateWithFlags) cuGraphInstantiateWithFlags;
decltype(cuGraphLaunch) cuGraphLaunch;
decltype(cuGraphExecDestroy) cuGraphExecDestroy;
decltype(cuGraphDestroy) cuGraphDestroy;
decltype(cublasCreate_v2) cublasCreate_v2;
decltype(cublasDestroy_v2) cublasDestroy_v2;
decltype(cublasGetVersion_v2) cublasGetVersion_v2;
decltype(cublasSetStream_v2) cublasSetStream_v2;
decltype(cublasSetMathMode) cublasSetMathMode;
decltype(cublasSetWorkspace_v2) cublasSetWorkspace_v2;
decltype(cublasSgemm_v2) cublasSgemm_v2;
decltype(cublasSgemmStridedBatched) cublasSgemmStridedBatched;
decltype(cublasGemmEx) cublasGemmEx;
decltype(cublasGemmStridedBatchedEx) cublasGemmStridedBatchedEx;
decltype(cublasSgemv_v2) cublasSgemv_v2;
decltype(cublasSgeam) cublasSgeam;
decltype(cublasSaxpy_v2) cublasSaxpy_v2;
decltype(cublasSscal_v2) cublasSscal_v2;
decltype(cublasSasum_v2) cublasSasum_v2;
decltype(cublasSnrm2_v2) cublasSnrm2_v2;
decltype(cudnnGetVersion) cudnnGetVersion;
decltype(cudnnGetErrorString) cudnnGetErrorString;
decltype(cudnnGetLastErrorString) cudnnGetLastErrorString;
decltype(cudnnCreate) cudnnCreate;
decltype(cudnnDestroy) cudnnDestroy;
decltype(cudnnSetStream) cudnnSetStream;
decltype(cudnnCreateTensorDescriptor) cudnnCreateTensorDescriptor;
decltype(cudnnSetTensorNdDescriptor) cudnnSetTensorNdDescriptor;
decltype(cudnnGetTensorNdDescriptor) cudnnGetTensorNdDescriptor;
decltype(cudnnDestroyTensorDescriptor) cudnnDestroyTensorDescriptor;
decltype(cudnnCreateRNNDataDescriptor) cudnnCreateRNNDataDescriptor;
decltype(cudnnSetRNNDataDescriptor) cudnnSetRNNDataDescriptor;
decltype(cudnnDestroyRNNDataDescriptor) cudnnDestroyRNNDataDescriptor;
decltype(cudnnCreateRNNDescriptor) cudnnCreateRNNDescriptor;
decltype(cudnnSetRNNDescriptor_v8) cudnnSetRNNDescriptor_v8;
decltype(cudnnDestroyRNNDescriptor) cudnnDestroyRNNDescriptor;
decltype(cudnnGetRNNWeightSpaceSize) cudnnGetRNNWeightSpaceSize;
decltype(cudnnGetRNNWeightParams) cudnnGetRNNWeightParams;
decltype(cudnnGetRNNTempSpaceSizes) cudnnGetRNNTempSpaceSizes;
decltype(cudnnRNNForward) cudnnRNNForward;
decltype(cudnnRNNBackwardData_v8) cudnnRNNBackwardData_v8;
decltype(cudnnRNNBackwardWeights_v8) cudnnRNNBackwardWeights_v8;

namespace {

int device_capability = 0;
bool software = false;
bool complete = true;

void* load(const std::vector<const char*>& names) {
  for (const char* name : names) {
    // Global, as the parts of cuDNN look for one another.
    if (void* library = dlopen(name, RTLD_NOW | RTLD_GLOBAL)) {
      std::printf("%s", name);
      return library;
    }
  }
  std::printf("there is no %s: %s\n", names.front(), dlerror());
  return nullptr;
}

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) {
    std::printf("there is no function %s\n", name);
    complete = false;
  }
}

#define FIND(function) find(library, #function, function)

bool open_device() {
  void* const library = load({"libcuda.so.1"});
  if (library == nullptr) return false;
  int (*cuInit)(unsigned) = nullptr;
  int (*cuDriverGetVersion)(int*) = nullptr;
  int (*cuDeviceGet)(int*, int) = nullptr;
  int (*cuDeviceGetName)(char*, int, int) = nullptr;
  int (*cuDeviceGetAttribute)(int*, int, int) = nullptr;
  int (*cuDevicePrimaryCtxRetain)(void**, int) = nullptr;
  int (*cuCtxSetCurrent)(void*) = nullptr;
  FIND(cuInit);
  FIND(cuDriverGetVersion);
  FIND(cuDeviceGet);
  FIND(cuDeviceGetName);
  FIND(cuDeviceGetAttribute);
  FIND(cuDevicePrimaryCtxRetain);
  FIND(cuCtxSetCurrent);
  FIND(cuMemAlloc_v2);
  FIND(cuMemFree_v2);
  FIND(cuMemcpyHtoD_v2);
  FIND(cuMemcpyDtoH_v2);
  FIND(cuMemsetD8_v2);
  FIND(cuStreamCreate);
  FIND(cuStreamSynchronize);
  FIND(cuStreamDestroy_v2);
  FIND(cuStreamBeginCapture_v2);
  FIND(cuStreamEndCapture);
  FIND(cuGraphInstantiateWithFlags);
  FIND(cuGraphLaunch);
  FIND(cuGraphExecDestroy);
  FIND(cuGraphDestroy);
  int version = 0;
  int device = 0;
  void* context = nullptr;
  if (!complete || cuInit(0) != 0 || cuDriverGetVersion(&version) != 0 || cuDeviceGet(&device, 0) != 0 ||
      cuDevicePrimaryCtxRetain(&context, device) != 0 || cuCtxSetCurrent(context) != 0) {
    std::printf(": there is no device\n");
    return false;
  }
  constexpr int COMPUTE_CAPABILITY_MAJOR = 75;
  constexpr int COMPUTE_CAPABILITY_MINOR = 76;
  int major = 0;
  int minor = 0;
  char name[256] = "";
  cuDeviceGetAttribute(&major, COMPUTE_CAPABILITY_MAJOR, device);
  cuDeviceGetAttribute(&minor, COMPUTE_CAPABILITY_MINOR, device);
  cuDeviceGetName(name, sizeof name, device);
  device_capability = 10 * major + minor;
  // A function that only the software device has.
  software = dlsym(library, "_ZN6device13range_problemB5cxx11EPKvm") != nullptr;
  std::printf(" %d on %s, compute capability %d.%d%s\n", version, name, major, minor,
              software ? " (the software device)" : "");
  return true;
}

bool open_cublas() {
  void* const library = load({"libcublas.so.12", "libcublas.so.13"});
  if (library == nullptr) return false;
  FIND(cublasCreate_v2);
  FIND(cublasDestroy_v2);
  FIND(cublasGetVersion_v2);
  FIND(cublasSetStream_v2);
  FIND(cublasSetMathMode);
  FIND(cublasSetWorkspace_v2);
  FIND(cublasSgemm_v2);
  FIND(cublasSgemmStridedBatched);
  FIND(cublasGemmEx);
  FIND(cublasGemmStridedBatchedEx);
  FIND(cublasSgemv_v2);
  FIND(cublasSgeam);
  FIND(cublasSaxpy_v2);
  FIND(cublasSscal_v2);
  FIND(cublasSasum_v2);
  FIND(cublasSnrm2_v2);
  if (!complete) return false;
  void* handle = nullptr;
  int version = 0;
  if (cublasCreate_v2(&handle) != 0) return false;
  cublasGetVersion_v2(handle, &version);
  cublasDestroy_v2(handle);
  std::printf(" %d\n", version);
  return true;
}

bool open_cudnn() {
  void* const library = load({"libcudnn.so.9"});
  if (library == nullptr) return false;
  FIND(cudnnGetVersion);
  FIND(cudnnGetErrorString);
  FIND(cudnnGetLastErrorString);
  FIND(cudnnCreate);
  FIND(cudnnDestroy);
  FIND(cudnnSetStream);
  FIND(cudnnCreateTensorDescriptor);
  FIND(cudnnSetTensorNdDescriptor);
  FIND(cudnnGetTensorNdDescriptor);
  FIND(cudnnDestroyTensorDescriptor);
  FIND(cudnnCreateRNNDataDescriptor);
  FIND(cudnnSetRNNDataDescriptor);
  FIND(cudnnDestroyRNNDataDescriptor);
  FIND(cudnnCreateRNNDescriptor);
  FIND(cudnnSetRNNDescriptor_v8);
  FIND(cudnnDestroyRNNDescriptor);
  FIND(cudnnGetRNNWeightSpaceSize);
  FIND(cudnnGetRNNWeightParams);
  FIND(cudnnGetRNNTempSpaceSizes);
  FIND(cudnnRNNForward);
  FIND(cudnnRNNBackwardData_v8);
  FIND(cudnnRNNBackwardWeights_v8);
  if (!complete) return false;
  std::printf(" %zu\n", cudnnGetVersion());
  return true;
}

}  // namespace

bool open() { return open_device() && open_cublas() && open_cudnn(); }

int capability() { return device_capability; }

bool is_software() { return software; }

}  // namespace libraries
