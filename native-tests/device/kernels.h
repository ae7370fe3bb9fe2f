// Kernels that were compiled for the host, as their object files register them. The list of a module is made from its PTX by
// register_kernels.cpp; sizes and alignments of parameters come from the C++ function itself.
#pragma once

#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "device.h"
#include "engine.h"

namespace device {

struct HostParameter {
  size_t bytes, alignment;
  size_t pointee;   // the alignment of what a pointer points to, 0 for what is none
};

struct HostKernel {
  const char* name;
  const HostParameter* parameters;
  int parameterCount;
  // Runs the launch; `arguments` holds all parameters at the offsets that their alignments give.
  void (*run)(host::Dim3 grid, host::Dim3 block, size_t dynamicShared, const unsigned char* arguments, bool plain,
              const host::LaunchOptions& options);
};

struct HostModule {
  const char* name;
  const char* sources;       // SHA-256 of the sources that were compiled
  const char* manifest;      // and of those that the PTX was made of
  const char* ptx;           // SHA-256 of the PTX, or empty where any text will do
  bool checked;              // compiled with a call for each access, see check.h
  char* shared;              // static shared memory of its kernels, and its end
  char* sharedEnd;
  const HostKernel* kernels;
  int kernelCount;
};

DEVICE_API void register_module(const HostModule& module);

// The module and the kernel of that name, or nulls.
std::pair<const HostModule*, const HostKernel*> find_kernel(const char* name, bool checked);

#ifdef TARN_CHECKED
constexpr bool CHECKED = true;
#else
constexpr bool CHECKED = false;
#endif

constexpr size_t after(size_t end, const HostParameter& p) { return (end + p.alignment - 1) / p.alignment * p.alignment; }

template <typename P>
constexpr size_t pointee() {
  using T = std::remove_pointer_t<P>;
  if constexpr (!std::is_pointer_v<P>) {
    return 0;
  } else if constexpr (std::is_void_v<T>) {
    return 1;
  } else {
    return alignof(T);
  }
}

template <auto Function>
struct Compiled;

template <typename... P, void (*Function)(P...)>
struct Compiled<Function> {
  static constexpr int COUNT = sizeof...(P);
  static constexpr HostParameter PARAMETERS[COUNT + 1] = {{sizeof(P), alignof(P), pointee<P>()}..., {}};

  template <size_t I>
  static constexpr size_t offset() {
    size_t end = 0;
    for (size_t i = 0; i < I; i++) {
      end = after(end, PARAMETERS[i]) + PARAMETERS[i].bytes;
    }
    return after(end, PARAMETERS[I]);
  }

  template <size_t... I>
  static std::tuple<P...> unpack(const unsigned char* arguments, std::index_sequence<I...>) {
    std::tuple<P...> values;
    (std::memcpy(&std::get<I>(values), arguments + offset<I>(), sizeof(P)), ...);
    return values;
  }

  static void run(host::Dim3 grid, host::Dim3 block, size_t dynamicShared, const unsigned char* arguments, bool plain,
                  const host::LaunchOptions& options) {
    const std::tuple<P...> values = unpack(arguments, std::index_sequence_for<P...>());
    const auto thread = [&values] { std::apply(Function, values); };
    if (plain) {
      host::launch_plain(grid, block, thread, options);
    } else {
      host::launch(grid, block, dynamicShared, thread, options);
    }
  }

  static constexpr HostKernel kernel(const char* name) { return {name, PARAMETERS, COUNT, run}; }
};

}  // namespace device
