// cuBLAS matrix products: column-major, with every transpose, leading dimension, factor and number format that Tarn
// uses.
#include <cmath>

#include "check.h"
#include "formats.h"

using namespace libraries;

namespace {

constexpr int R_32F = 0;
constexpr int R_16F = 2;
constexpr int R_16BF = 14;
constexpr int COMPUTE_32F = 68;
constexpr int COMPUTE_32F_FAST_TF32 = 77;
constexpr int GEMM_DEFAULT = -1;
constexpr int DEFAULT_MATH = 0;
constexpr int TF32_TENSOR_OP_MATH = 3;
constexpr float UNTOUCHED = 12345.0f;

struct Shape {
  int m;
  int n;
  int k;
};

// A column-major matrix in memory: rows and columns as they lie there, with NaN between the columns.
struct Matrix {
  int rows;
  int columns;
  int ld;
  std::vector<float> values;

  Matrix(Random& random, int rows, int columns, int extra)
      : rows(rows), columns(columns), ld(rows + extra), values(static_cast<size_t>(ld) * columns, NAN) {
    for (int j = 0; j < columns; j++) {
      for (int i = 0; i < rows; i++) values[static_cast<size_t>(j) * ld + i] = random.normal();
    }
  }
  float at(int i, int j, bool transposed) const {
    return transposed ? values[static_cast<size_t>(i) * ld + j] : values[static_cast<size_t>(j) * ld + i];
  }
};

typedef float (*Round)(double);

float keep(double value) { return static_cast<float>(value); }

struct Expected {
  std::vector<double> exact;
  std::vector<float> plain;
};

// alpha op(a) op(b) + beta c, densely packed; `round` is what the plain version does to its operands, `stored` to
// results.
Expected expect(const Shape& s, const Matrix& a, bool ta, const Matrix& b, bool tb, float alpha, float beta,
                const Matrix* c, Round round = keep, Round stored = keep) {
  Expected result;
  for (int j = 0; j < s.n; j++) {
    for (int i = 0; i < s.m; i++) {
      double exact = 0;
      float plain = 0;
      for (int p = 0; p < s.k; p++) {
        exact += static_cast<double>(a.at(i, p, ta)) * b.at(p, j, tb);
        plain += round(a.at(i, p, ta)) * round(b.at(p, j, tb));
      }
      exact *= alpha;
      plain *= alpha;
      if (beta != 0) {
        exact += static_cast<double>(beta) * c->at(i, j, false);
        plain += beta * c->at(i, j, false);
      }
      result.exact.push_back(exact);
      result.plain.push_back(stored(plain));
    }
  }
  return result;
}

std::vector<float> dense(const std::vector<float>& values, int rows, int columns, int ld, size_t from = 0) {
  std::vector<float> result;
  for (int j = 0; j < columns; j++) {
    for (int i = 0; i < rows; i++) result.push_back(values[from + static_cast<size_t>(j) * ld + i]);
  }
  return result;
}

std::string name(const Shape& s, int ta, int tb) {
  return "[" + std::to_string(s.m) + "," + std::to_string(s.k) + "][" + std::to_string(s.k) + "," +
         std::to_string(s.n) + "] " + (ta != 0 ? "T" : "N") + (tb != 0 ? "T" : "N");
}

const std::vector<Shape> SHAPES = {{1, 1, 1},   {3, 5, 2},    {1, 7, 300},   {33, 1, 70},
                                   {17, 33, 5}, {64, 70, 33}, {132, 64, 257}, {31, 260, 600}};

void layouts(void* handle) {
  check::group("cublasSgemm: layouts and leading dimensions");
  Random random(1);
  for (const Shape& s : SHAPES) {
    for (int ta = 0; ta < 2; ta++) {
      for (int tb = 0; tb < 2; tb++) {
        for (const int extra : {0, 3}) {
          const Matrix a(random, ta != 0 ? s.k : s.m, ta != 0 ? s.m : s.k, extra);
          const Matrix b(random, tb != 0 ? s.n : s.k, tb != 0 ? s.k : s.n, 2 * extra);
          Matrix c(random, s.m, s.n, extra);
          for (float& value : c.values) value = std::isnan(value) ? UNTOUCHED : value;
          const float alpha = 1.5f;
          const float beta = -0.5f;
          const Expected expected = expect(s, a, ta != 0, b, tb != 0, alpha, beta, &c);
          const Buffer da(a.values);
          const Buffer db(b.values);
          const Buffer dc(c.values);
          check::succeeded(cublasSgemm_v2(handle, ta, tb, s.m, s.n, s.k, &alpha, da.at(), a.ld, db.at(), b.ld, &beta,
                                          dc.at(), c.ld),
                           "cublasSgemm " + name(s, ta, tb));
          const std::vector<float> got = dc.floats();
          check::close(dense(got, s.m, s.n, c.ld), expected.exact, expected.plain, name(s, ta, tb));
          for (int j = 0; extra != 0 && j < s.n; j++) {
            check::that(got[static_cast<size_t>(j) * c.ld + s.m] == UNTOUCHED, "a column of C is longer than it was");
          }
        }
      }
    }
  }
}

void factors(void* handle) {
  check::group("cublasSgemm: beta 0, alpha 0, no depth, no rows");
  Random random(2);
  const Shape s = {20, 30, 40};
  const Matrix a(random, s.m, s.k, 0);
  const Matrix b(random, s.k, s.n, 0);
  Matrix nan(random, s.m, s.n, 0);
  for (float& value : nan.values) value = NAN;
  const Buffer da(a.values);
  const Buffer db(b.values);
  const Buffer dc(nan.values);
  float alpha = 1;
  float beta = 0;
  check::succeeded(cublasSgemm_v2(handle, 0, 0, s.m, s.n, s.k, &alpha, da.at(), s.m, db.at(), s.k, &beta, dc.at(), s.m),
                   "cublasSgemm with beta 0");
  // Factors are read at the call: the work must not see these.
  alpha = beta = NAN;
  const Expected expected = expect(s, a, false, b, false, 1, 0, nullptr);
  check::close(dc.floats(), expected.exact, expected.plain, "NaN in C under beta 0");

  const Matrix c(random, s.m, s.n, 0);
  Buffer kept(c.values);
  alpha = 1;
  beta = 2;
  check::succeeded(cublasSgemm_v2(handle, 0, 0, s.m, s.n, 0, &alpha, da.at(), s.m, db.at(), 1, &beta, kept.at(), s.m),
                   "cublasSgemm with k 0");
  const std::vector<float> doubled = kept.floats();
  bool right = true;
  for (size_t i = 0; i < doubled.size(); i++) right = right && doubled[i] == 2 * c.values[i];
  check::that(right, "C is not beta C without depth");

  alpha = 0;
  beta = 0;
  check::succeeded(
      cublasSgemm_v2(handle, 0, 0, s.m, s.n, s.k, &alpha, da.at(), s.m, db.at(), s.k, &beta, kept.at(), s.m),
      "cublasSgemm with alpha 0");
  right = true;
  for (const float value : kept.floats()) right = right && value == 0;
  check::that(right, "C is not 0 with alpha and beta 0");
  check::succeeded(
      cublasSgemm_v2(handle, 0, 0, 0, s.n, s.k, &alpha, da.at(), s.m, db.at(), s.k, &beta, kept.at(), s.m),
      "cublasSgemm without rows");
}

void batches(void* handle) {
  check::group("cublasSgemmStridedBatched");
  Random random(3);
  const Shape s = {9, 14, 35};
  const int count = 5;
  for (const bool shared : {false, true}) {
    std::vector<Matrix> a;
    std::vector<Matrix> b;
    std::vector<float> all_a;
    std::vector<float> all_b;
    for (int i = 0; i < count; i++) {
      a.emplace_back(random, s.m, s.k, 1);
      all_a.insert(all_a.end(), a[i].values.begin(), a[i].values.end());
      if (shared && i > 0) continue;
      b.emplace_back(random, s.n, s.k, 0);
      all_b.insert(all_b.end(), b.back().values.begin(), b.back().values.end());
    }
    const Buffer da(all_a);
    const Buffer db(all_b);
    const Buffer dc(static_cast<size_t>(count) * s.m * s.n * sizeof(float));
    const float one = 1;
    const float zero = 0;
    check::succeeded(cublasSgemmStridedBatched(handle, 0, 1, s.m, s.n, s.k, &one, da.at(), s.m + 1,
                                               (s.m + 1LL) * s.k, db.at(), s.n, shared ? 0 : s.n * 1LL * s.k, &zero,
                                               dc.at(), s.m, s.m * 1LL * s.n, count),
                     "cublasSgemmStridedBatched");
    const std::vector<float> got = dc.floats();
    for (int i = 0; i < count; i++) {
      const Expected expected = expect(s, a[i], false, b[shared ? 0 : i], true, 1, 0, nullptr);
      check::close(dense(got, s.m, s.n, s.m, static_cast<size_t>(i) * s.m * s.n), expected.exact, expected.plain,
                   shared ? "one B for all" : "matrix " + std::to_string(i));
    }
  }
}

void tf32(void* handle) {
  check::group("cublasSgemm and GemmEx: TF32 where it is asked for");
  Random random(4);
  const Shape s = {64, 48, 500};
  const Matrix a(random, s.k, s.m, 0);
  const Matrix b(random, s.k, s.n, 0);
  const Expected expected = expect(s, a, true, b, false, 1, 0, nullptr, formats::tf32);
  const Buffer da(a.values);
  const Buffer db(b.values);
  const Buffer dc(static_cast<size_t>(s.m) * s.n * sizeof(float));
  const float one = 1;
  const float zero = 0;
  check::succeeded(cublasSetMathMode(handle, TF32_TENSOR_OP_MATH), "cublasSetMathMode");
  check::succeeded(
      cublasSgemm_v2(handle, 1, 0, s.m, s.n, s.k, &one, da.at(), s.k, db.at(), s.k, &zero, dc.at(), s.m),
      "cublasSgemm by TF32");
  check::succeeded(cublasSetMathMode(handle, DEFAULT_MATH), "cublasSetMathMode");
  check::close(dc.floats(), expected.exact, expected.plain, "by math mode");
  check::succeeded(cublasGemmEx(handle, 1, 0, s.m, s.n, s.k, &one, da.at(), R_32F, s.k, db.at(), R_32F, s.k, &zero,
                                dc.at(), R_32F, s.m, COMPUTE_32F_FAST_TF32, GEMM_DEFAULT),
                   "cublasGemmEx by TF32");
  check::close(dc.floats(), expected.exact, expected.plain, "by compute type");
}

void narrow(void* handle, int type, const std::string& word) {
  check::group("cublasGemmEx: " + word);
  const bool half = type == R_16F;
  const Round stored = half ? formats::half : formats::bfloat16;
  auto bits = [&](const std::vector<float>& values) {
    std::vector<uint16_t> result;
    for (const float value : values) result.push_back(half ? formats::half_bits(value) : formats::bfloat16_bits(value));
    return result;
  };
  auto widened = [&](const std::vector<uint16_t>& values) {
    std::vector<float> result;
    for (const uint16_t value : values) {
      result.push_back(half ? formats::from_half_bits(value) : formats::from_bfloat16_bits(value));
    }
    return result;
  };
  Random random(5);
  for (const Shape& s : {Shape{8, 16, 24}, Shape{5, 3, 70}, Shape{64, 40, 512}}) {
    for (int ta = 0; ta < 2; ta++) {
      Matrix a(random, ta != 0 ? s.k : s.m, ta != 0 ? s.m : s.k, 0);
      Matrix b(random, s.k, s.n, 0);
      for (float& value : a.values) value = stored(value);
      for (float& value : b.values) value = stored(value);
      const Buffer da(bits(a.values));
      const Buffer db(bits(b.values));
      const float alpha = 0.75f;
      const float zero = 0;
      const Buffer wide(static_cast<size_t>(s.m) * s.n * sizeof(float));
      check::succeeded(cublasGemmEx(handle, ta, 0, s.m, s.n, s.k, &alpha, da.at(), type, a.ld, db.at(), type, b.ld,
                                    &zero, wide.at(), R_32F, s.m, COMPUTE_32F, GEMM_DEFAULT),
                       "cublasGemmEx into float32");
      const Expected expected = expect(s, a, ta != 0, b, false, alpha, 0, nullptr);
      check::close(wide.floats(), expected.exact, expected.plain, "float32 " + name(s, ta, 0));

      const Buffer slim(static_cast<size_t>(s.m) * s.n * sizeof(uint16_t));
      check::succeeded(cublasGemmEx(handle, ta, 0, s.m, s.n, s.k, &alpha, da.at(), type, a.ld, db.at(), type, b.ld,
                                    &zero, slim.at(), type, s.m, COMPUTE_32F, GEMM_DEFAULT),
                       "cublasGemmEx into 16 bits");
      const Expected rounded = expect(s, a, ta != 0, b, false, alpha, 0, nullptr, keep, stored);
      check::close(widened(slim.shorts()), rounded.exact, rounded.plain, "16 bits " + name(s, ta, 0));
    }
  }
  const Shape s = {16, 8, 32};
  std::vector<float> all_a;
  std::vector<float> all_b;
  std::vector<Expected> expected;
  const int count = 3;
  for (int i = 0; i < count; i++) {
    Matrix a(random, s.m, s.k, 0);
    Matrix b(random, s.k, s.n, 0);
    for (float& value : a.values) value = stored(value);
    for (float& value : b.values) value = stored(value);
    all_a.insert(all_a.end(), a.values.begin(), a.values.end());
    all_b.insert(all_b.end(), b.values.begin(), b.values.end());
    expected.push_back(expect(s, a, false, b, false, 1, 0, nullptr));
  }
  const Buffer da(bits(all_a));
  const Buffer db(bits(all_b));
  const Buffer dc(static_cast<size_t>(count) * s.m * s.n * sizeof(float));
  const float one = 1;
  const float zero = 0;
  check::succeeded(cublasGemmStridedBatchedEx(handle, 0, 0, s.m, s.n, s.k, &one, da.at(), type, s.m, s.m * s.k, db.at(),
                                              type, s.k, s.k * s.n, &zero, dc.at(), R_32F, s.m, s.m * s.n, count,
                                              COMPUTE_32F, GEMM_DEFAULT),
                   "cublasGemmStridedBatchedEx");
  const std::vector<float> got = dc.floats();
  for (int i = 0; i < count; i++) {
    check::close(dense(got, s.m, s.n, s.m, static_cast<size_t>(i) * s.m * s.n), expected[i].exact, expected[i].plain,
                 "batch");
  }
}

}  // namespace

