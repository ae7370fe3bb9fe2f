// What libcuda.so.1 of the software device offers to its stand-ins for cuBLAS and cuDNN: streams to put work on, a check of
// device memory, and counters.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#define DEVICE_API __attribute__((visibility("default")))

namespace device {

enum class Count { CUBLAS_CALLS, CUDNN_CALLS };

// Adds one.
DEVICE_API void count(Count which);

// Whether a context is current on this thread.
DEVICE_API bool has_context();

// Empty if [from, from + bytes) lies inside one live allocation of device memory; otherwise what is wrong with it, as in
// "byte 0 of allocation 20 (100 bytes), freed".
DEVICE_API std::string range_problem(const void* from, size_t bytes);

// Empty if the stream (a CUstream, null for the legacy one) can be worked on now.
DEVICE_API std::string stream_problem(void* stream);

// Puts work behind everything that the stream holds; it runs at once or when someone waits for it, as the device is set
// up. `from` and `to` of a failing access are reported like those of a kernel called `name`.
DEVICE_API void submit(void* stream, const char* name, std::function<void()> work);

// Handles and descriptors of the libraries, so that what was not destroyed is named when the context is. `kind` is a word
// such as "cublasHandle_t".
DEVICE_API void created(const void* handle, const char* kind);
// Whether `handle` is one of that kind that lives.
DEVICE_API bool lives(const void* handle, const char* kind);
DEVICE_API void destroyed(const void* handle);

// The value of a switch such as TARN_DEVICE_TF32 of the environment, or `otherwise`.
DEVICE_API std::string setting(const char* name, const char* otherwise);

}  // namespace device
