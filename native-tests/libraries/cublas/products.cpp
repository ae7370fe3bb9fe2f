// Matrix products: every entry point becomes one Request, which is checked at the call and computed when the stream
// comes to it.
#include <algorithm>

#include "device.h"
#include "handle.h"
#include "product.h"
#include "region.h"

namespace cublas {

namespace {

enum ComputeType : int {
  COMPUTE_32F = 68,
  COMPUTE_32F_PEDANTIC = 69,
  COMPUTE_32F_FAST_16F = 74,
  COMPUTE_32F_FAST_16BF = 75,
  COMPUTE_32F_FAST_TF32 = 77,
};

struct Side {
  int operation;
  const void* data;
  int type;
  int ld;
  long long stride = 0;
};

struct Request {
  int rows;
  int columns;
  int depth;
  const void* alpha;
  Side a;
  Side b;
  const void* beta;
  void* c;
  int c_type;
  int ldc;
  long long c_stride = 0;
  int count = 1;
  int compute = COMPUTE_32F;
};

constexpr int R_32F = 0;
constexpr int R_16F = 2;
constexpr int R_16BF = 14;

bool known(int type) { return type == R_32F || type == R_16F || type == R_16BF; }

numbers::Type number_type(int type) {
  return type == R_32F ? numbers::Type::F32 : type == R_16F ? numbers::Type::F16 : numbers::Type::BF16;
}

numbers::Rounding rounding(const Request& request, int math) {
  if (request.a.type != R_32F || request.compute == COMPUTE_32F_PEDANTIC) return numbers::Rounding::NONE;
  switch (request.compute) {
    case COMPUTE_32F_FAST_16F:
      return numbers::Rounding::F16;
    case COMPUTE_32F_FAST_16BF:
      return numbers::Rounding::BF16;
    case COMPUTE_32F_FAST_TF32:
      return report::has_tf32() ? numbers::Rounding::TF32 : numbers::Rounding::NONE;
    default:
      break;
  }
  const int mode = math & ~DISALLOW_REDUCED_PRECISION_REDUCTION;
  const bool tensor = mode == TF32_TENSOR_OP_MATH || mode == TENSOR_OP_MATH;
  return tensor && report::has_tf32() ? numbers::Rounding::TF32 : numbers::Rounding::NONE;
}

int check_types(const Call& call, const Request& request) {
  const int compute = request.compute;
  if (compute != COMPUTE_32F && compute != COMPUTE_32F_PEDANTIC && compute != COMPUTE_32F_FAST_16F &&
      compute != COMPUTE_32F_FAST_16BF && compute != COMPUTE_32F_FAST_TF32) {
    return call.refuse(NOT_SUPPORTED, "compute type " + std::to_string(compute) +
                                          "; the software device has CUBLAS_COMPUTE_32F (68) and its variants");
  }
  const int type = request.a.type;
  if (!known(type) || request.b.type != type || (request.c_type != type && request.c_type != R_32F)) {
    return call.refuse(NOT_SUPPORTED, "types " + std::to_string(type) + ", " + std::to_string(request.b.type) + ", " +
                                          std::to_string(request.c_type) +
                                          "; A and B must both be float32 (0), float16 (2) or bfloat16 (14), C the "
                                          "same or float32");
  }
  return SUCCESS;
}

int check_side(const Call& call, const char* name, const Side& side, int rows) {
  if (side.operation < 0 || side.operation > 2) {
    return call.refuse(INVALID_VALUE, std::string("there is no operation ") + std::to_string(side.operation) + " for " +
                                          name);
  }
  if (side.ld < std::max(1, rows)) {
    return call.refuse(INVALID_VALUE, std::string("ld") + name + " = " + std::to_string(side.ld) + " for " +
                                          std::to_string(rows) + " rows");
  }
  if (side.stride < 0) return call.refuse(INVALID_VALUE, std::string("stride of ") + name + " is negative");
  return SUCCESS;
}

Region region(const Side& side, int rows, int columns, int count) {
  const bool transposed = side.operation != 0;
  return {side.data,   transposed ? columns : rows, transposed ? rows : columns, side.ld,
          numbers::size_of(number_type(side.type)), side.stride, count};
}

void compute(const Request& request, numbers::Rounding rounding, float alpha, float beta) {
  const numbers::Type type = number_type(request.a.type);
  const numbers::Type c_type = number_type(request.c_type);
  for (long i = 0; i < request.count; i++) {
    auto operand = [&](const Side& side) {
      const char* data = static_cast<const char*>(side.data) + i * side.stride * numbers::size_of(type);
      return math::Operand{data, side.ld, side.operation != 0, type, rounding};
    };
    char* c = static_cast<char*>(request.c) + i * request.c_stride * numbers::size_of(c_type);
    math::multiply(operand(request.a), operand(request.b), request.rows, request.columns, request.depth, alpha, beta,
                   {c, request.ldc, c_type});
  }
}

int multiply(const Call& call, const Request& request) {
  if (!call.ok()) return call.status();
  if (const int status = check_types(call, request)) return status;
  if (request.rows < 0 || request.columns < 0 || request.depth < 0 || request.count < 0) {
    return call.refuse(INVALID_VALUE, "m " + std::to_string(request.rows) + ", n " + std::to_string(request.columns) +
                                          ", k " + std::to_string(request.depth) + ", count " +
                                          std::to_string(request.count));
  }
  const Region a = region(request.a, request.rows, request.depth, request.count);
  const Region b = region(request.b, request.depth, request.columns, request.count);
  const Region c = {request.c, request.rows, request.columns, request.ldc,
                    numbers::size_of(number_type(request.c_type)), request.c_stride, request.count};
  if (const int status = check_side(call, "a", request.a, static_cast<int>(a.rows))) return status;
  if (const int status = check_side(call, "b", request.b, static_cast<int>(b.rows))) return status;
  if (const int status = check_side(call, "c", {0, nullptr, 0, request.ldc, request.c_stride}, request.rows)) {
    return status;
  }
  Scalar alpha;
  Scalar beta;
  if (const int status = alpha.read(call, "alpha", request.alpha)) return status;
  if (const int status = beta.read(call, "beta", request.beta)) return status;
  if (c.empty()) return SUCCESS;
  // A factor of 0 does not excuse a wrong address: the next call may have another factor.
  if (const int status = call.check_range("A", a.data, a.bytes(), a.element)) return status;
  if (const int status = call.check_range("B", b.data, b.bytes(), b.element)) return status;
  if (const int status = call.check_range("C", c.data, c.bytes(), c.element)) return status;
  if (overlap(c, a) || overlap(c, b)) return call.refuse(INVALID_VALUE, "C shares elements with A or B");
  if (overlaps_itself(c)) return call.refuse(INVALID_VALUE, "the matrices of C share elements");
  if (const int status = call.check_stream()) return status;
  const numbers::Rounding rounded = rounding(request, call.handle().math);
  device::submit(call.handle().stream, call.name(),
                 [=] { compute(request, rounded, alpha.value(), beta.value()); });
  return SUCCESS;
}

}  // namespace

}  // namespace cublas

