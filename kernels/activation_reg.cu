// The activation regularizers on h, the raw output of the last layer: AR and TAR (Merity et al. 2017, section 4.3) and the
// norm-stabilizer NS (Krueger & Memisevic 2016), with their gradients and the backward of the output dropout, in one pass
// over h. The dropped output is never read: it is the mask times h, and the mask is locked.
//
// With N = T*B*H, n[t,b] = |h[t,b,:]|, and neighbours outside the window left out:
//   AR = alpha/N sum (m h)^2;  TAR = beta/((T-1) B H) sum (h[t+1] - h[t])^2
//   NS paper = gamma/(B (T-1)) sum (n[t+1,b] - n[t,b])^2; with h0 also (n[0,b] - |h0[b,:]|)^2, and the divisor is B T
//   NS seed  = gamma/T (late - early)^2, late = |h[1..T-1]|, early = |h[0..T-2]| over batch, time and units
// and per element
//   dh = m dDropped + (cA m^2 + cT d[t] + s[t,b]) h[t] - cT (h[t-1] + h[t+1])
// where d is the number of neighbours and s what NS contributes.
//
// Positions whose token is padding take no part: sums leave them out, they are nobody's neighbours, their gradient is that
// of the dropout alone, and the host puts the number of positions or pairs that are left into the coefficients.
#include "philox.cuh"

enum NormForm { NORM_NONE = 0, NORM_PAPER = 1, NORM_SEED = 2 };

// What a launch of activation_reg does. The seed's form needs the norms of the whole window before the first gradient, so
// it takes two launches of it; the others take one and activation_reg_values.
enum Phase { PHASE_ALL = 0, PHASE_SUMS = 1, PHASE_GRADIENT = 2 };

// The coefficients, computed in double on the host.
struct ActivationReg {
  float ar;        // 2 alpha / N, of the gradient
  float tar;       // 2 beta / ((T-1) B H)
  float norm;      // 2 gamma / the divisor of NS
  int arOnRaw;     // AR reads h instead of m h
  int normForm;
  int initial;     // NS paper: also compares with h0
};

// Which positions are padding.
struct Padding {
  const int* ids;   // [T,B], null where there is none
  int token;
};

__device__ __forceinline__ bool is_text(const Padding& padding, int row) {
  return padding.ids == nullptr || padding.ids[row] != padding.token;
}

// What a row contributes to the values; NS follows from the norms.
struct RowSums {
  float square;       // sum h^2
  float ar;           // sum (m h)^2, or of h^2
  float difference;   // sum (h[t+1] - h[t])^2, 0 without a row after it
};

// By one warp. `factors` is what AR multiplies h by, or null for ones.
__device__ __forceinline__ RowSums sums_of_row(const float* row, const float* next, const float* factors, int hidden) {
  RowSums sums = {0.0f, 0.0f, 0.0f};
  for (int j = threadIdx.x % WARP; j < hidden; j += WARP) {
    const float v = row[j];
    const float read = factors == nullptr ? v : factors[j] * v;
    sums.square += v * v;
    sums.ar += read * read;
    if (next != nullptr) {
      sums.difference += (next[j] - v) * (next[j] - v);
    }
  }
  return {warp_sum(sums.square), warp_sum(sums.ar), warp_sum(sums.difference)};
}

__device__ __forceinline__ float inverse(float x) { return x > 0.0f ? 1.0f / x : 0.0f; }

