// The part of NVIDIA's driver API that the software device offers, declared here so that no CUDA toolkit is needed. Names and
// numbers are those of cuda.h.
#pragma once

#include <cstddef>

#define DRIVER extern "C" __attribute__((visibility("default"))) CUresult

enum CUresult : int {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CUDA_ERROR_FILE_NOT_FOUND = 301,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_ILLEGAL_STATE = 401,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE = 708,
  CUDA_ERROR_CONTEXT_IS_DESTROYED = 709,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_NOT_SUPPORTED = 801,
  CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
  CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901,
  CUDA_ERROR_STREAM_CAPTURE_MERGE = 902,
  CUDA_ERROR_STREAM_CAPTURE_UNMATCHED = 903,
  CUDA_ERROR_STREAM_CAPTURE_UNJOINED = 904,
  CUDA_ERROR_STREAM_CAPTURE_ISOLATION = 905,
  CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906,
  CUDA_ERROR_CAPTURED_EVENT = 907,
  CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD = 908,
  CUDA_ERROR_UNKNOWN = 999,
};

typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st* CUcontext;
typedef struct CUmod_st* CUmodule;
typedef struct CUfunc_st* CUfunction;
typedef struct CUstream_st* CUstream;
typedef struct CUevent_st* CUevent;
typedef struct CUgraph_st* CUgraph;
typedef struct CUgraphExec_st* CUgraphExec;

constexpr unsigned CU_STREAM_NON_BLOCKING = 1;
constexpr unsigned CU_EVENT_DISABLE_TIMING = 2;
constexpr int CU_STREAM_CAPTURE_MODE_GLOBAL = 0;
constexpr int CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1;
constexpr int CU_STREAM_CAPTURE_MODE_RELAXED = 2;
constexpr int CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
constexpr int CU_JIT_INFO_LOG_BUFFER = 3;
constexpr int CU_JIT_ERROR_LOG_BUFFER = 5;

inline void* const CU_LAUNCH_PARAM_END = nullptr;
inline void* const CU_LAUNCH_PARAM_BUFFER_POINTER = reinterpret_cast<void*>(1);
inline void* const CU_LAUNCH_PARAM_BUFFER_SIZE = reinterpret_cast<void*>(2);
inline CUstream const CU_STREAM_LEGACY = reinterpret_cast<CUstream>(1);
inline CUstream const CU_STREAM_PER_THREAD = reinterpret_cast<CUstream>(2);

DRIVER cuInit(unsigned flags);
DRIVER cuDriverGetVersion(int* version);
DRIVER cuGetErrorName(CUresult error, const char** name);
DRIVER cuGetErrorString(CUresult error, const char** text);

DRIVER cuDeviceGetCount(int* count);
DRIVER cuDeviceGet(CUdevice* device, int ordinal);
DRIVER cuDeviceGetName(char* name, int length, CUdevice device);
DRIVER cuDeviceGetUuid(char* uuid, CUdevice device);
DRIVER cuDeviceGetPCIBusId(char* id, int length, CUdevice device);
DRIVER cuDeviceGetAttribute(int* value, int attribute, CUdevice device);
DRIVER cuDeviceComputeCapability(int* major, int* minor, CUdevice device);
DRIVER cuDeviceTotalMem_v2(size_t* bytes, CUdevice device);
DRIVER cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device);
DRIVER cuDevicePrimaryCtxRelease_v2(CUdevice device);
DRIVER cuDevicePrimaryCtxReset_v2(CUdevice device);
DRIVER cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags);
DRIVER cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active);

DRIVER cuCtxCreate_v2(CUcontext* context, unsigned flags, CUdevice device);
DRIVER cuCtxDestroy_v2(CUcontext context);
DRIVER cuCtxPushCurrent_v2(CUcontext context);
DRIVER cuCtxPopCurrent_v2(CUcontext* context);
DRIVER cuCtxSetCurrent(CUcontext context);
DRIVER cuCtxGetCurrent(CUcontext* context);
DRIVER cuCtxGetDevice(CUdevice* device);
DRIVER cuCtxGetFlags(unsigned* flags);
DRIVER cuCtxGetApiVersion(CUcontext context, unsigned* version);
DRIVER cuCtxGetStreamPriorityRange(int* least, int* greatest);
DRIVER cuCtxSynchronize();

