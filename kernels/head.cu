// The classifier's head around its linear layers: concat pooling and batch normalisation, each with its gradient.
#include "philox.cuh"

// A block has W neighbouring columns a lane, and each of its warps every eighth row.
constexpr int ROWS = BLOCK / WARP;

// Rows of h that a thread loads before it uses the first.
constexpr int IN_FLIGHT = 4;

// What the warps of a block found in its columns, and how many of their steps are text.
struct Found {
  float sums[ROWS][4 * WARP];
  float highest[ROWS][4 * WARP];
  int steps[ROWS][4 * WARP];
  int words[ROWS];
};

template <int W>
__device__ __forceinline__ void search(Found& found, const float* __restrict__ h, const int* __restrict__ ids,
                                       int token, int steps, int batch, int hidden) {
  const int lane = threadIdx.x % WARP;
  const int warp = threadIdx.x / WARP;
  const int column = (blockIdx.x * WARP + lane) * W;
  const bool isInside = column < hidden;
  const int b = blockIdx.y;
  Floats<W> sum = {};
  Floats<W> highest = {};
  int at[W];
#pragma unroll
  for (int k = 0; k < W; k++) {
    at[k] = -1;
  }
  int words = 0;
  for (int first = warp; first < steps; first += IN_FLIGHT * ROWS) {
    bool isText[IN_FLIGHT];
    Floats<W> v[IN_FLIGHT] = {};
#pragma unroll
    for (int i = 0; i < IN_FLIGHT; i++) {
      const int t = first + i * ROWS;
      isText[i] = t < steps && ids[t * batch + b] != token;
    }
#pragma unroll
    for (int i = 0; i < IN_FLIGHT; i++) {
      if (isText[i] && isInside) {
        v[i] = load<W>(h + static_cast<long long>((first + i * ROWS) * batch + b) * hidden + column);
      }
    }
#pragma unroll
    for (int i = 0; i < IN_FLIGHT; i++) {
      if (isText[i]) {
        words++;
#pragma unroll
        for (int k = 0; k < W; k++) {
          sum.at[k] += v[i].at[k];
          if (at[k] < 0 || v[i].at[k] > highest.at[k]) {
            highest.at[k] = v[i].at[k];
            at[k] = first + i * ROWS;
          }
        }
      }
    }
  }
#pragma unroll
  for (int k = 0; k < W; k++) {
    found.sums[warp][lane * W + k] = sum.at[k];
    found.highest[warp][lane * W + k] = highest.at[k];
    found.steps[warp][lane * W + k] = at[k];
  }
  if (lane == 0) {
    found.words[warp] = words;
  }
}

// math:        out[b] = (h[T-1,b], max_t h[t,b], mean_t h[t,b]), maximum and mean over the steps t with
//              ids[t,b] != token, zeros where there are none; chosen[b] = the first step of each maximum, or -1
// shapes:      out [B,3H]; chosen [B,H]; h [T,B,H]; ids [T,B]
// grid:        x = ceil(H / (32*vec)), y = B; vec = 4 needs H % 4 == 0 and a 16-byte address of h
// smem:        12 KiB: sums, maxima and their steps, of each warp
// traffic:     reads 4 bytes an element without padding, and 4/H (ids); 1/T of h comes twice
// determinism: every eighth step in order, then the eight sums in order; of equal maxima the earlier step
// aliasing:    none
// source:      Howard & Ruder 2018, section 3.3
// saved for backward: chosen, so that h need not be kept for it
extern "C" __global__ void __launch_bounds__(BLOCK)
    concat_pool(float* __restrict__ out, int* __restrict__ chosen, const float* __restrict__ h,
                const int* __restrict__ ids, int token, int steps, int batch, int hidden, int vec) {
  __shared__ Found found;
  if (vec == 4) {
    search<4>(found, h, ids, token, steps, batch, hidden);
  } else {
    search<1>(found, h, ids, token, steps, batch, hidden);
  }
  __syncthreads();
  const int own = threadIdx.x;
  const int column = blockIdx.x * WARP * vec + own;
  if (own >= WARP * vec || column >= hidden) {
    return;
  }
  const int b = blockIdx.y;
  float sum = 0.0f;
  float highest = 0.0f;
  int at = -1;
  int words = 0;
#pragma unroll
  for (int warp = 0; warp < ROWS; warp++) {
    const float other = found.highest[warp][own];
    const int step = found.steps[warp][own];
    words += found.words[warp];
    sum += found.sums[warp][own];
    if (step >= 0 && (at < 0 || other > highest || (other == highest && step < at))) {
      highest = other;
      at = step;
    }
  }
  float* row = out + static_cast<long long>(b) * 3 * hidden + column;
  row[0] = h[static_cast<long long>((steps - 1) * batch + b) * hidden + column];
  row[hidden] = highest;
  row[2 * hidden] = words == 0 ? 0.0f : sum / words;
  chosen[b * hidden + column] = at;
}

