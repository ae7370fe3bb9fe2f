// Locked dropout.
#include "philox.cuh"

// Time steps that a thread works on with one drawn mask.
constexpr int STEPS = 8;

template <int W>
__device__ __forceinline__ void locked(float* out, const float* x, const DropoutMask& mask, int steps, int columns) {
  const int column = (blockIdx.x * BLOCK + threadIdx.x) * W;
  if (column >= columns) {
    return;
  }
  const Floats<W> m = mask_at<W>(mask, column);
  const int end = min(steps, static_cast<int>(blockIdx.y + 1) * STEPS);
  for (int t = blockIdx.y * STEPS; t < end; t++) {
    const long long at = static_cast<long long>(t) * columns + column;
    Floats<W> v = load<W>(x + at);
#pragma unroll
    for (int k = 0; k < W; k++) {
      v.at[k] *= m.at[k];
    }
    store(out + at, v);
  }
}

// math:        out[t,b,h] = mask[b,h] * x[t,b,h]; its own backward
// shapes:      out, x [T, columns], columns = B*H; mask over columns
// grid:        x = ceil(columns / (256*vec)), y = ceil(T / 8); vec = 4 needs columns % 4 == 0 and 16-byte addresses
// traffic:     reads 4, writes 4 bytes an element; a given mask adds 4/8
// determinism: one thread per element
// aliasing:    out may be x
// source:      Gal & Ghahramani 2016
extern "C" __global__ void __launch_bounds__(BLOCK)
    locked_dropout(float* out, const float* x, DropoutMask mask, int steps, int columns, int vec) {
  if (vec == 4) {
    locked<4>(out, x, mask, steps, columns);
  } else {
    locked<1>(out, x, mask, steps, columns);
  }
}