DRIVER cuMemAlloc_v2(CUdeviceptr* memory, size_t bytes);
DRIVER cuMemFree_v2(CUdeviceptr memory);
DRIVER cuMemAllocHost_v2(void** memory, size_t bytes);
DRIVER cuMemHostAlloc(void** memory, size_t bytes, unsigned flags);
DRIVER cuMemHostGetDevicePointer_v2(CUdeviceptr* device, void* memory, unsigned flags);
DRIVER cuMemHostGetFlags(unsigned* flags, void* memory);
DRIVER cuMemFreeHost(void* memory);
DRIVER cuMemGetInfo_v2(size_t* free, size_t* total);
DRIVER cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* bytes, CUdeviceptr memory);
DRIVER cuPointerGetAttribute(void* value, int attribute, CUdeviceptr memory);
DRIVER cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes);
DRIVER cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes);
DRIVER cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes);
DRIVER cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream stream);
DRIVER cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream stream);
DRIVER cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream);
DRIVER cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count);
DRIVER cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count);
DRIVER cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count);
DRIVER cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream);
DRIVER cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream stream);
DRIVER cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream);

DRIVER cuStreamCreate(CUstream* stream, unsigned flags);
DRIVER cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int priority);
DRIVER cuStreamDestroy_v2(CUstream stream);
DRIVER cuStreamSynchronize(CUstream stream);
DRIVER cuStreamQuery(CUstream stream);
DRIVER cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags);
DRIVER cuStreamGetFlags(CUstream stream, unsigned* flags);
DRIVER cuStreamGetPriority(CUstream stream, int* priority);
DRIVER cuStreamGetCtx(CUstream stream, CUcontext* context);
DRIVER cuEventCreate(CUevent* event, unsigned flags);
DRIVER cuEventDestroy_v2(CUevent event);
DRIVER cuEventRecord(CUevent event, CUstream stream);
DRIVER cuEventSynchronize(CUevent event);
DRIVER cuEventQuery(CUevent event);
DRIVER cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end);

DRIVER cuStreamBeginCapture_v2(CUstream stream, int mode);
DRIVER cuStreamEndCapture(CUstream stream, CUgraph* graph);
DRIVER cuStreamIsCapturing(CUstream stream, int* status);
DRIVER cuThreadExchangeStreamCaptureMode(int* mode);
DRIVER cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, unsigned long long flags);
DRIVER cuGraphUpload(CUgraphExec executable, CUstream stream);
DRIVER cuGraphLaunch(CUgraphExec executable, CUstream stream);
DRIVER cuGraphExecDestroy(CUgraphExec executable);
DRIVER cuGraphDestroy(CUgraph graph);
DRIVER cuGraphGetNodes(CUgraph graph, void** nodes, size_t* count);

DRIVER cuModuleLoadData(CUmodule* module, const void* image);
DRIVER cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, int* options, void** values);
DRIVER cuModuleUnload(CUmodule module);
DRIVER cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name);
DRIVER cuModuleGetGlobal_v2(CUdeviceptr* memory, size_t* bytes, CUmodule module, const char* name);
DRIVER cuFuncGetAttribute(int* value, int attribute, CUfunction function);
DRIVER cuFuncSetAttribute(CUfunction function, int attribute, int value);
DRIVER cuFuncSetCacheConfig(CUfunction function, int config);
DRIVER cuFuncGetModule(CUmodule* module, CUfunction function);
DRIVER cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function, int blockSize,
                                                   size_t dynamicShared);
DRIVER cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                      unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters,
                      void** extra);
DRIVER cuProfilerStart();
DRIVER cuProfilerStop();