// The values from the sums of all rows, by one block: in double, since they are thousands.
__device__ __forceinline__ void write_values(float* values, const float* __restrict__ arSums,
                                             const float* __restrict__ differenceSums,
                                             const float* __restrict__ norms, const float* __restrict__ initialNorms,
                                             const ActivationReg& reg, const Padding& padding, int steps, int batch,
                                             double* scratch) {
  double ar = 0.0;
  double tar = 0.0;
  double ns = 0.0;
  double late = 0.0;
  double early = 0.0;
  for (int row = threadIdx.x; row < steps * batch; row += BLOCK) {
    if (!is_text(padding, row)) {
      continue;
    }
    const int t = row / batch;
    const double norm = norms[row];
    ar += arSums[row];
    tar += differenceSums[row];
    if (reg.normForm == NORM_PAPER && (t > 0 ? is_text(padding, row - batch) : reg.initial)) {
      const double step = norm - (t > 0 ? norms[row - batch] : initialNorms[row]);
      ns += step * step;
    }
    late += t > 0 ? norm * norm : 0.0;
    early += t + 1 < steps ? norm * norm : 0.0;
  }
  ar = block_sum(ar, scratch);
  __syncthreads();
  tar = block_sum(tar, scratch);
  __syncthreads();
  ns = block_sum(ns, scratch);
  __syncthreads();
  late = block_sum(late, scratch);
  __syncthreads();
  early = block_sum(early, scratch);
  if (threadIdx.x == 0) {
    if (reg.normForm == NORM_SEED) {
      const double step = sqrt(late) - sqrt(early);
      ns = step * step;
    }
    // The coefficients are those of gradients: twice those of the values.
    values[0] = static_cast<float>(0.5 * reg.ar * ar);
    values[1] = static_cast<float>(0.5 * reg.tar * tar);
    values[2] = static_cast<float>(0.5 * reg.norm * ns);
  }
}

// math:        values from the sums of the rows
// shapes:      values [3]; arSums, differenceSums, norms [T,B]; initialNorms [B]; ids [T,B] or null
// grid:        1
// smem:        8 doubles
// traffic:     reads 12 bytes a row, with padding 16
// determinism: every 256th row in order, then a tree
// aliasing:    none
// source:      as above
extern "C" __global__ void __launch_bounds__(BLOCK)
    activation_reg_values(float* __restrict__ values, const float* __restrict__ arSums,
                          const float* __restrict__ differenceSums, const float* __restrict__ norms,
                          const float* __restrict__ initialNorms, ActivationReg reg, const int* __restrict__ ids,
                          int paddingToken, int steps, int batch) {
  __shared__ double scratch[BLOCK / WARP];
  const Padding padding = {ids, paddingToken};
  write_values(values, arSums, differenceSums, norms, initialNorms, reg, padding, steps, batch, scratch);
}

// What a block of activation_reg keeps in shared memory.
struct Tile {
  float* rows;      // [tile + 2, H]: the rows of the tile and one on either side, zero where there is none
  float* norms;     // [tile + 2]
  float* mask;      // [H]: the output mask of the sequence
  float* text;      // [tile + 2]: 1 where the row is one of the window and no padding, else 0
  float* pull;      // [tile + 2]: what NS multiplies the row by in its gradient
};

template <int W>
__device__ __forceinline__ void fill(const Tile& shared, const float* __restrict__ h, const float* __restrict__ h0,
                                     const DropoutMask& mask, const Padding& padding, bool initial, int start, int rows,
                                     int steps, int batch, int hidden) {
  const int b = blockIdx.x;
  for (int r = threadIdx.x; r < rows; r += BLOCK) {
    const int t = start + r;
    shared.text[r] = t >= 0 && t < steps && is_text(padding, t * batch + b) ? 1.0f : 0.0f;
  }
  for (int j = threadIdx.x * W; j < hidden; j += BLOCK * W) {
    const long long within = static_cast<long long>(b) * hidden + j;
    store(shared.mask + j, mask_at<W>(mask, within));
    for (int r = 0; r < rows; r++) {
      const int t = start + r;
      Floats<W> v = {};
      if (t >= 0 && t < steps) {
        v = load<W>(h + static_cast<long long>(t) * batch * hidden + within);
      } else if (t < 0 && initial) {
        v = load<W>(h0 + within);
      }
      store(shared.rows + r * hidden + j, v);
    }
  }
}

