// Cross-entropy over the rows of logits, and its gradient in their place.
#include "common.cuh"

// Rows that share the columns sums of a block of xent_gradient.
constexpr int ROWS_PER_GROUP = 64;

// The running maximum and the sum of exp(x - maximum) of what a thread has seen (Milakov & Gimelshein 2018).
struct Softmax {
  float largest;
  float sum;
};

__device__ __forceinline__ Softmax merge(const Softmax& a, const Softmax& b) {
  const float largest = fmaxf(a.largest, b.largest);
  if (largest == -INFINITY) {
    return {largest, 0.0f};
  }
  return {largest, a.sum * expf(a.largest - largest) + b.sum * expf(b.largest - largest)};
}

// W logits of a row, which lie in memory without their bias; `bias` is null where there is none.
template <int W>
__device__ __forceinline__ Floats<W> logits(const float* row, const float* __restrict__ bias, int v) {
  Floats<W> x = load<W>(row + v);
  if (bias != nullptr) {
    const Floats<W> b = load<W>(bias + v);
#pragma unroll
    for (int k = 0; k < W; k++) {
      x.at[k] += b.at[k];
    }
  }
  return x;
}

template <int W>
__device__ __forceinline__ Softmax own_softmax(const float* __restrict__ row, const float* __restrict__ bias,
                                               int vocabulary) {
  Softmax own = {-INFINITY, 0.0f};
  for (int v = threadIdx.x * W; v < vocabulary; v += BLOCK * W) {
    const Floats<W> x = logits<W>(row, bias, v);
    float largest = own.largest;
#pragma unroll
    for (int k = 0; k < W; k++) {
      largest = fmaxf(largest, x.at[k]);
    }
    float sum = own.sum * expf(own.largest - largest);
#pragma unroll
    for (int k = 0; k < W; k++) {
      sum += expf(x.at[k] - largest);
    }
    own = {largest, sum};
  }
  return own;
}

// Whether a logit of the row beats the target's: is larger, or as large and earlier.
template <int W>
__device__ __forceinline__ bool is_beaten(const float* __restrict__ row, const float* __restrict__ bias, float wanted,
                                          int target, int vocabulary) {
  bool beaten = false;
  for (int v = threadIdx.x * W; v < vocabulary; v += BLOCK * W) {
    const Floats<W> x = logits<W>(row, bias, v);
#pragma unroll
    for (int k = 0; k < W; k++) {
      beaten |= x.at[k] > wanted || (x.at[k] == wanted && v + k < target);
    }
  }
  return beaten;
}

// math:        z = x + bias; largest[r] = max z[r,:]; sums[r] = sum exp(z[r,:] - largest[r]);
//              losses[r] = log(sums) + largest - z[r,target];
//              correct[r] = whether the first largest logit is the target's, where correct is not null
// shapes:      largest, sums, losses, correct [N]; x [N,V]; bias [V], or null; targets [N]
// grid:        N
// smem:        8 pairs
// traffic:     reads 4 bytes a logit, and 4 more from cache where correct is wanted; the bias comes from cache
// determinism: each thread in order, then a tree
// aliasing:    none
// source:      -
extern "C" __global__ void __launch_bounds__(BLOCK, 6)
    xent_rows(float* __restrict__ largest, float* __restrict__ sums, float* __restrict__ losses, int* correct,
              const float* __restrict__ x, const float* __restrict__ bias, const int* __restrict__ targets,
              int vocabulary, int vec) {
  __shared__ Softmax scratch[BLOCK / WARP];
  const float* row = x + static_cast<long long>(blockIdx.x) * vocabulary;
  const int target = targets[blockIdx.x];
  Softmax own = vec == 4 ? own_softmax<4>(row, bias, vocabulary) : own_softmax<1>(row, bias, vocabulary);
#pragma unroll
  for (int offset = WARP / 2; offset > 0; offset /= 2) {
    const Softmax other = {__shfl_xor_sync(ALL_LANES, own.largest, offset),
                           __shfl_xor_sync(ALL_LANES, own.sum, offset)};
    own = merge(own, other);
  }
  if (threadIdx.x % WARP == 0) {
    scratch[threadIdx.x / WARP] = own;
  }
  __syncthreads();
  Softmax all = scratch[0];
#pragma unroll
  for (int warp = 1; warp < BLOCK / WARP; warp++) {
    all = merge(all, scratch[warp]);
  }
  const float wanted = logits<1>(row, bias, target).at[0];
  if (correct != nullptr) {
    const bool beaten = vec == 4 ? is_beaten<4>(row, bias, wanted, target, vocabulary)
                                 : is_beaten<1>(row, bias, wanted, target, vocabulary);
    const bool anyBeats = __syncthreads_or(beaten);
    if (threadIdx.x == 0) {
      correct[blockIdx.x] = !anyBeats;
    }
  }
  if (threadIdx.x == 0) {
    largest[blockIdx.x] = all.largest;
    sums[blockIdx.x] = all.sum;
    losses[blockIdx.x] = logf(all.sum) + (all.largest - wanted);
  }
}

