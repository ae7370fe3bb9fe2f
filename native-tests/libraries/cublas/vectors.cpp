// Matrix times vector, sums of matrices, and vectors alone.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "device.h"
#include "handle.h"
#include "product.h"
#include "region.h"

extern "C" int cuStreamSynchronize(void* stream);

namespace cublas {

namespace {

constexpr size_t F32 = sizeof(float);

// Element i of a vector of n; with a negative increment the first one lies last.
long place(long i, long n, long increment) { return increment > 0 ? i * increment : (i - n + 1) * increment; }

Region vector(const void* data, int n, int increment) { return {data, 1, n, std::max(1, std::abs(increment)), F32}; }

int check(const Call& call, const char* name, const Region& region) {
  return call.check_range(name, region.data, region.bytes());
}

int check_increment(const Call& call, const char* name, int increment) {
  return increment == 0 ? call.refuse(INVALID_VALUE, std::string(name) + " is 0") : SUCCESS;
}

// A sum over a vector; a result in host memory is there when the call returns, as it is with the real library.
template <typename Sum>
int reduce(const Call& call, int n, const float* x, int increment, float* result, Sum sum) {
  if (!call.ok()) return call.status();
  if (result == nullptr) return call.refuse(INVALID_VALUE, "result is null");
  const bool on_device = call.handle().device_scalars;
  if (on_device) {
    if (const int status = call.check_range("result", result, F32)) return status;
  }
  if (!on_device && device::setting("TARN_DEVICE_DRY", "off") == "on") {
    return call.refuse(NOT_SUPPORTED, "a result for the host, and TARN_DEVICE_DRY is on");
  }
  const int length = increment > 0 ? std::max(n, 0) : 0;
  if (const int status = check(call, "x", vector(x, length, increment))) return status;
  if (const int status = call.check_stream()) return status;
  device::submit(call.handle().stream, call.name(), [=] { *result = sum(x, length, increment); });
  if (!on_device && cuStreamSynchronize(call.handle().stream) != 0) {
    return call.refuse(EXECUTION_FAILED, "the stream failed");
  }
  return SUCCESS;
}

}  // namespace

}  // namespace cublas

using namespace cublas;