// A warp a row: the norms of all rows of the tile, and the sums of those that it owns.
__device__ __forceinline__ void sum_rows(const Tile& shared, const ActivationReg& reg, float* norms, float* arSums,
                                         float* differenceSums, float* initialNorms, int start, int tile, int steps,
                                         int batch, int hidden) {
  const int b = blockIdx.x;
  for (int r = threadIdx.x / WARP; r < tile + 2; r += BLOCK / WARP) {
    const int t = start + r;
    const bool isOwn = r > 0 && r <= tile && t < steps;
    const float* row = shared.rows + r * hidden;
    const float* next = isOwn && shared.text[r] * shared.text[r + 1] > 0.0f ? row + hidden : nullptr;
    const RowSums sums = sums_of_row(row, next, reg.arOnRaw ? nullptr : shared.mask, hidden);
    if (threadIdx.x % WARP == 0) {
      const float norm = sqrtf(sums.square);
      shared.norms[r] = norm;
      if (isOwn) {
        norms[t * batch + b] = norm;
        arSums[t * batch + b] = shared.text[r] * sums.ar;
        differenceSums[t * batch + b] = sums.difference;
      }
      if (t == -1) {
        initialNorms[b] = norm;
      }
    }
  }
}

// What the seed's form asks for, from the norms of the whole window.
struct SeedNorms {
  float step;    // late - early, which is small against both
  float late;    // 1 / |h[1..T-1]|
  float early;   // 1 / |h[0..T-2]|
};

// Every block sums them up for itself.
__device__ __forceinline__ SeedNorms seed_norms(const float* norms, const Padding& padding, int steps, int batch,
                                                double* scratch) {
  double lateSum = 0.0;
  double earlySum = 0.0;
  for (int row = threadIdx.x; row < steps * batch; row += BLOCK) {
    const double square = is_text(padding, row) ? static_cast<double>(norms[row]) * norms[row] : 0.0;
    lateSum += row >= batch ? square : 0.0;
    earlySum += row < (steps - 1) * batch ? square : 0.0;
  }
  const double late = sqrt(block_sum(lateSum, scratch));
  __syncthreads();
  const double early = sqrt(block_sum(earlySum, scratch));
  return {static_cast<float>(late - early), inverse(static_cast<float>(late)), inverse(static_cast<float>(early))};
}

// The factor of h[t] that the norm-stabilizer asks for in row r of the tile.
__device__ __forceinline__ float norm_factor(const Tile& shared, const ActivationReg& reg, const SeedNorms& seed, int r,
                                             int t, int steps) {
  if (reg.normForm == NORM_PAPER) {
    const float n = shared.norms[r];
    const float hasBefore = t == 0 && reg.initial ? 1.0f : shared.text[r - 1];
    const float up = hasBefore * (n - shared.norms[r - 1]);
    const float down = shared.text[r + 1] * (shared.norms[r + 1] - n);
    return reg.norm * (up - down) * inverse(n);
  }
  if (reg.normForm == NORM_SEED) {
    return reg.norm * seed.step * ((t > 0 ? seed.late : 0.0f) - (t + 1 < steps ? seed.early : 0.0f));
  }
  return 0.0f;
}

// A thread a row.
__device__ __forceinline__ void pull_rows(const Tile& shared, const ActivationReg& reg, const SeedNorms& seed, int start,
                                          int tile, int steps) {
  for (int r = 1 + threadIdx.x; r <= tile; r += BLOCK) {
    const bool isText = shared.text[r] > 0.0f;
    shared.pull[r] = isText ? norm_factor(shared, reg, seed, r, start + r, steps) : 0.0f;
  }
}

