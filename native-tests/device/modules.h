// Modules and functions: PTX that was held against the kernels compiled for the host.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels.h"
#include "objects.h"
#include "ptx.h"

namespace device {

struct Module;

struct Function : Object {
  static constexpr const char* KIND = "CUfunction";
  Module* module = nullptr;
  PtxKernel ptx;
  const HostModule* hostModule = nullptr;
  const HostKernel* hostKernel = nullptr;
  size_t maxDynamicShared = 0;
};

struct Module : Object {
  static constexpr const char* KIND = "CUmodule";
  std::vector<Function*> functions;
};

// Fails as the driver does where it cannot load the text, and where no kernel compiled for the host belongs to it.
Module& load_module(Context& context, const char* image);

void unload(Module& module);

// The most shared memory that a block may ask for with cuFuncSetAttribute.
size_t max_shared();

constexpr size_t DEFAULT_SHARED = 48 * 1024;
constexpr unsigned MAX_THREADS = 1024;

}  // namespace device
