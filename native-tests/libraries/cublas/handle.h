// What a cuBLAS handle remembers, and the checks that every call begins with.
#pragma once

#include <cstdint>
#include <string>

#include "report.h"

namespace cublas {

enum Status : int {
  SUCCESS = 0,
  NOT_INITIALIZED = 1,
  ALLOC_FAILED = 3,
  INVALID_VALUE = 7,
  EXECUTION_FAILED = 13,
  NOT_SUPPORTED = 15,
};

enum MathMode : int { DEFAULT_MATH = 0, TENSOR_OP_MATH = 1, PEDANTIC_MATH = 2, TF32_TENSOR_OP_MATH = 3 };
// A flag beside the mode.
constexpr int DISALLOW_REDUCED_PRECISION_REDUCTION = 16;

struct Handle {
  void* stream = nullptr;
  int math = DEFAULT_MATH;
  bool device_scalars = false;
  int atomics = 0;
};

// Counts the call and finds its handle; ok() is false if the call can't go on, and status says why.
class Call {
 public:
  Call(void* handle, const char* name);

  bool ok() const { return status_ == SUCCESS; }
  int status() const { return status_; }
  Handle& handle() const { return *handle_; }
  const char* name() const { return name_; }

  int refuse(int status, const std::string& sentence) const;
  // That the stream of the handle can be worked on.
  int check_stream() const;
  // That `bytes` from `from` on are device memory, at a multiple of the element's size; `what` names the argument.
  int check_range(const char* what, const void* from, size_t bytes, size_t element = sizeof(float)) const;

 private:
  Handle* handle_ = nullptr;
  const char* name_;
  int status_ = SUCCESS;
};

// alpha or beta: a number read at the call, or the address of one to be read when the work runs.
class Scalar {
 public:
  // Host or device memory as the handle's pointer mode has it.
  int read(const Call& call, const char* what, const void* from);
  float value() const { return address_ != nullptr ? *address_ : value_; }
  // Whether the number is known now and is 0.
  bool known_zero() const { return address_ == nullptr && value_ == 0; }

 private:
  const float* address_ = nullptr;
  float value_ = 0;
};

}  // namespace cublas