template <int W>
__device__ __forceinline__ void write_gradient(float* dh, const float* dDropped, const Tile& shared,
                                               const ActivationReg& reg, int start, int tile, int steps, int batch,
                                               int hidden) {
  for (int j = threadIdx.x * W; j < hidden; j += BLOCK * W) {
    const Floats<W> m = load<W>(shared.mask + j);
    for (int r = 1; r <= tile && start + r < steps; r++) {
      const int t = start + r;
      const float hasBefore = shared.text[r - 1];
      const float hasAfter = shared.text[r + 1];
      const float ar = shared.text[r] * reg.ar;
      const float tar = shared.text[r] * reg.tar;
      const float s = shared.pull[r];
      const Floats<W> own = load<W>(shared.rows + r * hidden + j);
      const Floats<W> before = load<W>(shared.rows + (r - 1) * hidden + j);
      const Floats<W> after = load<W>(shared.rows + (r + 1) * hidden + j);
      const long long at = (static_cast<long long>(t) * batch + blockIdx.x) * hidden + j;
      Floats<W> d = load<W>(dDropped + at);
#pragma unroll
      for (int k = 0; k < W; k++) {
        const float mk = m.at[k];
        const float factor = ar * (reg.arOnRaw ? 1.0f : mk * mk) + s;
        const float up = hasBefore * (own.at[k] - before.at[k]);
        const float down = hasAfter * (after.at[k] - own.at[k]);
        d.at[k] = mk * d.at[k] + factor * own.at[k] + tar * (up - down);
      }
      store(dh + at, d);
    }
  }
}

// math:        dh as above, and the sums of the rows; in the last phase of the seed's form the values
// shapes:      dh, dDropped, h [T,B,H]; h0 [B,H]; norms, arSums, differenceSums [T,B]; initialNorms [B]; values [3];
//              ids [T,B] or null
// grid:        x = B, y = ceil(T / tile); vec = 4 needs H % 4 == 0 and 16-byte addresses
// smem:        (tile + 3) * H + 3 * (tile + 2) floats: the rows of a tile and one on either side, the mask, and of each
//              row its norm, whether it is text and what NS asks for
// traffic:     reads 8 (h, dDropped), writes 4 bytes an element; 2/tile of h comes twice, from the second-level cache
// determinism: every sum has its warp and its order; norms and sums are written by the tile that owns the row
// aliasing:    dh may be dDropped, never h
// source:      as above
extern "C" __global__ void __launch_bounds__(BLOCK)
    activation_reg(float* dh, float* norms, float* arSums, float* differenceSums, float* initialNorms, float* values,
                   const float* dDropped, const float* __restrict__ h, const float* __restrict__ h0, DropoutMask mask,
                   ActivationReg reg, const int* __restrict__ ids, int paddingToken, int phase, int tile, int steps,
                   int batch, int hidden, int vec) {
  DYNAMIC_SHARED(float, memory);
  __shared__ double scratch[BLOCK / WARP];
  const Padding padding = {ids, paddingToken};
  const int rows = tile + 2;
  float* const afterRows = memory + (rows + 1) * hidden;
  const Tile shared = {memory, afterRows, memory + rows * hidden, afterRows + rows, afterRows + 2 * rows};
  // Row r of the tile is step start + r.
  const int start = static_cast<int>(blockIdx.y) * tile - 1;
  if (vec == 4) {
    fill<4>(shared, h, h0, mask, padding, reg.initial, start, rows, steps, batch, hidden);
  } else {
    fill<1>(shared, h, h0, mask, padding, reg.initial, start, rows, steps, batch, hidden);
  }
  __syncthreads();

  if (phase != PHASE_GRADIENT) {
    sum_rows(shared, reg, norms, arSums, differenceSums, initialNorms, start, tile, steps, batch, hidden);
    if (phase == PHASE_SUMS) {
      return;
    }
    __syncthreads();
  }
  SeedNorms seed = {0.0f, 0.0f, 0.0f};
  if (phase == PHASE_GRADIENT) {
    seed = seed_norms(norms, padding, steps, batch, scratch);
  }
  pull_rows(shared, reg, seed, start, tile, steps);
  __syncthreads();

  if (vec == 4) {
    write_gradient<4>(dh, dDropped, shared, reg, start, tile, steps, batch, hidden);
  } else {
    write_gradient<1>(dh, dDropped, shared, reg, start, tile, steps, batch, hidden);
  }
  if (phase == PHASE_GRADIENT && blockIdx.x == 0 && blockIdx.y == 0) {
    __syncthreads();
    write_values(values, arSums, differenceSums, norms, initialNorms, reg, padding, steps, batch, scratch);
  }
}
