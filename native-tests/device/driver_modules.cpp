// The calls about modules and functions.
#include <algorithm>
#include <cstring>

#include "modules.h"
#include "settings.h"
#include "streams.h"

using namespace device;

namespace {

// Where the caller gave buffers for the compiler's messages, the error goes to that one.
void fill_logs(unsigned count, const int* options, void** values, const std::string& error) {
  for (unsigned k = 0; k < count; k++) {
    if (options[k] != CU_JIT_INFO_LOG_BUFFER && options[k] != CU_JIT_ERROR_LOG_BUFFER) {
      continue;
    }
    // The option that follows each of them by number is the size of its buffer.
    const int* size = std::find(options, options + count, options[k] + 1);
    if (size == options + count || values[k] == nullptr) {
      continue;
    }
    void*& bytes = values[size - options];
    const auto capacity = static_cast<size_t>(reinterpret_cast<uintptr_t>(bytes));
    if (capacity > 0) {
      const std::string message = options[k] == CU_JIT_ERROR_LOG_BUFFER ? error.substr(0, capacity - 1) : "";
      std::memcpy(values[k], message.c_str(), message.size() + 1);
      bytes = reinterpret_cast<void*>(message.size());
    }
  }
}

}  // namespace

DRIVER cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, int* options, void** values) {
  return call("cuModuleLoadData", [&](Context& context) {
    require(module);
    refuse_in_capture(context, "cuModuleLoadData");
    try {
      *module = static_cast<CUmodule>(handle_of(&load_module(context, static_cast<const char*>(image))));
      fill_logs(count, options, values, "");
    } catch (const Failure& failure) {
      fill_logs(count, options, values, failure.message);
      throw;
    }
  });
}

DRIVER cuModuleLoadData(CUmodule* module, const void* image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

DRIVER cuModuleUnload(CUmodule module) {
  return call("cuModuleUnload", [&](Context& context) {
    auto& m = find<Module>(module, &context);
    refuse_in_capture(context, "cuModuleUnload");
    finish(context);
    unload(m);
  });
}

DRIVER cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return call("cuModuleGetFunction", [&](Context& context) {
    require(function);
    require(name);
    for (const Function* f : find<Module>(module, &context).functions) {
      if (f->ptx.name == name) {
        *function = static_cast<CUfunction>(handle_of(f));
        return;
      }
    }
    fail(CUDA_ERROR_NOT_FOUND, "the module has no kernel ", name);
  });
}

DRIVER cuModuleGetGlobal_v2(CUdeviceptr*, size_t*, CUmodule module, const char* name) {
  return call("cuModuleGetGlobal", [&](Context& context) {
    find<Module>(module, &context);
    require(name);
    fail(CUDA_ERROR_NOT_FOUND, "the module has no global ", name, ", as no kernel of Tarn has any");
  });
}

DRIVER cuFuncGetAttribute(int* value, int attribute, CUfunction function) {
  return call("cuFuncGetAttribute", [&](Context& context) {
    require(value);
    const auto& f = find<Function>(function, &context);
    switch (attribute) {
      case 0: *value = static_cast<int>(f.ptx.maxThreads == 0 ? MAX_THREADS : f.ptx.maxThreads); break;
      case 1: *value = static_cast<int>(f.ptx.sharedBytes); break;
      case 4: *value = 32; break;   // registers
      case 5: case 6: *value = settings.capability; break;
      case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = static_cast<int>(f.maxDynamicShared); break;
      default: *value = 0;
    }
  });
}

DRIVER cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  return call("cuFuncSetAttribute", [&](Context& context) {
    auto& f = find<Function>(function, &context);
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
      return;   // hints
    }
    const size_t most = max_shared() - f.ptx.sharedBytes;
    if (value < 0 || static_cast<size_t>(value) > most) {
      fail(CUDA_ERROR_INVALID_VALUE, f.ptx.name, ": ", value, " bytes of dynamic shared memory; up to ", most,
           " are allowed");
    }
    f.maxDynamicShared = std::max(DEFAULT_SHARED - f.ptx.sharedBytes, static_cast<size_t>(value));
  });
}

DRIVER cuFuncSetCacheConfig(CUfunction function, int) {
  return call("cuFuncSetCacheConfig", [&](Context& context) { find<Function>(function, &context); });
}

DRIVER cuFuncGetModule(CUmodule* module, CUfunction function) {
  return call("cuFuncGetModule", [&](Context& context) {
    require(module);
    *module = static_cast<CUmodule>(handle_of(find<Function>(function, &context).module));
  });
}

DRIVER cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function, int blockSize,
                                                   size_t dynamicShared) {
  return call("cuOccupancyMaxActiveBlocksPerMultiprocessor", [&](Context& context) {
    require(blocks);
    const auto& f = find<Function>(function, &context);
    if (blockSize <= 0) {
      fail(CUDA_ERROR_INVALID_VALUE, "a block of ", blockSize, " threads");
    }
    const size_t shared = f.ptx.sharedBytes + dynamicShared;
    const size_t byThreads = 2 * MAX_THREADS / static_cast<size_t>(blockSize);
    *blocks = static_cast<int>(shared == 0 ? byThreads : std::min(byThreads, max_shared() / shared));
  });
}
