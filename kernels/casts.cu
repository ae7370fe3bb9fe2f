// Between the precisions of factors.
#include "common.cuh"

// math:        out[e] = x[e] in bfloat16, the nearest, ties to even
// shapes:      out, x [count]
// grid:        ceil(count / (256*vec)); vec = 4 needs count % 4 == 0 and 16-byte addresses
// traffic:     reads 4, writes 2 bytes an element
// determinism: one thread per element
// aliasing:    none
// source:      -
extern "C" __global__ void __launch_bounds__(BLOCK)
    round_to_bf16(Bf16* __restrict__ out, const float* __restrict__ x, long long count, int vec) {
  const long long e = (static_cast<long long>(blockIdx.x) * BLOCK + threadIdx.x) * vec;
  if (e >= count) {
    return;
  }
  if (vec == 4) {
    store(out + e, load<4>(x + e));
  } else {
    store(out + e, load<1>(x + e));
  }
}
