// Sums of the columns of a matrix: the gradients of biases.
#include "common.cuh"

// Columns of a block; each of its warps takes every eighth row.
constexpr int COLUMNS = WARP;
constexpr int ROWS = BLOCK / WARP;

// math:        sum[j] = x[0,j] + ... + x[rows-1,j], or added, and likewise second, where it is not null
// shapes:      x [rows, columns]; sum, second [columns]
// grid:        ceil(columns / 32)
// smem:        8 x 32 floats
// traffic:     reads 4 bytes an element
// determinism: every eighth row in order, then the eight sums in order
// aliasing:    none
// source:      -
extern "C" __global__ void __launch_bounds__(BLOCK)
    column_sums(float* sum, float* second, const float* __restrict__ x, int rows, int columns, int adds) {
  __shared__ float partial[ROWS][COLUMNS];
  const int lane = threadIdx.x % WARP;
  const int warp = threadIdx.x / WARP;
  const int column = blockIdx.x * COLUMNS + lane;
  float own = 0.0f;
  if (column < columns) {
    for (int row = warp; row < rows; row += ROWS) {
      own += x[static_cast<long long>(row) * columns + column];
    }
  }
  partial[warp][lane] = own;
  __syncthreads();
  if (warp == 0 && column < columns) {
    float total = 0.0f;
#pragma unroll
    for (int k = 0; k < ROWS; k++) {
      total += partial[k][lane];
    }
    sum[column] = adds ? sum[column] + total : total;
    if (second != nullptr) {
      second[column] = adds ? second[column] + total : total;
    }
  }
}
