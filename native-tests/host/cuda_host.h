// CUDA C++ for a host compiler: the built-in variables, types and functions that the sources in kernels/ use. Every thread
// of a block is a fiber; a fiber runs until it waits for others, at a barrier or for the lanes of its warp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#include "engine.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
// Shared memory of a kernel is static: blocks run one after the other. The section lets the engine poison it before each.
#define __shared__ static __attribute__((section("device_shared")))
#define DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(host::dynamic_shared())

#define threadIdx (host::running().index)
#define blockIdx (host::block_index())
#define blockDim (host::block_size())
#define gridDim (host::grid_size())

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }

inline unsigned __float_as_uint(float v) {
  unsigned bits;
  std::memcpy(&bits, &v, sizeof(bits));
  return bits;
}

inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32);
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }

using std::max;
using std::min;

inline void __syncthreads() { host::barrier(0); }
inline int __syncthreads_or(int predicate) { return host::barrier(predicate != 0) != 0; }

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int laneMask) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "a lane exchanges at most 8 bytes");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  const uint64_t got = host::exchange(mask, bits, host::running().lane ^ laneMask);
  std::memcpy(&value, &got, sizeof(T));
  return value;
}

inline unsigned __ballot_sync(unsigned mask, int predicate) { return host::ballot(mask, predicate != 0); }