extern "C" {

int cublasSgemv_v2(void* handle, int operation, int m, int n, const float* alpha, const float* a, int lda,
                   const float* x, int incx, const float* beta, float* y, int incy) {
  const Call call(handle, "cublasSgemv_v2");
  if (!call.ok()) return call.status();
  if (operation < 0 || operation > 2 || m < 0 || n < 0 || lda < std::max(1, m)) {
    return call.refuse(INVALID_VALUE, "operation " + std::to_string(operation) + ", m " + std::to_string(m) + ", n " +
                                          std::to_string(n) + ", lda " + std::to_string(lda));
  }
  if (const int status = check_increment(call, "incx", incx)) return status;
  if (const int status = check_increment(call, "incy", incy)) return status;
  Scalar factor;
  Scalar kept;
  if (const int status = factor.read(call, "alpha", alpha)) return status;
  if (const int status = kept.read(call, "beta", beta)) return status;
  if (m == 0 || n == 0) return SUCCESS;
  const int inputs = operation == 0 ? n : m;
  const int outputs = operation == 0 ? m : n;
  const Region left = {a, m, n, lda, F32};
  const Region right = vector(x, inputs, incx);
  const Region result = vector(y, outputs, incy);
  if (const int status = check(call, "A", left)) return status;
  if (const int status = check(call, "x", right)) return status;
  if (const int status = check(call, "y", result)) return status;
  if (overlap(result, left) || overlap(result, right)) {
    return call.refuse(INVALID_VALUE, "y shares elements with A or x");
  }
  if (const int status = call.check_stream()) return status;
  device::submit(call.handle().stream, call.name(), [=] {
    const float by = factor.value();
    const float keep = kept.value();
    for (long i = 0; i < outputs; i++) {
      double sum = 0;
      for (long j = 0; by != 0 && j < inputs; j++) {
        const float element = operation == 0 ? a[j * lda + i] : a[i * lda + j];
        sum += static_cast<double>(element) * x[place(j, inputs, incx)];
      }
      float& to = y[place(i, outputs, incy)];
      to = by * static_cast<float>(sum) + (keep == 0 ? 0.0f : keep * to);
    }
  });
  return SUCCESS;
}

int cublasSgeam(void* handle, int op_a, int op_b, int m, int n, const float* alpha, const float* a, int lda,
                const float* beta, const float* b, int ldb, float* c, int ldc) {
  const Call call(handle, "cublasSgeam");
  if (!call.ok()) return call.status();
  if (op_a < 0 || op_a > 2 || op_b < 0 || op_b > 2 || m < 0 || n < 0 || lda < std::max(1, op_a == 0 ? m : n) ||
      ldb < std::max(1, op_b == 0 ? m : n) || ldc < std::max(1, m)) {
    return call.refuse(INVALID_VALUE, "operations " + std::to_string(op_a) + ", " + std::to_string(op_b) + ", m " +
                                          std::to_string(m) + ", n " + std::to_string(n) + ", lda " +
                                          std::to_string(lda) + ", ldb " + std::to_string(ldb) + ", ldc " +
                                          std::to_string(ldc));
  }
  Scalar by_a;
  Scalar by_b;
  if (const int status = by_a.read(call, "alpha", alpha)) return status;
  if (const int status = by_b.read(call, "beta", beta)) return status;
  if (m == 0 || n == 0) return SUCCESS;
  const Region left = {a, op_a == 0 ? m : n, op_a == 0 ? n : m, lda, F32};
  const Region right = {b, op_b == 0 ? m : n, op_b == 0 ? n : m, ldb, F32};
  const Region result = {c, m, n, ldc, F32};
  // An operand whose factor is 0 is not read, and callers pass null for it.
  const bool without_a = by_a.known_zero();
  const bool without_b = by_b.known_zero();
  if (const int status = without_a ? SUCCESS : check(call, "A", left)) return status;
  if (const int status = without_b ? SUCCESS : check(call, "B", right)) return status;
  if (const int status = check(call, "C", result)) return status;
  const bool in_place_a = c == a && op_a == 0 && lda == ldc;
  const bool in_place_b = c == b && op_b == 0 && ldb == ldc;
  if ((!without_a && !in_place_a && overlap(result, left)) || (!without_b && !in_place_b && overlap(result, right))) {
    return call.refuse(INVALID_VALUE, "C shares elements with A or B and is not the same matrix");
  }
  if (const int status = call.check_stream()) return status;
  device::submit(call.handle().stream, call.name(), [=] {
    const float first = by_a.value();
    const float second = by_b.value();
    for (long j = 0; j < n; j++) {
      for (long i = 0; i < m; i++) {
        float sum = first == 0 ? 0.0f : first * (op_a == 0 ? a[j * lda + i] : a[i * lda + j]);
        if (second != 0) sum += second * (op_b == 0 ? b[j * ldb + i] : b[i * ldb + j]);
        c[j * ldc + i] = sum;
      }
    }
  });
  return SUCCESS;
}

int cublasSaxpy_v2(void* handle, int n, const float* alpha, const float* x, int incx, float* y, int incy) {
  const Call call(handle, "cublasSaxpy_v2");
  if (!call.ok()) return call.status();
  Scalar factor;
  if (const int status = factor.read(call, "alpha", alpha)) return status;
  if (n <= 0) return SUCCESS;
  if (const int status = check_increment(call, "incy", incy)) return status;
  if (const int status = check(call, "x", vector(x, n, incx))) return status;
  if (const int status = check(call, "y", vector(y, n, incy))) return status;
  if (const int status = call.check_stream()) return status;
  device::submit(call.handle().stream, call.name(), [=] {
    const float by = factor.value();
    for (long i = 0; i < n; i++) y[place(i, n, incy)] += by * x[place(i, n, incx)];
  });
  return SUCCESS;
}

int cublasSscal_v2(void* handle, int n, const float* alpha, float* x, int incx) {
  const Call call(handle, "cublasSscal_v2");
  if (!call.ok()) return call.status();
  Scalar factor;
  if (const int status = factor.read(call, "alpha", alpha)) return status;
  if (n <= 0 || incx <= 0) return SUCCESS;
  if (const int status = check(call, "x", vector(x, n, incx))) return status;
  if (const int status = call.check_stream()) return status;
  device::submit(call.handle().stream, call.name(), [=] {
    const float by = factor.value();
    for (long i = 0; i < n; i++) x[i * incx] *= by;
  });
  return SUCCESS;
}

int cublasSasum_v2(void* handle, int n, const float* x, int incx, float* result) {
  return reduce(Call(handle, "cublasSasum_v2"), n, x, incx, result, [](const float* from, long count, long step) {
    double sum = 0;
    for (long i = 0; i < count; i++) sum += std::fabs(static_cast<double>(from[i * step]));
    return static_cast<float>(sum);
  });
}

int cublasSnrm2_v2(void* handle, int n, const float* x, int incx, float* result) {
  return reduce(Call(handle, "cublasSnrm2_v2"), n, x, incx, result, [](const float* from, long count, long step) {
    double sum = 0;
    for (long i = 0; i < count; i++) sum += static_cast<double>(from[i * step]) * from[i * step];
    return static_cast<float>(std::sqrt(sum));
  });
}

}  // extern "C"