template <int W>
__device__ __forceinline__ void spread(float* __restrict__ dh, const float* __restrict__ dOut,
                                       const int* __restrict__ chosen, const int* __restrict__ ids, int token,
                                       int words, int steps, int batch, int hidden) {
  const int column = (blockIdx.x * WARP + threadIdx.x % WARP) * W;
  if (column >= hidden) {
    return;
  }
  const int b = blockIdx.y;
  const float* row = dOut + static_cast<long long>(b) * 3 * hidden + column;
  const Floats<W> last = load<W>(row);
  const Floats<W> highest = load<W>(row + hidden);
  Floats<W> mean = load<W>(row + 2 * hidden);
  int at[W];
#pragma unroll
  for (int k = 0; k < W; k++) {
    mean.at[k] = words == 0 ? 0.0f : mean.at[k] / words;
    at[k] = chosen[b * hidden + column + k];
  }
  for (int t = threadIdx.x / WARP; t < steps; t += ROWS) {
    const bool isText = ids[t * batch + b] != token;
    Floats<W> d;
#pragma unroll
    for (int k = 0; k < W; k++) {
      d.at[k] = isText ? mean.at[k] : 0.0f;
      d.at[k] += t == at[k] ? highest.at[k] : 0.0f;
      d.at[k] += t == steps - 1 ? last.at[k] : 0.0f;
    }
    store(dh + static_cast<long long>(t * batch + b) * hidden + column, d);
  }
}

// math:        with dOut[b] = (l, m, a): dh[t,b] = (t == T-1) l + (t == chosen[b]) m + (ids[t,b] != token) a / n[b],
//              where n[b] is the number of steps of b that are text
// shapes:      dh [T,B,H]; dOut [B,3H]; chosen [B,H]; ids [T,B]
// grid:        x = ceil(H / (32*vec)), y = B; vec = 4 needs H % 4 == 0 and 16-byte addresses
// smem:        8 integers
// traffic:     writes 4 bytes an element, reads 16/T (dOut, chosen) and 4/H (ids)
// determinism: one thread per element; words are counted in whole numbers
// aliasing:    none
// source:      the derivative of concat_pool
extern "C" __global__ void __launch_bounds__(BLOCK)
    concat_pool_backward(float* __restrict__ dh, const float* __restrict__ dOut, const int* __restrict__ chosen,
                         const int* __restrict__ ids, int token, int steps, int batch, int hidden, int vec) {
  __shared__ int scratch[BLOCK / WARP];
  int own = 0;
  for (int t = threadIdx.x; t < steps; t += BLOCK) {
    own += ids[t * batch + blockIdx.y] != token ? 1 : 0;
  }
  const int words = block_sum(own, scratch);
  if (vec == 4) {
    spread<4>(dh, dOut, chosen, ids, token, words, steps, batch, hidden);
  } else {
    spread<1>(dh, dOut, chosen, ids, token, words, steps, batch, hidden);
  }
}

// The sum over the warps of a block, in each thread of a column.
__device__ __forceinline__ float column_sum(float own, float (*partial)[WARP]) {
  // What was there may still be read.
  __syncthreads();
  partial[threadIdx.x / WARP][threadIdx.x % WARP] = own;
  __syncthreads();
  float sum = 0.0f;
#pragma unroll
  for (int warp = 0; warp < ROWS; warp++) {
    sum += partial[warp][threadIdx.x % WARP];
  }
  return sum;
}

// A comparison, since fmaxf would hide what is not a number.
__device__ __forceinline__ float activated(float x, int relu) { return relu && x < 0.0f ? 0.0f : x; }

// math:        a = relu ? max(x, 0) : x; mean = sum a / N; var = sum (a - mean)^2 / N; inverse = 1 / sqrt(var + eps);
//              y = mask * (gamma * (a - mean) * inverse + beta); saved = (mean, inverse);
//              runningMean += momentum (mean - runningMean), runningVariance likewise towards N/(N-1) var
// shapes:      y, x [N,F]; saved [2,F]; runningMean, runningVariance, gamma, beta [F]; mask over N*F
// grid:        ceil(F / 32); N >= 2
// smem:        8 x 32 floats
// traffic:     reads 4, writes 4 bytes an element; x comes twice more, from the first-level cache; a given mask adds 4
// determinism: every eighth row in order, then the eight sums in order
// aliasing:    none
// source:      Ioffe & Szegedy 2015, algorithm 1; the running variance is the unbiased one, as PyTorch's
// saved for backward: mean and inverse, which are no function of the running statistics
extern "C" __global__ void __launch_bounds__(BLOCK)
    batch_norm(float* __restrict__ y, float* __restrict__ saved, float* __restrict__ runningMean,
               float* __restrict__ runningVariance, const float* __restrict__ x, const float* __restrict__ gamma,
               const float* __restrict__ beta, DropoutMask mask, int relu, float eps, float momentum, int rows,
               int features) {
  __shared__ float partial[ROWS][WARP];
  const int warp = threadIdx.x / WARP;
  const int column = blockIdx.x * WARP + threadIdx.x % WARP;
  const int end = column < features ? rows : 0;
  float own = 0.0f;
  for (int row = warp; row < end; row += ROWS) {
    own += activated(x[static_cast<long long>(row) * features + column], relu);
  }
  const float mean = column_sum(own, partial) / rows;
  own = 0.0f;
  for (int row = warp; row < end; row += ROWS) {
    const float deviation = activated(x[static_cast<long long>(row) * features + column], relu) - mean;
    own += deviation * deviation;
  }
  const float squares = column_sum(own, partial);
  if (column >= features) {
    return;
  }
  const float inverse = 1.0f / sqrtf(squares / rows + eps);
  const float scale = gamma[column];
  const float shift = beta[column];
  for (int row = warp; row < rows; row += ROWS) {
    const long long at = static_cast<long long>(row) * features + column;
    y[at] = mask_at<1>(mask, at).at[0] * ((activated(x[at], relu) - mean) * inverse * scale + shift);
  }
  if (warp == 0) {
    saved[column] = mean;
    saved[features + column] = inverse;
    runningMean[column] += momentum * (mean - runningMean[column]);
    runningVariance[column] += momentum * (squares / (rows - 1) - runningVariance[column]);
  }
}

