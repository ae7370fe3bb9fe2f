// What an LSTM step does besides its matrix product. Gates stand in the order i, f, g, o.
#include "common.cuh"

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

template <int W>
__device__ __forceinline__ void step_forward(float* __restrict__ h, Bf16* __restrict__ rounded,
                                             float* __restrict__ c, float* __restrict__ gates,
                                             const float* __restrict__ before, const float* __restrict__ bIh,
                                             const float* __restrict__ bHh, int batch, int hidden) {
  const int unit = (blockIdx.x * BLOCK + threadIdx.x) * W;
  if (unit >= batch * hidden) {
    return;
  }
  const int j = unit % hidden;
  float* row = gates + static_cast<long long>(unit / hidden) * 4 * hidden + j;
  Floats<W> a[4];
#pragma unroll
  for (int gate = 0; gate < 4; gate++) {
    a[gate] = load<W>(row + gate * hidden);
    const Floats<W> b0 = load<W>(bIh + gate * hidden + j);
    const Floats<W> b1 = load<W>(bHh + gate * hidden + j);
#pragma unroll
    for (int k = 0; k < W; k++) {
      const float sum = a[gate].at[k] + b0.at[k] + b1.at[k];
      a[gate].at[k] = gate == 2 ? tanhf(sum) : sigmoid(sum);
    }
    store(row + gate * hidden, a[gate]);
  }
  const Floats<W> earlier = load<W>(before + unit);
  Floats<W> cell;
  Floats<W> output;
#pragma unroll
  for (int k = 0; k < W; k++) {
    cell.at[k] = a[1].at[k] * earlier.at[k] + a[0].at[k] * a[2].at[k];
    output.at[k] = a[3].at[k] * tanhf(cell.at[k]);
  }
  store(c + unit, cell);
  store(h + unit, output);
  if (rounded != nullptr) {
    store(rounded + unit, output);
  }
}

// math:        i, f, o = sigmoid(a + bIh + bHh); g = tanh(a + bIh + bHh); c = f c' + i g; h = o tanh(c)
// shapes:      h, c, before (c') [B,H]; gates [B,4H], in: a = x wIh' + h' wHh', out: i, f, g, o; bIh, bHh [4H];
//              rounded [B,H], h in bfloat16 for the next product, or null
// grid:        ceil(B*H / (256*vec)); vec = 4 needs H % 4 == 0 and 16-byte addresses
// traffic:     reads 20, writes 24 bytes a unit, and 2 for rounded; the biases come from cache
// determinism: one thread per unit
// aliasing:    none
// source:      Hochreiter & Schmidhuber 1997, as cuDNN and PyTorch have it: two biases
// saved for backward: gates and c
extern "C" __global__ void __launch_bounds__(BLOCK)
    lstm_step_forward(float* __restrict__ h, Bf16* __restrict__ rounded, float* __restrict__ c,
                      float* __restrict__ gates, const float* __restrict__ before, const float* __restrict__ bIh,
                      const float* __restrict__ bHh, int batch, int hidden, int vec) {
  if (vec == 4) {
    step_forward<4>(h, rounded, c, gates, before, bIh, bHh, batch, hidden);
  } else {
    step_forward<1>(h, rounded, c, gates, before, bIh, bHh, batch, hidden);
  }
}

template <int W>
__device__ __forceinline__ void step_backward(float* __restrict__ gates, Bf16* __restrict__ rounded,
                                              float* __restrict__ dc,
                                              const float* __restrict__ c, const float* __restrict__ before,
                                              const float* __restrict__ dy, const float* __restrict__ dh,
                                              int batch, int hidden) {
  const int unit = (blockIdx.x * BLOCK + threadIdx.x) * W;
  if (unit >= batch * hidden) {
    return;
  }
  const long long start = static_cast<long long>(unit / hidden) * 4 * hidden + unit % hidden;
  float* row = gates + start;
  const Floats<W> i = load<W>(row);
  const Floats<W> f = load<W>(row + hidden);
  const Floats<W> g = load<W>(row + 2 * hidden);
  const Floats<W> o = load<W>(row + 3 * hidden);
  const Floats<W> cell = load<W>(c + unit);
  const Floats<W> earlier = load<W>(before + unit);
  Floats<W> down = load<W>(dy + unit);
  const Floats<W> carried = load<W>(dh + unit);
  Floats<W> dcell = load<W>(dc + unit);
  Floats<W> da[4];
#pragma unroll
  for (int k = 0; k < W; k++) {
    const float d = down.at[k] + carried.at[k];
    const float t = tanhf(cell.at[k]);
    const float q = dcell.at[k] + d * o.at[k] * (1.0f - t * t);
    dcell.at[k] = q * f.at[k];
    da[0].at[k] = q * g.at[k] * i.at[k] * (1.0f - i.at[k]);
    da[1].at[k] = q * earlier.at[k] * f.at[k] * (1.0f - f.at[k]);
    da[2].at[k] = q * i.at[k] * (1.0f - g.at[k] * g.at[k]);
    da[3].at[k] = d * t * o.at[k] * (1.0f - o.at[k]);
  }
#pragma unroll
  for (int gate = 0; gate < 4; gate++) {
    store(row + gate * hidden, da[gate]);
    if (rounded != nullptr) {
      store(rounded + start + gate * hidden, da[gate]);
    }
  }
  store(dc + unit, dcell);
}

// math:        d = dy + dh; q = dc + d o (1 - tanh(c)^2); dc = q f;
//              da = (q g i(1-i), q c' f(1-f), q i (1-g^2), d tanh(c) o(1-o))
// shapes:      gates [B,4H], in: i, f, g, o, out: da; dc [B,H] in and out; c, before (c'), dy, dh [B,H];
//              rounded [B,4H], da in bfloat16 for the products, or null
// grid:        as lstm_step_forward
// traffic:     reads 36, writes 20 bytes a unit, and 8 for rounded
// determinism: one thread per unit
// aliasing:    none
// source:      the derivative of lstm_step_forward
extern "C" __global__ void __launch_bounds__(BLOCK)
    lstm_step_backward(float* __restrict__ gates, Bf16* __restrict__ rounded, float* __restrict__ dc,
                       const float* __restrict__ c, const float* __restrict__ before,
                       const float* __restrict__ dy, const float* __restrict__ dh, int batch, int hidden, int vec) {
  if (vec == 4) {
    step_backward<4>(gates, rounded, dc, c, before, dy, dh, batch, hidden);
  } else {
    step_backward<1>(gates, rounded, dc, c, before, dy, dh, batch, hidden);
  }
}
