// The global norm and clip of gradients, and the optimizers over all parameters at once.
#include "segments.cuh"

// math:        sums[block] = the sum of squares of a tile
// shapes:      sums [tiles]; g the flat gradients
// grid:        one block a tile of 4096 elements
// smem:        a segment, 8 doubles
// traffic:     reads 4 bytes an element
// determinism: a thread's elements in order in float32, at most 16 of them; then a tree in double
// aliasing:    none
// source:      -
extern "C" __global__ void __launch_bounds__(BLOCK)
    gradient_squares(double* __restrict__ sums, const float* __restrict__ g, Segments segments) {
  __shared__ Segment segment;
  __shared__ double scratch[BLOCK / WARP];
  find_segment(segments, &segment);
  const int first = (static_cast<int>(blockIdx.x) - segment.firstTile) * TILE;
  const int end = min(segment.count, first + TILE);
  const float* from = g + segment.offset;
  float own = 0.0f;
  if (segment.vec == 4 && end % 4 == 0) {
    for (int e = first + threadIdx.x * 4; e < end; e += BLOCK * 4) {
      const Floats<4> v = load<4>(from + e);
      own += v.at[0] * v.at[0] + v.at[1] * v.at[1] + v.at[2] * v.at[2] + v.at[3] * v.at[3];
    }
  } else {
    for (int e = first + threadIdx.x; e < end; e += BLOCK) {
      own += from[e] * from[e];
    }
  }
  const double sum = block_sum(static_cast<double>(own), scratch);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = sum;
  }
}

// math:        clip = (norm, min(1, maxNorm / (norm + 1e-6))), norm = sqrt(sum of sums)
// shapes:      clip [2]; sums [tiles]
// grid:        1
// smem:        8 doubles
// traffic:     reads 8 bytes a tile
// determinism: every 256th tile in order, then a tree, in double
// aliasing:    none
// source:      PyTorch's clip_grad_norm_
extern "C" __global__ void __launch_bounds__(BLOCK)
    gradient_clip(float* __restrict__ clip, const double* __restrict__ sums, int tiles, double maxNorm) {
  __shared__ double scratch[BLOCK / WARP];
  double own = 0.0;
  for (int tile = threadIdx.x; tile < tiles; tile += BLOCK) {
    own += sums[tile];
  }
  const double norm = sqrt(block_sum(own, scratch));
  if (threadIdx.x == 0) {
    clip[0] = static_cast<float>(norm);
    clip[1] = static_cast<float>(fmin(1.0, maxNorm / (norm + 1e-6)));
  }
}

// The numbers of an Adam step, rounded once on the host.
struct Adam {
  float rate[MAX_GROUPS];    // lr / (1 - beta1^step)
  float decay[MAX_GROUPS];   // lr * wd, decoupled
  float l2[MAX_GROUPS];      // wd, coupled
  float beta1, rest1;        // beta1 and 1 - beta1
  float beta2, rest2;
  float correction2;         // 1 / sqrt(1 - beta2^step)
  float eps;
};

template <int W>
__device__ __forceinline__ void adam(float* __restrict__ p, const float* __restrict__ g, float* __restrict__ m,
                                     float* __restrict__ v, const Adam& s, float rate, float decay, float l2,
                                     float scale, long long offset, int first, int end) {
  for (int e = first + threadIdx.x * W; e < end; e += BLOCK * W) {
    Floats<W> pk = load<W>(p + offset + e);
    const Floats<W> gk = load<W>(g + offset + e);
    Floats<W> mk = load<W>(m + offset + e);
    Floats<W> vk = load<W>(v + offset + e);
#pragma unroll
    for (int k = 0; k < W; k++) {
      const float d = gk.at[k] * scale + l2 * pk.at[k];
      mk.at[k] = s.beta1 * mk.at[k] + s.rest1 * d;
      vk.at[k] = s.beta2 * vk.at[k] + s.rest2 * (d * d);
      pk.at[k] = pk.at[k] - decay * pk.at[k] - rate * mk.at[k] / (sqrtf(vk.at[k]) * s.correction2 + s.eps);
    }
    store(p + offset + e, pk);
    store(m + offset + e, mk);
    store(v + offset + e, vk);
  }
}

