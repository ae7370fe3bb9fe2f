// The other cuBLAS calls: matrix times vector, sums of matrices, vectors.
#include <cmath>

#include "check.h"

using namespace libraries;

void test_vectors() {
  void* handle = nullptr;
  check::group("cublasSgemv, Sgeam, Saxpy, Sscal, Sasum, Snrm2");
  check::succeeded(cublasCreate_v2(&handle), "cublasCreate");
  Random random(6);
  const int m = 37;
  const int n = 70;
  const std::vector<float> a = random.normals(m * n);
  const std::vector<float> x = random.normals(n * 2);
  const std::vector<float> y = random.normals(n);
  const Buffer da(a);
  const Buffer dx(x);
  const float alpha = 0.5f;
  const float beta = -2;
  const float zero = 0;
  for (int transposed = 0; transposed < 2; transposed++) {
    const int inputs = transposed != 0 ? m : n;
    const int outputs = transposed != 0 ? n : m;
    std::vector<double> exact;
    std::vector<float> plain;
    for (int i = 0; i < outputs; i++) {
      double sum = 0;
      float narrow = 0;
      for (int j = 0; j < inputs; j++) {
        const float element = transposed != 0 ? a[i * m + j] : a[j * m + i];
        sum += static_cast<double>(element) * x[2 * j];
        narrow += element * x[2 * j];
      }
      exact.push_back(alpha * sum + static_cast<double>(beta) * y[i]);
      plain.push_back(alpha * narrow + beta * y[i]);
    }
    const Buffer dy(std::vector<float>(y.begin(), y.begin() + outputs));
    check::succeeded(cublasSgemv_v2(handle, transposed, m, n, &alpha, da.at(), m, dx.at(), 2, &beta, dy.at(), 1),
                     "cublasSgemv");
    check::close(dy.floats(), exact, plain, transposed != 0 ? "gemv T" : "gemv N");
  }
  const Buffer transposed(a.size() * sizeof(float));
  const float one = 1;
  check::succeeded(cublasSgeam(handle, 1, 0, n, m, &one, da.at(), m, &zero, da.at(), n, transposed.at(), n),
                   "cublasSgeam");
  const std::vector<float> turned = transposed.floats();
  bool right = true;
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) right = right && turned[i * n + j] == a[j * m + i];
  }
  check::that(right, "geam is not the transpose");

  const Buffer dy(y);
  std::vector<double> exact;
  std::vector<float> plain;
  double sum = 0;
  double squares = 0;
  float plain_sum = 0;
  float plain_squares = 0;
  for (int i = 0; i < n; i++) {
    exact.push_back(-2 * (y[i] + 0.5 * x[i]));
    plain.push_back(-2 * (y[i] + 0.5f * x[i]));
    sum += std::fabs(exact.back());
    squares += exact.back() * exact.back();
    plain_sum += std::fabs(plain.back());
    plain_squares += plain.back() * plain.back();
  }
  check::succeeded(cublasSaxpy_v2(handle, n, &alpha, dx.at(), 1, dy.at(), 1), "cublasSaxpy");
  check::succeeded(cublasSscal_v2(handle, n, &beta, dy.at(), 1), "cublasSscal");
  check::close(dy.floats(), exact, plain, "axpy and scal");
  float result = 0;
  check::succeeded(cublasSasum_v2(handle, n, dy.at(), 1, &result), "cublasSasum");
  check::close({result}, {sum}, {plain_sum}, "asum");
  check::succeeded(cublasSnrm2_v2(handle, n, dy.at(), 1, &result), "cublasSnrm2");
  check::close({result}, {std::sqrt(squares)}, {std::sqrt(plain_squares)}, "nrm2");
  check::succeeded(cublasDestroy_v2(handle), "cublasDestroy");
}