// math:        y = gamma * (a - mean) / sqrt(variance + eps) + beta, a = relu ? max(x, 0) : x
// shapes:      y, x [N,F]; gamma, beta, mean, variance [F]
// grid:        ceil(F / 32)
// traffic:     reads 4, writes 4 bytes an element
// determinism: one thread per element
// aliasing:    none
// source:      Ioffe & Szegedy 2015, algorithm 2
extern "C" __global__ void __launch_bounds__(BLOCK)
    batch_norm_evaluate(float* __restrict__ y, const float* __restrict__ x, const float* __restrict__ gamma,
                        const float* __restrict__ beta, const float* __restrict__ mean,
                        const float* __restrict__ variance, int relu, float eps, int rows, int features) {
  const int column = blockIdx.x * WARP + threadIdx.x % WARP;
  if (column >= features) {
    return;
  }
  const float centre = mean[column];
  const float inverse = 1.0f / sqrtf(variance[column] + eps);
  const float scale = gamma[column];
  const float shift = beta[column];
  for (int row = threadIdx.x / WARP; row < rows; row += ROWS) {
    const long long at = static_cast<long long>(row) * features + column;
    y[at] = (activated(x[at], relu) - centre) * inverse * scale + shift;
  }
}

// math:        with g = mask * dy and n = (a - mean) * inverse: s = sum g, p = sum g n; dBeta += s; dGamma += p;
//              dx = (relu and x <= 0 ? 0 : 1) * gamma * inverse * (g - s/N - n p/N)
// shapes:      dx, x, dy [N,F]; dGamma, dBeta, gamma [F]; saved [2,F]; mask over N*F
// grid:        ceil(F / 32)
// smem:        8 x 32 floats
// traffic:     reads 8 (x, dy), writes 4 bytes an element; both come once more, from the first-level cache; a given
//              mask adds 4
// determinism: every eighth row in order, then the eight sums in order
// aliasing:    dx may be dy: a thread reads an element before it writes it, and no other reads it
// source:      Ioffe & Szegedy 2015, section 3; the mask is drawn again
extern "C" __global__ void __launch_bounds__(BLOCK)
    batch_norm_backward(float* dx, float* __restrict__ dGamma, float* __restrict__ dBeta, const float* __restrict__ x,
                        const float* dy, const float* __restrict__ gamma, const float* __restrict__ saved,
                        DropoutMask mask, int relu, int rows, int features) {
  __shared__ float partial[ROWS][WARP];
  const int warp = threadIdx.x / WARP;
  const int column = blockIdx.x * WARP + threadIdx.x % WARP;
  const bool isInside = column < features;
  const float mean = isInside ? saved[column] : 0.0f;
  const float inverse = isInside ? saved[features + column] : 0.0f;
  float sum = 0.0f;
  float product = 0.0f;
  for (int row = warp; row < (isInside ? rows : 0); row += ROWS) {
    const long long at = static_cast<long long>(row) * features + column;
    const float gradient = mask_at<1>(mask, at).at[0] * dy[at];
    sum += gradient;
    product += gradient * ((activated(x[at], relu) - mean) * inverse);
  }
  sum = column_sum(sum, partial);
  product = column_sum(product, partial);
  if (!isInside) {
    return;
  }
  const float scale = gamma[column] * inverse;
  for (int row = warp; row < rows; row += ROWS) {
    const long long at = static_cast<long long>(row) * features + column;
    const float gradient = mask_at<1>(mask, at).at[0] * dy[at];
    const float normal = (activated(x[at], relu) - mean) * inverse;
    const float d = scale * (gradient - sum / rows - normal * (product / rows));
    dx[at] = relu && x[at] <= 0.0f ? 0.0f : d;
  }
  if (warp == 0) {
    dGamma[column] += product;
    dBeta[column] += sum;
  }
}
