// What several kernels need: vector accesses, reductions within a warp and a block. No kernels.
//
// The same sources are compiled by nvcc to PTX and, with TARN_HOST defined, by a host compiler for the software device and
// for the tests under sanitizers; cuda_host.h then supplies the built-in variables and functions of CUDA C++.
#pragma once

#ifdef TARN_HOST
#include "cuda_host.h"
#else
#include <cuda_runtime.h>
// Dynamic shared memory, 16-byte aligned.
#define DYNAMIC_SHARED(type, name)                            \
  extern __shared__ __align__(16) unsigned char name##Bytes[]; \
  type* name = reinterpret_cast<type*>(name##Bytes)
#endif

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

// Threads of a block in every kernel that does not say otherwise; PTX carries it as .maxntid, where Java reads it.
constexpr int BLOCK = 256;

// W floats that are loaded and stored at once: 16 bytes where shape and addresses allow it (W = 4), else one (W = 1).
template <int W>
struct Floats {
  float at[W];
};

template <int W>
__device__ __forceinline__ Floats<W> load(const float* p);

template <>
__device__ __forceinline__ Floats<1> load<1>(const float* p) {
  return {{*p}};
}

template <>
__device__ __forceinline__ Floats<4> load<4>(const float* p) {
  const float4 v = *reinterpret_cast<const float4*>(p);
  return {{v.x, v.y, v.z, v.w}};
}

__device__ __forceinline__ void store(float* p, const Floats<1>& v) { *p = v.at[0]; }

__device__ __forceinline__ void store(float* p, const Floats<4>& v) {
  *reinterpret_cast<float4*>(p) = make_float4(v.at[0], v.at[1], v.at[2], v.at[3]);
}

// bfloat16, as bits: what tensor cores multiply where a run asks for it. Kernels calculate in float and only write it.
typedef unsigned short Bf16;

// The nearest one, ties to even. By integers: the instruction for it came with compute capability 8.0.
__device__ __forceinline__ Bf16 to_bf16(float v) {
  const unsigned bits = __float_as_uint(v);
  const bool isNan = (bits & 0x7fffffffu) > 0x7f800000u;
  return static_cast<Bf16>(isNan ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

__device__ __forceinline__ void store(Bf16* p, const Floats<1>& v) { *p = to_bf16(v.at[0]); }

__device__ __forceinline__ void store(Bf16* p, const Floats<4>& v) {
  *reinterpret_cast<uint2*>(p) = make_uint2(to_bf16(v.at[0]) | static_cast<unsigned>(to_bf16(v.at[1])) << 16,
                                            to_bf16(v.at[2]) | static_cast<unsigned>(to_bf16(v.at[3])) << 16);
}

// The sum over a warp, in every lane; a butterfly, so the order of additions is the same everywhere and each time.
template <typename T>
__device__ __forceinline__ T warp_sum(T v) {
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset /= 2) {
    v += __shfl_xor_sync(ALL_LANES, v, offset);
  }
  return v;
}

__device__ __forceinline__ float warp_max(float v) {
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset /= 2) {
    v = fmaxf(v, __shfl_xor_sync(ALL_LANES, v, offset));
  }
  return v;
}

// The sum over a block of BLOCK threads, in every thread. `scratch` has BLOCK / WARP entries and may be used again after
// the next barrier.
template <typename T>
__device__ __forceinline__ T block_sum(T v, T* scratch) {
  v = warp_sum(v);
  if (threadIdx.x % WARP == 0) {
    scratch[threadIdx.x / WARP] = v;
  }
  __syncthreads();
  T sum = scratch[0];
#pragma unroll
  for (int warp = 1; warp < BLOCK / WARP; warp++) {
    sum += scratch[warp];
  }
  return sum;
}
