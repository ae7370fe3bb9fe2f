// The weights of an LSTM layer on their way into the space that the recurrent layer reads, with weight drop, and their
// gradients on the way back.
#include "philox.cuh"

// A layer in the weight space is 16 chunks: of wIh, wHh, bIh and bHh in this order, the rows of gate i, f, g and o. The
// space has each chunk where cuDNN wants it.
constexpr int CHUNKS = 16;

// Where the chunks start in the weight space, in floats.
struct WeightSpace {
  long long starts[CHUNKS];
};

// The chunk of a block: blockIdx.y.
struct Chunk {
  int tensor;           // 0 wIh, 1 wHh, 2 bIh, 3 bHh
  int size;             // elements
  long long inTensor;   // where it starts in its tensor
  long long inSpace;    // where it starts in the weight space
};

__device__ __forceinline__ Chunk chunk_of(const WeightSpace& space, int hidden, int inputs) {
  const int index = blockIdx.y;
  const int tensor = index / 4;
  const int size = tensor == 0 ? hidden * inputs : tensor == 1 ? hidden * hidden : hidden;
  long long start = 0;
#pragma unroll
  for (int k = 0; k < CHUNKS; k++) {
    // Selects instead of an index, which would copy the parameter into local memory.
    start = k == index ? space.starts[k] : start;
  }
  return {tensor, size, static_cast<long long>(index % 4) * size, start};
}

template <typename T>
__device__ __forceinline__ T* of_tensor(int tensor, T* wIh, T* wHh, T* bIh, T* bHh) {
  return tensor == 0 ? wIh : tensor == 1 ? wHh : tensor == 2 ? bIh : bHh;
}

template <int W>
__device__ __forceinline__ void load_chunk(float* __restrict__ target, const float* __restrict__ source,
                                           const DropoutMask& mask, const Chunk& chunk) {
  for (int e = (blockIdx.x * BLOCK + threadIdx.x) * W; e < chunk.size; e += gridDim.x * BLOCK * W) {
    Floats<W> v = load<W>(source + chunk.inTensor + e);
    if (chunk.tensor == 1) {
      const Floats<W> m = mask_at<W>(mask, chunk.inTensor + e);
#pragma unroll
      for (int k = 0; k < W; k++) {
        v.at[k] *= m.at[k];
      }
    }
    store(target + chunk.inSpace + e, v);
  }
}

// math:        space = (wIh, mask * wHh, bIh, bHh), each gate where the weight space wants it
// shapes:      target: the weight space; wIh [4H,I], wHh [4H,H], bIh and bHh [4H]; mask over 4H*H
// grid:        x: grid-stride over the elements of a chunk, at most H * max(I, H) / vec; y = 16.
//              vec = 4 needs H % 4 == 0, I % 4 == 0 and 16-byte addresses
// traffic:     reads 4, writes 4 bytes a weight; a given mask adds 4 a recurrent weight
// determinism: one thread per element
// aliasing:    none
// source:      Merity et al. 2017, section 2 (DropConnect on the recurrent matrices)
extern "C" __global__ void __launch_bounds__(BLOCK)
    lstm_weights_load(float* __restrict__ target, const float* __restrict__ wIh, const float* __restrict__ wHh,
                      const float* __restrict__ bIh, const float* __restrict__ bHh, WeightSpace space,
                      DropoutMask mask, int hidden, int inputs, int vec) {
  const Chunk chunk = chunk_of(space, hidden, inputs);
  const float* source = of_tensor(chunk.tensor, wIh, wHh, bIh, bHh);
  if (vec == 4) {
    load_chunk<4>(target, source, mask, chunk);
  } else {
    load_chunk<1>(target, source, mask, chunk);
  }
}

template <int W>
__device__ __forceinline__ void write_chunk(float* __restrict__ target, const float* __restrict__ source,
                                            const DropoutMask& mask, const Chunk& chunk, bool adds) {
  for (int e = (blockIdx.x * BLOCK + threadIdx.x) * W; e < chunk.size; e += gridDim.x * BLOCK * W) {
    Floats<W> v = load<W>(source + chunk.inSpace + e);
    if (chunk.tensor == 1) {
      const Floats<W> m = mask_at<W>(mask, chunk.inTensor + e);
#pragma unroll
      for (int k = 0; k < W; k++) {
        v.at[k] *= m.at[k];
      }
    }
    if (adds) {
      const Floats<W> before = load<W>(target + chunk.inTensor + e);
#pragma unroll
      for (int k = 0; k < W; k++) {
        v.at[k] += before.at[k];
      }
    }
    store(target + chunk.inTensor + e, v);
  }
}

// math:        (dwIh, dwHh, dbIh, dbHh) = (space's, mask * space's, space's, space's), or added
// shapes:      source: a gradient in the layout of the weight space; the others as in lstm_weights_load
// grid:        as lstm_weights_load
// traffic:     reads 4, or 8 where it adds, writes 4 bytes a weight; a given mask adds 4 a recurrent weight
// determinism: one thread per element
// aliasing:    none
// source:      the derivative of lstm_weights_load; the mask is drawn again
extern "C" __global__ void __launch_bounds__(BLOCK)
    lstm_weights_gradient(float* __restrict__ dwIh, float* __restrict__ dwHh, float* __restrict__ dbIh,
                          float* __restrict__ dbHh, const float* __restrict__ source, int adds,
                          WeightSpace space, DropoutMask mask, int hidden, int inputs, int vec) {
  const Chunk chunk = chunk_of(space, hidden, inputs);
  float* target = of_tensor(chunk.tensor, dwIh, dwHh, dbIh, dbHh);
  if (vec == 4) {
    write_chunk<4>(target, source, mask, chunk, adds != 0);
  } else {
    write_chunk<1>(target, source, mask, chunk, adds != 0);
  }
}

template <int W>
__device__ __forceinline__ void add_masked(float* __restrict__ target, const float* __restrict__ source,
                                           const DropoutMask& mask, long long e) {
  Floats<W> sum = load<W>(target + e);
  const Floats<W> v = load<W>(source + e);
  const Floats<W> m = mask_at<W>(mask, e);
#pragma unroll
  for (int k = 0; k < W; k++) {
    sum.at[k] += m.at[k] * v.at[k];
  }
  store(target + e, sum);
}

// math:        target += mask * source: the gradient by recurrent weights where they are not in a weight space
// shapes:      target, source [count]; mask over count
// grid:        ceil(count / (256*vec)); vec = 4 needs count % 4 == 0 and 16-byte addresses
// traffic:     reads 8, writes 4 bytes an element; a given mask adds 4
// determinism: one thread per element
// aliasing:    none
// source:      Merity et al. 2017, section 2
extern "C" __global__ void __launch_bounds__(BLOCK)
    masked_add(float* __restrict__ target, const float* __restrict__ source, DropoutMask mask, long long count,
               int vec) {
  const long long e = (static_cast<long long>(blockIdx.x) * BLOCK + threadIdx.x) * vec;
  if (e >= count) {
    return;
  }
  if (vec == 4) {
    add_masked<4>(target, source, mask, e);
  } else {
    add_masked<1>(target, source, mask, e);
  }
}
