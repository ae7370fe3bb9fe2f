// The calls of NVIDIA's driver, cuBLAS and cuDNN that the tests make, taken from whatever libraries the loader finds:
// the same program runs against a GPU and against the software device. No toolkit header is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace libraries {

// Loads the three libraries, makes the first device's primary context current, prints what was found. False if one is
// missing.
bool open();

// Of the device, times ten.
int capability();

// Whether the device is the software one.
bool is_software();

typedef unsigned long long Address;

extern int (*cuMemAlloc_v2)(Address*, size_t);
extern int (*cuMemFree_v2)(Address);
extern int (*cuMemcpyHtoD_v2)(Address, const void*, size_t);
extern int (*cuMemcpyDtoH_v2)(void*, Address, size_t);
extern int (*cuMemsetD8_v2)(Address, unsigned char, size_t);
extern int (*cuStreamCreate)(void**, unsigned);
extern int (*cuStreamSynchronize)(void*);
extern int (*cuStreamDestroy_v2)(void*);
extern int (*cuStreamBeginCapture_v2)(void*, int);
extern int (*cuStreamEndCapture)(void*, void**);
extern int (*cuGraphInstantiateWithFlags)(void**, void*, unsigned long long);
extern int (*cuGraphLaunch)(void*, void*);
extern int (*cuGraphExecDestroy)(void*);
extern int (*cuGraphDestroy)(void*);

extern int (*cublasCreate_v2)(void**);
extern int (*cublasDestroy_v2)(void*);
extern int (*cublasGetVersion_v2)(void*, int*);
extern int (*cublasSetStream_v2)(void*, void*);
extern int (*cublasSetMathMode)(void*, int);
extern int (*cublasSetWorkspace_v2)(void*, void*, size_t);
extern int (*cublasSgemm_v2)(void*, int, int, int, int, int, const float*, const void*, int, const void*, int,
                             const float*, void*, int);
extern int (*cublasSgemmStridedBatched)(void*, int, int, int, int, int, const float*, const void*, int, long long,
                                        const void*, int, long long, const float*, void*, int, long long, int);
extern int (*cublasGemmEx)(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int,
                           const void*, void*, int, int, int, int);
extern int (*cublasGemmStridedBatchedEx)(void*, int, int, int, int, int, const void*, const void*, int, int, long long,
                                         const void*, int, int, long long, const void*, void*, int, int, long long,
                                         int, int, int);
extern int (*cublasSgemv_v2)(void*, int, int, int, const float*, const void*, int, const void*, int, const float*,
                             void*, int);
extern int (*cublasSgeam)(void*, int, int, int, int, const float*, const void*, int, const float*, const void*, int,
                          void*, int);
extern int (*cublasSaxpy_v2)(void*, int, const float*, const void*, int, void*, int);
extern int (*cublasSscal_v2)(void*, int, const float*, void*, int);
extern int (*cublasSasum_v2)(void*, int, const void*, int, float*);
extern int (*cublasSnrm2_v2)(void*, int, const void*, int, float*);

extern size_t (*cudnnGetVersion)();
extern const char* (*cudnnGetErrorString)(int);
extern void (*cudnnGetLastErrorString)(char*, size_t);
extern int (*cudnnCreate)(void**);
extern int (*cudnnDestroy)(void*);
extern int (*cudnnSetStream)(void*, void*);
extern int (*cudnnCreateTensorDescriptor)(void**);
extern int (*cudnnSetTensorNdDescriptor)(void*, int, int, const int*, const int*);
extern int (*cudnnGetTensorNdDescriptor)(void*, int, int*, int*, int*, int*);
extern int (*cudnnDestroyTensorDescriptor)(void*);
extern int (*cudnnCreateRNNDataDescriptor)(void**);
extern int (*cudnnSetRNNDataDescriptor)(void*, int, int, int, int, int, const int*, void*);
extern int (*cudnnDestroyRNNDataDescriptor)(void*);
extern int (*cudnnCreateRNNDescriptor)(void**);
extern int (*cudnnSetRNNDescriptor_v8)(void*, int, int, int, int, int, int, int, int, int32_t, int32_t, int32_t,
                                       int32_t, void*, uint32_t);
extern int (*cudnnDestroyRNNDescriptor)(void*);
extern int (*cudnnGetRNNWeightSpaceSize)(void*, void*, size_t*);
extern int (*cudnnGetRNNWeightParams)(void*, void*, int32_t, size_t, const void*, int32_t, void*, void**, void*,
                                      void**);
extern int (*cudnnGetRNNTempSpaceSizes)(void*, void*, int, void*, size_t*, size_t*);
extern int (*cudnnRNNForward)(void*, void*, int, const int32_t*, void*, const void*, void*, void*, void*, const void*,
                              void*, void*, const void*, void*, size_t, const void*, size_t, void*, size_t, void*);
extern int (*cudnnRNNBackwardData_v8)(void*, void*, const int32_t*, void*, const void*, const void*, void*, void*,
                                      void*, const void*, const void*, void*, void*, const void*, const void*, void*,
                                      size_t, const void*, size_t, void*, size_t, void*);
extern int (*cudnnRNNBackwardWeights_v8)(void*, void*, int, const int32_t*, void*, const void*, void*, const void*,
                                         void*, const void*, size_t, void*, size_t, void*, size_t, void*);

}  // namespace libraries
