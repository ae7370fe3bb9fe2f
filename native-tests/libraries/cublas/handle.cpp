#include "handle.h"

#include <cstring>

#include "device.h"

namespace cublas {

namespace {
constexpr const char* KIND = "cublasHandle_t";
}

Call::Call(void* handle, const char* name) : handle_(static_cast<Handle*>(handle)), name_(name) {
  device::count(device::Count::CUBLAS_CALLS);
  if (handle == nullptr || !device::lives(handle, KIND)) {
    status_ = refuse(NOT_INITIALIZED, "there is no handle " + report::hex(handle));
  } else if (!device::has_context()) {
    status_ = refuse(EXECUTION_FAILED, "no context is current on this thread");
  }
}

int Call::refuse(int status, const std::string& sentence) const {
  return report::refuse(status, std::string(name_) + ": " + sentence);
}

int Call::check_stream() const {
  const std::string problem = device::stream_problem(handle_->stream);
  return problem.empty() ? SUCCESS : refuse(EXECUTION_FAILED, "the handle's stream: " + problem);
}

int Call::check_range(const char* what, const void* from, size_t bytes, size_t element) const {
  if (bytes == 0) return SUCCESS;
  if (reinterpret_cast<uintptr_t>(from) % element != 0) {
    return refuse(INVALID_VALUE, std::string(what) + " = " + report::hex(from) + " is not aligned to its type");
  }
  const std::string problem = device::range_problem(from, bytes);
  if (problem.empty()) return SUCCESS;
  return refuse(EXECUTION_FAILED, std::string(what) + " = " + report::hex(from) + " with " + std::to_string(bytes) +
                                      " bytes: " + problem);
}

int Scalar::read(const Call& call, const char* what, const void* from) {
  if (from == nullptr) return call.refuse(INVALID_VALUE, std::string(what) + " is null");
  if (call.handle().device_scalars) {
    if (const int status = call.check_range(what, from, sizeof(float))) return status;
    address_ = static_cast<const float*>(from);
    return SUCCESS;
  }
  if (device::range_problem(from, sizeof(float)).empty()) {
    return call.refuse(INVALID_VALUE, std::string(what) + " is device memory, but the pointer mode is host");
  }
  std::memcpy(&value_, from, sizeof value_);
  return SUCCESS;
}

}  // namespace cublas

using namespace cublas;

extern "C" {

int cublasCreate_v2(void** handle) {
  device::count(device::Count::CUBLAS_CALLS);
  if (handle == nullptr) return report::refuse(INVALID_VALUE, "cublasCreate_v2: handle is null");
  if (!device::has_context()) {
    return report::refuse(NOT_INITIALIZED, "cublasCreate_v2: no context is current on this thread");
  }
  *handle = new Handle;
  device::created(*handle, KIND);
  return SUCCESS;
}

int cublasDestroy_v2(void* handle) {
  const Call call(handle, "cublasDestroy_v2");
  if (call.status() == NOT_INITIALIZED) return NOT_INITIALIZED;
  device::destroyed(handle);
  delete static_cast<Handle*>(handle);
  return SUCCESS;
}

int cublasGetVersion_v2(void*, int* version) {
  // 12.6, the release that JCuda 12.6.0 was written for.
  constexpr int VERSION = 120604;
  if (version == nullptr) return report::refuse(INVALID_VALUE, "cublasGetVersion_v2: version is null");
  *version = VERSION;
  return SUCCESS;
}

int cublasSetStream_v2(void* handle, void* stream) {
  const Call call(handle, "cublasSetStream_v2");
  if (!call.ok()) return call.status();
  const std::string problem = device::stream_problem(stream);
  if (!problem.empty()) return call.refuse(EXECUTION_FAILED, problem);
  call.handle().stream = stream;
  return SUCCESS;
}

int cublasGetStream_v2(void* handle, void** stream) {
  const Call call(handle, "cublasGetStream_v2");
  if (!call.ok()) return call.status();
  if (stream == nullptr) return call.refuse(INVALID_VALUE, "stream is null");
  *stream = call.handle().stream;
  return SUCCESS;
}

int cublasSetMathMode(void* handle, int mode) {
  const Call call(handle, "cublasSetMathMode");
  if (!call.ok()) return call.status();
  const int plain = mode & ~DISALLOW_REDUCED_PRECISION_REDUCTION;
  if (plain < DEFAULT_MATH || plain > TF32_TENSOR_OP_MATH) {
    return call.refuse(INVALID_VALUE, "there is no math mode " + std::to_string(mode));
  }
  call.handle().math = mode;
  return SUCCESS;
}

int cublasGetMathMode(void* handle, int* mode) {
  const Call call(handle, "cublasGetMathMode");
  if (!call.ok()) return call.status();
  if (mode == nullptr) return call.refuse(INVALID_VALUE, "mode is null");
  *mode = call.handle().math;
  return SUCCESS;
}

int cublasSetWorkspace_v2(void* handle, void* workspace, size_t bytes) {
  const Call call(handle, "cublasSetWorkspace_v2");
  if (!call.ok()) return call.status();
  constexpr uintptr_t ALIGNMENT = 256;
  if (reinterpret_cast<uintptr_t>(workspace) % ALIGNMENT != 0) {
    return call.refuse(INVALID_VALUE, "workspace " + report::hex(workspace) + " is not aligned to 256 bytes");
  }
  if (workspace == nullptr && bytes != 0) return call.refuse(INVALID_VALUE, "workspace is null");
  const std::string problem = bytes == 0 ? "" : device::range_problem(workspace, bytes);
  return problem.empty() ? SUCCESS : call.refuse(INVALID_VALUE, "workspace: " + problem);
}

int cublasSetPointerMode_v2(void* handle, int mode) {
  const Call call(handle, "cublasSetPointerMode_v2");
  if (!call.ok()) return call.status();
  if (mode != 0 && mode != 1) return call.refuse(INVALID_VALUE, "there is no pointer mode " + std::to_string(mode));
  call.handle().device_scalars = mode == 1;
  return SUCCESS;
}

int cublasGetPointerMode_v2(void* handle, int* mode) {
  const Call call(handle, "cublasGetPointerMode_v2");
  if (!call.ok()) return call.status();
  if (mode == nullptr) return call.refuse(INVALID_VALUE, "mode is null");
  *mode = call.handle().device_scalars;
  return SUCCESS;
}

int cublasSetAtomicsMode(void* handle, int mode) {
  const Call call(handle, "cublasSetAtomicsMode");
  if (!call.ok()) return call.status();
  if (mode != 0 && mode != 1) return call.refuse(INVALID_VALUE, "there is no atomics mode " + std::to_string(mode));
  call.handle().atomics = mode;
  return SUCCESS;
}

int cublasGetAtomicsMode(void* handle, int* mode) {
  const Call call(handle, "cublasGetAtomicsMode");
  if (!call.ok()) return call.status();
  if (mode == nullptr) return call.refuse(INVALID_VALUE, "mode is null");
  *mode = call.handle().atomics;
  return SUCCESS;
}

const char* cublasGetStatusName(int status) {
  switch (status) {
    case SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case 8:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case 11:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case 16:
      return "CUBLAS_STATUS_LICENSE_ERROR";
    default:
      return "unknown cuBLAS status";
  }
}

const char* cublasGetStatusString(int status) { return cublasGetStatusName(status); }

int tarn_cublas_unsupported(const char* name) {
  device::count(device::Count::CUBLAS_CALLS);
  return report::refuse(NOT_SUPPORTED, std::string(name) + ": the software device has no such function");
}

}  // extern "C"