// math:        d = g clip[1] + wd p (coupled); m = b1 m + (1-b1) d; v = b2 v + (1-b2) d^2;
//              p -= lr wd p (decoupled) + lr/(1-b1^step) m / (sqrt(v)/sqrt(1-b2^step) + eps)
// shapes:      p, g, m, v flat; clip [2], or null for none
// grid:        one block a tile of 4096 elements
// smem:        a segment
// traffic:     reads 16, writes 12 bytes a parameter
// determinism: one thread per element
// aliasing:    none
// source:      Kingma & Ba 2015; decoupled decay as fastai v1's OptimWrapper (Loshchilov & Hutter 2019)
extern "C" __global__ void __launch_bounds__(BLOCK)
    adam_step(float* __restrict__ p, const float* __restrict__ g, float* __restrict__ m, float* __restrict__ v,
              const float* clip, Adam numbers, Segments segments) {
  __shared__ Segment segment;
  find_segment(segments, &segment);
  const int first = (static_cast<int>(blockIdx.x) - segment.firstTile) * TILE;
  const int end = min(segment.count, first + TILE);
  const float scale = clip == nullptr ? 1.0f : clip[1];
  const float rate = numbers.rate[segment.group];
  const float decay = numbers.decay[segment.group];
  const float l2 = numbers.l2[segment.group];
  if (segment.vec == 4 && end % 4 == 0) {
    adam<4>(p, g, m, v, numbers, rate, decay, l2, scale, segment.offset, first, end);
  } else {
    adam<1>(p, g, m, v, numbers, rate, decay, l2, scale, segment.offset, first, end);
  }
}

// The numbers of an SGD step, rounded once on the host.
struct Sgd {
  float rate[MAX_GROUPS];    // lr
  float decay[MAX_GROUPS];   // lr * wd, decoupled
  float l2[MAX_GROUPS];      // wd, coupled
  float momentum;
  int isFirst;               // what the buffer holds before the first step is nobody's business, not even NaN
};

// math:        d = g clip[1] + wd p (coupled); p -= lr wd p (decoupled); buffer = momentum buffer + d, on step 1 d;
//              p -= lr buffer, or lr d where there is no momentum
// shapes:      p, g flat; buffer flat, or null without momentum; clip [2], or null for none
// grid:        one block a tile of 4096 elements
// smem:        a segment
// traffic:     reads 8 and writes 4 bytes a parameter, with momentum 12 and 8
// determinism: one thread per element
// aliasing:    none
// source:      PyTorch's SGD
extern "C" __global__ void __launch_bounds__(BLOCK)
    sgd_step(float* __restrict__ p, const float* __restrict__ g, float* buffer, const float* clip, Sgd numbers,
             Segments segments) {
  __shared__ Segment segment;
  find_segment(segments, &segment);
  const int first = (static_cast<int>(blockIdx.x) - segment.firstTile) * TILE;
  const int end = min(segment.count, first + TILE);
  const float scale = clip == nullptr ? 1.0f : clip[1];
  const float rate = numbers.rate[segment.group];
  const float decay = numbers.decay[segment.group];
  const float l2 = numbers.l2[segment.group];
  for (int e = first + threadIdx.x; e < end; e += BLOCK) {
    const long long at = segment.offset + e;
    const float before = p[at];
    float d = g[at] * scale + l2 * before;
    if (buffer != nullptr) {
      d = numbers.isFirst ? d : numbers.momentum * buffer[at] + d;
      buffer[at] = d;
    }
    p[at] = before - decay * before - rate * d;
  }
}

// math:        average += (p - average) * weight
// shapes:      average, p flat
// grid:        one block a tile of 4096 elements
// smem:        a segment
// traffic:     reads 8, writes 4 bytes a parameter
// determinism: one thread per element
// aliasing:    none
// source:      Polyak & Juditsky 1992, as NT-ASGD has it (Merity et al. 2017, section 3)
extern "C" __global__ void __launch_bounds__(BLOCK)
    average_step(float* __restrict__ average, const float* __restrict__ p, float weight, Segments segments) {
  __shared__ Segment segment;
  find_segment(segments, &segment);
  const int first = (static_cast<int>(blockIdx.x) - segment.firstTile) * TILE;
  const int end = min(segment.count, first + TILE);
  for (int e = first + threadIdx.x; e < end; e += BLOCK) {
    const long long at = segment.offset + e;
    average[at] += (p[at] - average[at]) * weight;
  }
}