void test_products() {
  void* handle = nullptr;
  void* stream = nullptr;
  constexpr unsigned NON_BLOCKING = 1;
  constexpr size_t WORKSPACE_BYTES = size_t{4} << 20;
  {
    const Buffer workspace(WORKSPACE_BYTES);
    check::group("cuBLAS: handle, stream, workspace");
    check::succeeded(cublasCreate_v2(&handle), "cublasCreate");
    check::succeeded(cublasSetWorkspace_v2(handle, workspace.at(), WORKSPACE_BYTES), "cublasSetWorkspace");
    layouts(handle);
    factors(handle);
    batches(handle);
    tf32(handle);
    narrow(handle, R_16F, "float16");
    if (capability() >= 80) narrow(handle, R_16BF, "bfloat16");

    check::group("cuBLAS: work stays in order on a stream");
    check::succeeded(cuStreamCreate(&stream, NON_BLOCKING), "cuStreamCreate");
    check::succeeded(cublasSetStream_v2(handle, stream), "cublasSetStream");
    // Powers of a permutation: a product that runs too early is another one.
    const int n = 7;
    std::vector<float> cycle(n * n, 0.0f);
    std::vector<float> identity(n * n, 0.0f);
    for (int i = 0; i < n; i++) {
      identity[i * n + i] = 1;
      cycle[i * n + (i + 1) % n] = 1;
    }
    const Buffer by(cycle);
    const Buffer first(identity);
    const Buffer second(identity);
    const float one = 1;
    const float zero = 0;
    for (int i = 0; i < n; i++) {
      const Buffer& from = i % 2 == 0 ? first : second;
      const Buffer& to = i % 2 == 0 ? second : first;
      check::succeeded(cublasSgemm_v2(handle, 0, 0, n, n, n, &one, by.at(), n, from.at(), n, &zero, to.at(), n),
                       "cublasSgemm");
    }
    check::succeeded(cuStreamSynchronize(stream), "cuStreamSynchronize");
    check::that(second.floats() == identity, "seven steps round a cycle of seven do not end at the start");
    check::succeeded(cublasDestroy_v2(handle), "cublasDestroy");
    check::succeeded(cuStreamDestroy_v2(stream), "cuStreamDestroy");
  }
}
