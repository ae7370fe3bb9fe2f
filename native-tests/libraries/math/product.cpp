#include "product.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

namespace math {

namespace {

// A tile of 16 x 6 sums fills twelve of the sixteen vector registers of AVX2; a depth of 256 keeps a panel of the left
// operand in the first-level cache.
constexpr long TILE_ROWS = 16;
constexpr long TILE_COLUMNS = 6;
constexpr long DEPTH = 256;
constexpr long BLOCK_ROWS = 32 * TILE_ROWS;
constexpr long BLOCK_COLUMNS = 42 * TILE_COLUMNS;

// Below this many multiplications a thread costs more than it saves.
constexpr double WORTH_A_THREAD = 1e7;

long round_up(long value, long unit) { return (value + unit - 1) / unit * unit; }

float* allocate(long count) {
  void* memory = std::aligned_alloc(64, round_up(std::max(count, 1L) * static_cast<long>(sizeof(float)), 64));
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<float*>(memory);
}

// `count` elements that lie side by side.
void load_run(const Operand& from, size_t first, long count, float* to) {
  for (long i = 0; i < count; i++) to[i] = numbers::load(from.data, first + i, from.type);
  if (from.rounding == numbers::Rounding::NONE) return;
  for (long i = 0; i < count; i++) to[i] = numbers::round(to[i], from.rounding);
}

// Writes width numbers for each of `length` depths, of which the first `count` are rows (or, for the right operand,
// columns) from `first` on and the others are 0. `along` says that neighbours in memory are neighbours in the panel.
void pack(const Operand& from, bool along, long first, long count, long width, long depth, long length, float* to) {
  if (along) {
    for (long p = 0; p < length; p++) {
      load_run(from, static_cast<size_t>(depth + p) * from.ld + first, count, to + p * width);
      std::fill(to + p * width + count, to + (p + 1) * width, 0.0f);
    }
    return;
  }
  float run[DEPTH];
  for (long i = 0; i < width; i++) {
    if (i < count) {
      load_run(from, static_cast<size_t>(first + i) * from.ld + depth, length, run);
    } else {
      std::fill(run, run + length, 0.0f);
    }
    for (long p = 0; p < length; p++) to[p * width + i] = run[p];
  }
}

// Adds a tile of the product to sums, whose columns are BLOCK_ROWS apart.
__attribute__((target("avx2,fma"))) void add_tile_by_vectors(long length, const float* a, const float* b, float* sums) {
  __m256 tile[TILE_COLUMNS][2];
#pragma GCC unroll 6
  for (long j = 0; j < TILE_COLUMNS; j++) tile[j][0] = tile[j][1] = _mm256_setzero_ps();
  for (long p = 0; p < length; p++, a += TILE_ROWS, b += TILE_COLUMNS) {
    const __m256 low = _mm256_load_ps(a);
    const __m256 high = _mm256_load_ps(a + 8);
#pragma GCC unroll 6
    for (long j = 0; j < TILE_COLUMNS; j++) {
      const __m256 factor = _mm256_broadcast_ss(b + j);
      tile[j][0] = _mm256_fmadd_ps(low, factor, tile[j][0]);
      tile[j][1] = _mm256_fmadd_ps(high, factor, tile[j][1]);
    }
  }
#pragma GCC unroll 6
  for (long j = 0; j < TILE_COLUMNS; j++) {
    float* column = sums + j * BLOCK_ROWS;
    _mm256_store_ps(column, _mm256_add_ps(_mm256_load_ps(column), tile[j][0]));
    _mm256_store_ps(column + 8, _mm256_add_ps(_mm256_load_ps(column + 8), tile[j][1]));
  }
}

void add_tile_by_numbers(long length, const float* a, const float* b, float* sums) {
  float tile[TILE_COLUMNS][TILE_ROWS] = {};
  for (long p = 0; p < length; p++, a += TILE_ROWS, b += TILE_COLUMNS) {
    for (long j = 0; j < TILE_COLUMNS; j++) {
      for (long i = 0; i < TILE_ROWS; i++) tile[j][i] += a[i] * b[j];
    }
  }
  for (long j = 0; j < TILE_COLUMNS; j++) {
    for (long i = 0; i < TILE_ROWS; i++) sums[j * BLOCK_ROWS + i] += tile[j][i];
  }
}

const auto add_tile =
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? add_tile_by_vectors : add_tile_by_numbers;

void write_block(const float* sums, long rows, long columns, long row, long column, float alpha, float beta,
                 const Result& c) {
  for (long j = 0; j < columns; j++) {
    const size_t first = static_cast<size_t>(column + j) * c.ld + row;
    for (long i = 0; i < rows; i++) {
      float value = alpha * sums[j * BLOCK_ROWS + i];
      if (beta != 0) value += beta * numbers::load(c.data, first + i, c.type);
      numbers::store(c.data, first + i, c.type, value);
    }
  }
}

// Where one thread keeps a block's sums and its part of the right operand.
struct Scratch {
  explicit Scratch(long columns)
      : sums(allocate(BLOCK_ROWS * columns)), right(allocate(DEPTH * columns)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::free(sums);
    std::free(right);
  }
  float* sums;
  float* right;
};

void multiply_block(const Packed& a, const Operand& b, long row, long column, long columns, float alpha, float beta,
                    const Result& c, Scratch& scratch) {
  const long rows = std::min(BLOCK_ROWS, a.rows() - row);
  const long padded = round_up(columns, TILE_COLUMNS);
  for (long j = 0; j < padded; j++) {
    std::fill_n(scratch.sums + j * BLOCK_ROWS, round_up(rows, TILE_ROWS), 0.0f);
  }
  for (long depth = 0; alpha != 0 && depth < a.depth(); depth += DEPTH) {
    const long length = std::min(DEPTH, a.depth() - depth);
    for (long j = 0; j < columns; j += TILE_COLUMNS) {
      pack(b, b.transposed, column + j, std::min(TILE_COLUMNS, columns - j), TILE_COLUMNS, depth, length,
           scratch.right + j * length);
    }
    for (long j = 0; j < columns; j += TILE_COLUMNS) {
      for (long i = 0; i < rows; i += TILE_ROWS) {
        add_tile(length, a.panel(row + i, depth, length), scratch.right + j * length,
                 scratch.sums + j * BLOCK_ROWS + i);
      }
    }
  }
  write_block(scratch.sums, rows, columns, row, column, alpha, beta, c);
}

// Reads the first and the last byte of a matrix, so that memory which is gone by now faults in the thread that the
// device watches and not in a helping one.
void touch(const void* data, long ld, long rows, long columns, size_t element) {
  const volatile char* bytes = static_cast<const volatile char*>(data);
  const size_t last = static_cast<size_t>((columns - 1) * ld + rows) * element - 1;
  static_cast<void>(bytes[0]);
  static_cast<void>(bytes[last]);
}

}  // namespace

void Packed::Free::operator()(float* memory) const { std::free(memory); }

Packed::Packed(const Operand& a, long rows, long depth)
    : rows_(rows), depth_(depth), padded_(round_up(rows, TILE_ROWS)), values_(allocate(padded_ * depth)) {
  for (long from = 0; from < depth; from += DEPTH) {
    const long length = std::min(DEPTH, depth - from);
    for (long row = 0; row < rows; row += TILE_ROWS) {
      pack(a, !a.transposed, row, std::min(TILE_ROWS, rows - row), TILE_ROWS, from, length,
           const_cast<float*>(panel(row, from, length)));
    }
  }
}

const float* Packed::panel(long row, long from, long length) const {
  return values_.get() + from * padded_ + row * length;
}

void multiply(const Packed& a, const Operand& b, long columns, float alpha, float beta, const Result& c) {
  const long blocks_down = (a.rows() + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const long blocks_across = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const long blocks = blocks_down * blocks_across;
  if (blocks == 0) return;
  if (a.depth() > 0 && alpha != 0) {
    const long rows = b.transposed ? columns : a.depth();
    touch(b.data, b.ld, rows, b.transposed ? a.depth() : columns, numbers::size_of(b.type));
  }
  touch(c.data, c.ld, a.rows(), columns, numbers::size_of(c.type));
  std::atomic<long> next{0};
  auto work = [&] {
    Scratch scratch(std::min(BLOCK_COLUMNS, round_up(columns, TILE_COLUMNS)));
    for (long block = next++; block < blocks; block = next++) {
      const long column = block / blocks_down * BLOCK_COLUMNS;
      multiply_block(a, b, block % blocks_down * BLOCK_ROWS, column, std::min(BLOCK_COLUMNS, columns - column), alpha,
                     beta, c, scratch);
    }
  };
  const double multiplications = static_cast<double>(a.rows()) * columns * a.depth();
  if (blocks > 1 && multiplications > WORTH_A_THREAD && std::thread::hardware_concurrency() > 1) {
    std::thread other(work);
    work();
    other.join();
  } else {
    work();
  }
}

void multiply(const Operand& a, const Operand& b, long rows, long columns, long depth, float alpha, float beta,
              const Result& c) {
  multiply(Packed(a, rows, alpha == 0 ? 0 : depth), b, columns, alpha, beta, c);
}

}  // namespace math
