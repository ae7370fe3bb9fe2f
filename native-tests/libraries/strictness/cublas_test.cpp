#include <cmath>

#include "check.h"

using namespace libraries;

namespace {

constexpr int SUCCESS = 0;
constexpr int NOT_INITIALIZED = 1;
constexpr int INVALID_VALUE = 7;
constexpr int EXECUTION_FAILED = 13;
constexpr int NOT_SUPPORTED = 15;
constexpr int R_64F = 1;
constexpr int COMPUTE_32F = 68;

void expect(int wanted, int status, const std::string& what) {
  check::that(status == wanted, what + " gave " + std::to_string(status) + " and not " + std::to_string(wanted));
}

}  // namespace

void test_strict_cublas() {
  check::group("cuBLAS: what is refused");
  void* handle = nullptr;
  expect(SUCCESS, cublasCreate_v2(&handle), "cublasCreate");
  const int n = 8;
  const float one = 1;
  const float zero = 0;
  const Buffer a(std::vector<float>(n * n, 1.0f));
  const Buffer b(std::vector<float>(n * n, 1.0f));
  Buffer c(std::vector<float>(2 * n * n, 1.0f));
  auto gemm = [&](const void* left, int lda, const void* right, int ldb, void* to, int ldc) {
    return cublasSgemm_v2(handle, 0, 0, n, n, n, &one, left, lda, right, ldb, &zero, to, ldc);
  };
  expect(SUCCESS, gemm(a.at(), n, b.at(), n, c.at(), n), "a right call");
  expect(INVALID_VALUE, gemm(a.at(), n - 1, b.at(), n, c.at(), n), "lda below the rows");
  expect(INVALID_VALUE, gemm(a.at(), n, b.at(), n, c.at(), 0), "ldc 0");
  expect(EXECUTION_FAILED, gemm(a.at(), n + 1, b.at(), n, c.at(), n), "A past its end");
  expect(EXECUTION_FAILED, gemm(a.at(1), n, b.at(), n, c.at(), n), "A one element past its end");
  expect(EXECUTION_FAILED, gemm(&one, n, b.at(), n, c.at(), n), "A in host memory");
  expect(INVALID_VALUE, gemm(a.at(), n, b.at(), n, a.at(), n), "C the same as A");
  expect(INVALID_VALUE, gemm(c.at(n), n, b.at(), n, c.at(), n), "C over a part of A");
  expect(INVALID_VALUE, cublasSgemm_v2(handle, 0, 0, n, n, n, nullptr, a.at(), n, b.at(), n, &zero, c.at(), n),
         "alpha null");
  const float* const inside = static_cast<const float*>(a.at());
  expect(INVALID_VALUE, cublasSgemm_v2(handle, 0, 0, n, n, n, inside, a.at(), n, b.at(), n, &zero, c.at(), n),
         "alpha in device memory");
  expect(INVALID_VALUE, cublasSgemm_v2(handle, 3, 0, n, n, n, &one, a.at(), n, b.at(), n, &zero, c.at(), n),
         "operation 3");
  expect(INVALID_VALUE, cublasSgemm_v2(handle, 0, 0, -1, n, n, &one, a.at(), n, b.at(), n, &zero, c.at(), n), "m -1");
  expect(NOT_SUPPORTED,
         cublasGemmEx(handle, 0, 0, n, n, n, &one, a.at(), R_64F, n, b.at(), R_64F, n, &zero, c.at(), R_64F, n,
                      COMPUTE_32F, -1),
         "float64");
  expect(NOT_SUPPORTED,
         cublasGemmEx(handle, 0, 0, n, n, n, &one, a.at(), 0, n, b.at(), 0, n, &zero, c.at(), 0, n, 64, -1),
         "float16 sums");
  expect(INVALID_VALUE,
         cublasSgemmStridedBatched(handle, 0, 0, n, n, n, &one, a.at(), n, 0, b.at(), n, 0, &zero, c.at(), n, n, 2),
         "matrices of C over one another");
  expect(INVALID_VALUE, cublasSetMathMode(handle, 9), "math mode 9");
  expect(INVALID_VALUE, cublasSetWorkspace_v2(handle, c.at(1), 16), "a workspace that is not aligned");

  // Columns of C between the columns of A share no element.
  const Buffer halves(std::vector<float>(2 * n * n, 1.0f));
  expect(SUCCESS, gemm(halves.at(), 2 * n, b.at(), n, halves.at(n), 2 * n), "C and A as halves of wider columns");
  expect(INVALID_VALUE, gemm(halves.at(), 2 * n, b.at(), n, halves.at(n - 1), 2 * n), "C over a row of A");

  void* const freed = c.at();
  c.release();
  expect(EXECUTION_FAILED, gemm(a.at(), n, b.at(), n, freed, n), "C in memory that was freed");
  expect(EXECUTION_FAILED, gemm(a.at(), n, b.at(), n, nullptr, n), "C null");
  expect(INVALID_VALUE, gemm(static_cast<const char*>(a.at()) + 2, n, b.at(), n, halves.at(), n), "A at half a float");
  expect(SUCCESS, cublasDestroy_v2(handle), "cublasDestroy");
  expect(NOT_INITIALIZED, gemm(a.at(), n, b.at(), n, halves.at(), n), "a handle that was destroyed");
  expect(NOT_INITIALIZED, cublasDestroy_v2(handle), "destroyed twice");

  check::group("cuBLAS: TF32 rounds to ten bits");
  expect(SUCCESS, cublasCreate_v2(&handle), "cublasCreate");
  // Half a unit of TF32 above 1 is a tie and goes to 1, a little more goes up; products and sums of these are exact.
  const float unit = std::ldexp(1.0f, -10);
  const Buffer left(std::vector<float>{1 + unit / 2, 1 + 0.75f * unit, 1 + 1.5f * unit, -1 - 0.75f * unit});
  const Buffer right(std::vector<float>{1.0f});
  const Buffer to(4 * sizeof(float));
  expect(SUCCESS, cublasSetMathMode(handle, 3), "cublasSetMathMode");
  expect(SUCCESS, cublasSgemm_v2(handle, 0, 0, 4, 1, 1, &one, left.at(), 4, right.at(), 1, &zero, to.at(), 4), "TF32");
  check::that(to.floats() == std::vector<float>{1, 1 + unit, 1 + 2 * unit, -1 - unit}, "TF32 is not rounded to even");
  expect(SUCCESS, cublasSetMathMode(handle, 0), "cublasSetMathMode");
  expect(SUCCESS, cublasSgemm_v2(handle, 0, 0, 4, 1, 1, &one, left.at(), 4, right.at(), 1, &zero, to.at(), 4), "F32");
  check::that(to.floats() == left.floats(), "float32 is rounded");
  expect(SUCCESS, cublasDestroy_v2(handle), "cublasDestroy");
}
