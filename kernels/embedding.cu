// Embedding lookup with both of its dropouts, and the gradient of the table.
#include "philox.cuh"

// Time steps that a thread works on, so that it draws its locked mask once for all of them.
constexpr int STEPS = 8;

// Positions whose rows are gathered between two barriers of the backward kernel, and rows in flight at once.
constexpr int GATHERED = BLOCK;
constexpr int IN_FLIGHT = 8;

template <int W>
__device__ __forceinline__ void lookup(float* __restrict__ out, const float* __restrict__ w,
                                       const int* __restrict__ ids, const DropoutMask& rows,
                                       const DropoutMask& input, int steps, int batch, int width) {
  const int column = (blockIdx.x * BLOCK + threadIdx.x) * W;
  if (column >= batch * width) {
    return;
  }
  const int b = column / width;
  const int e = column % width;
  const Floats<W> locked = mask_at<W>(input, column);
  const int end = min(steps, static_cast<int>(blockIdx.y + 1) * STEPS);
  for (int t = blockIdx.y * STEPS; t < end; t++) {
    const int id = ids[t * batch + b];
    const float row = mask_at<1>(rows, id).at[0];
    Floats<W> v = load<W>(w + static_cast<long long>(id) * width + e);
#pragma unroll
    for (int k = 0; k < W; k++) {
      v.at[k] *= row * locked.at[k];
    }
    store(out + static_cast<long long>(t) * batch * width + column, v);
  }
}

// math:        out[t,b,e] = w[ids[t,b],e] * rows[ids[t,b]] * input[b,e]
// shapes:      out [T,B,E], w [V,E], ids [T,B], rows over V, input over B*E
// grid:        x = ceil(B*E / (256*vec)), y = ceil(T / 8); vec = 4 needs E % 4 == 0 and 16-byte addresses
// traffic:     reads 4 (w) + 4/E (ids), writes 4 bytes an element of out; a given mask adds 4/8
// determinism: one thread per element
// aliasing:    none
// source:      Merity et al. 2017, sections 4.1 and 4.4; Gal & Ghahramani 2016
extern "C" __global__ void __launch_bounds__(BLOCK)
    embedding_forward(float* __restrict__ out, const float* __restrict__ w, const int* __restrict__ ids,
                      DropoutMask rows, DropoutMask input, int steps, int batch, int width, int vec) {
  if (vec == 4) {
    lookup<4>(out, w, ids, rows, input, steps, batch, width);
  } else {
    lookup<1>(out, w, ids, rows, input, steps, batch, width);
  }
}

template <int W>
__device__ __forceinline__ void add_rows(float* __restrict__ dw, const float* __restrict__ dOut,
                                         const DropoutMask& input, const int* found, int count, float row,
                                         int batch, int width) {
  for (int e = threadIdx.x * W; e < width; e += BLOCK * W) {
    Floats<W> sum = load<W>(dw + e);
    for (int first = 0; first < count; first += IN_FLIGHT) {
      Floats<W> v[IN_FLIGHT];
#pragma unroll
      for (int k = 0; k < IN_FLIGHT; k++) {
        if (first + k < count) {
          v[k] = load<W>(dOut + static_cast<long long>(found[first + k]) * width + e);
        }
      }
#pragma unroll
      for (int k = 0; k < IN_FLIGHT; k++) {
        if (first + k < count) {
          const Floats<W> locked = mask_at<W>(input, static_cast<long long>(found[first + k] % batch) * width + e);
#pragma unroll
          for (int j = 0; j < W; j++) {
            sum.at[j] += v[k].at[j] * (row * locked.at[j]);
          }
        }
      }
    }
    store(dw + e, sum);
  }
}

// math:        dw[v,:] += rows[v] * sum over positions with ids[t,b] = v of input[b,:] * dOut[t,b,:]
// shapes:      dw [V,E], dOut [T,B,E], ids [T,B]
// grid:        one block of 256 for each of the T*B positions; that of a token's first position gathers all of them, the
//              others leave as soon as they have seen an earlier one. vec as in embedding_forward
// smem:        256 positions and the warps' counts
// traffic:     reads 4 (dOut), and for each distinct token reads and writes 8*E (dw); the ids are read by every block, from
//              the second-level cache
// determinism: positions are added in their order, whatever the order of blocks
// aliasing:    none
extern "C" __global__ void __launch_bounds__(BLOCK, 3)
    embedding_backward(float* __restrict__ dw, const float* __restrict__ dOut, const int* __restrict__ ids,
                       DropoutMask rows, DropoutMask input, int positions, int batch, int width, int padding,
                       int vec) {
  __shared__ int found[GATHERED];
  __shared__ int counts[BLOCK / WARP];
  const int first = blockIdx.x;
  const int id = ids[first];
  if (id == padding) {
    return;
  }
  int seenBefore = 0;
  for (int p = threadIdx.x; p < first; p += BLOCK) {
    seenBefore |= ids[p] == id;
  }
  if (__syncthreads_or(seenBefore)) {
    return;
  }
  const float row = mask_at<1>(rows, id).at[0];
  if (row == 0.0f) {
    return;
  }
  const int warp = threadIdx.x / WARP;
  const int lane = threadIdx.x % WARP;
  float* target = dw + static_cast<long long>(id) * width;
  for (int from = first; from < positions; from += BLOCK) {
    const int p = from + threadIdx.x;
    const unsigned hits = __ballot_sync(ALL_LANES, p < positions && ids[p] == id);
    if (lane == 0) {
      counts[warp] = __popc(hits);
    }
    __syncthreads();
    int at = __popc(hits & ((1u << lane) - 1));
    int count = 0;
    for (int k = 0; k < BLOCK / WARP; k++) {
      at += k < warp ? counts[k] : 0;
      count += counts[k];
    }
    if (hits >> lane & 1) {
      found[at] = p;
    }
    __syncthreads();
    if (vec == 4) {
      add_rows<4>(target, dOut, input, found, count, row, batch, width);
    } else {
      add_rows<1>(target, dOut, input, found, count, row, batch, width);
    }
    // found and counts are written again.
    __syncthreads();
  }
}