using namespace cublas;

extern "C" {

int cublasSgemm_v2(void* handle, int op_a, int op_b, int m, int n, int k, const float* alpha, const float* a, int lda,
                   const float* b, int ldb, const float* beta, float* c, int ldc) {
  return multiply(Call(handle, "cublasSgemm_v2"),
                  {m, n, k, alpha, {op_a, a, R_32F, lda}, {op_b, b, R_32F, ldb}, beta, c, R_32F, ldc});
}

int cublasSgemmStridedBatched(void* handle, int op_a, int op_b, int m, int n, int k, const float* alpha, const float* a,
                              int lda, long long stride_a, const float* b, int ldb, long long stride_b,
                              const float* beta, float* c, int ldc, long long stride_c, int count) {
  return multiply(Call(handle, "cublasSgemmStridedBatched"),
                  {m, n, k, alpha, {op_a, a, R_32F, lda, stride_a}, {op_b, b, R_32F, ldb, stride_b}, beta, c, R_32F,
                   ldc, stride_c, count});
}

int cublasGemmEx(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a, int a_type,
                 int lda, const void* b, int b_type, int ldb, const void* beta, void* c, int c_type, int ldc,
                 int compute, int) {
  return multiply(Call(handle, "cublasGemmEx"), {m, n, k, alpha, {op_a, a, a_type, lda}, {op_b, b, b_type, ldb}, beta,
                                                 c, c_type, ldc, 0, 1, compute});
}

int cublasGemmStridedBatchedEx(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
                               int a_type, int lda, long long stride_a, const void* b, int b_type, int ldb,
                               long long stride_b, const void* beta, void* c, int c_type, int ldc, long long stride_c,
                               int count, int compute, int) {
  return multiply(Call(handle, "cublasGemmStridedBatchedEx"),
                  {m, n, k, alpha, {op_a, a, a_type, lda, stride_a}, {op_b, b, b_type, ldb, stride_b}, beta, c, c_type,
                   ldc, stride_c, count, compute});
}

}  // extern "C"