template <int W>
__device__ __forceinline__ void gradient(float* x, Bf16* __restrict__ rounded, float* __restrict__ partial,
                                         const float* __restrict__ bias,
                                         const int* __restrict__ targets, const float* __restrict__ largest,
                                         const float* __restrict__ sums, float mean, int rows, int vocabulary) {
  const int v = (blockIdx.x * BLOCK + threadIdx.x) * W;
  if (v >= vocabulary) {
    return;
  }
  const int first = blockIdx.y * ROWS_PER_GROUP;
  const int end = min(rows, first + ROWS_PER_GROUP);
  Floats<W> total = {};
  for (int row = first; row < end; row++) {
    float* of = x + static_cast<long long>(row) * vocabulary;
    Floats<W> d = logits<W>(of, bias, v);
    const float shift = largest[row];
    const float share = mean / sums[row];
    const int target = targets[row] - v;
#pragma unroll
    for (int k = 0; k < W; k++) {
      d.at[k] = expf(d.at[k] - shift) * share - (target == k ? mean : 0.0f);
      total.at[k] += d.at[k];
    }
    if (rounded != nullptr) {
      store(rounded + static_cast<long long>(row) * vocabulary + v, d);
    } else {
      store(of + v, d);
    }
  }
  store(partial + static_cast<long long>(blockIdx.y) * vocabulary + v, total);
}

// math:        z = x + bias; d = mean * (exp(z - largest[r]) / sums[r] - [v = target[r]]) takes the place of x[r,v], or
//              goes to rounded[r,v] in bfloat16 and leaves x as it was;
//              partial[g,v] = the sum of d over the rows of group g
// shapes:      x [N,V]; rounded [N,V], or null; partial [ceil(N/64),V]; bias [V], or null; targets, largest, sums [N]
// grid:        x = ceil(V / (256*vec)), y = ceil(N / 64); vec = 4 needs V % 4 == 0 and 16-byte addresses
// traffic:     reads 4, writes 4 bytes a logit, or 2 to rounded, and 4/64 for partial
// determinism: rows are added in their order
// aliasing:    none
// source:      the derivative of the mean cross-entropy, mean = 1/N
extern "C" __global__ void __launch_bounds__(BLOCK)
    xent_gradient(float* x, Bf16* __restrict__ rounded, float* __restrict__ partial, const float* __restrict__ bias,
                  const int* __restrict__ targets, const float* __restrict__ largest, const float* __restrict__ sums,
                  float mean, int rows, int vocabulary, int vec) {
  if (vec == 4) {
    gradient<4>(x, rounded, partial, bias, targets, largest, sums, mean, rows, vocabulary);
  } else {
    gradient<1>(x, rounded, partial, bias, targets, largest, sums, mean, rows, vocabulary);
  }
}

// math:        db[v] = the sum of partial[:,v], or added
// shapes:      db [V]; partial [groups,V]
// grid:        ceil(V / 256)
// traffic:     reads 4 * groups, and 4 more where it adds, writes 4 bytes a column
// determinism: groups are added in their order
// aliasing:    none
// source:      the second half of xent_gradient's bias gradient
extern "C" __global__ void __launch_bounds__(BLOCK)
    xent_bias(float* __restrict__ db, const float* __restrict__ partial, int groups, int vocabulary, int adds) {
  const int v = blockIdx.x * BLOCK + threadIdx.x;
  if (v >= vocabulary) {
    return;
  }
  float sum = 0.0f;
  for (int g = 0; g < groups; g++) {
    sum += partial[static_cast<long long>(g) * vocabulary + v];
  }
  db[v] = adds ? db[v] + sum : sum;
}

// math:        stats = (mean of losses, sum of correct, or NaN where it is null)
// shapes:      stats [2]; losses, correct [N]
// grid:        1
// smem:        8 doubles
// traffic:     reads 8 bytes a row
// determinism: every 256th row in order, then a tree, in double
// aliasing:    none
// source:      -
extern "C" __global__ void __launch_bounds__(BLOCK)
    xent_stats(float* __restrict__ stats, const float* __restrict__ losses, const int* correct, int rows) {
  __shared__ double scratch[BLOCK / WARP];
  double loss = 0.0;
  double hits = 0.0;
  for (int row = threadIdx.x; row < rows; row += BLOCK) {
    loss += losses[row];
    hits += correct == nullptr ? 0 : correct[row];
  }
  loss = block_sum(loss, scratch);
  __syncthreads();
  hits = block_sum(hits, scratch);
  if (threadIdx.x == 0) {
    stats[0] = static_cast<float>(loss / rows);
    stats[1] = correct == nullptr ? NAN : static_cast<float>(hits);
  }
}

// math:        x[r,v] += bias[v], for those who want to see logits
// shapes:      x [N,V]; bias [V]
// grid:        x = ceil(V / 256), y = N
// traffic:     reads 4, writes 4 bytes a logit
// determinism: one thread per element
// aliasing:    none
// source:      -
extern "C" __global__ void __launch_bounds__(BLOCK)
    add_bias(float* __restrict__ x, const float* __restrict__ bias, int vocabulary) {
  const int v = blockIdx.x * BLOCK + threadIdx.x;
  if (v < vocabulary) {
    x[static_cast<long long>(blockIdx.y) * vocabulary + v] += bias[v];
  }
}
