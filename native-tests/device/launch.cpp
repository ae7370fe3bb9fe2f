// cuLaunchKernel: what a driver checks, what it cannot but this device does, and how a launch runs.
#include <cstring>
#include <memory>

#include "check.h"
#include "faults.h"
#include "memory.h"
#include "modules.h"
#include "settings.h"
#include "streams.h"

namespace device {
namespace {

using Arguments = std::vector<unsigned char>;

std::string size(const host::Dim3& d) { return text("(", d.x, ",", d.y, ",", d.z, ")"); }

void check_sizes(const Function& f, const host::Dim3& grid, const host::Dim3& block, size_t shared) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > 65535 || grid.z > 65535) {
    fail(CUDA_ERROR_INVALID_VALUE, f.ptx.name, ": a grid of ", size(grid),
         " blocks; allowed are 1 to (2147483647,65535,65535)");
  }
  const unsigned most = f.ptx.maxThreads == 0 ? MAX_THREADS : f.ptx.maxThreads;
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || block.x > MAX_THREADS || block.y > MAX_THREADS || block.z > 64 || threads > most) {
    fail(CUDA_ERROR_INVALID_VALUE, f.ptx.name, ": a block of ", size(block), " threads; allowed are 1 to ", most);
  }
  if (shared > f.maxDynamicShared) {
    fail(CUDA_ERROR_INVALID_VALUE, f.ptx.name, ": ", shared, " bytes of dynamic shared memory; ", f.maxDynamicShared,
         " are allowed, with cuFuncSetAttribute up to ", max_shared() - f.ptx.sharedBytes);
  }
}

Arguments from_buffer(const PtxKernel& kernel, void** extra) {
  const void* buffer = nullptr;
  const size_t* bytes = nullptr;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER) {
      buffer = extra[1];
    } else if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE) {
      bytes = static_cast<const size_t*>(extra[1]);
    } else {
      fail(CUDA_ERROR_INVALID_VALUE, kernel.name, ": an unknown entry of extra");
    }
  }
  if (buffer == nullptr || bytes == nullptr || *bytes != kernel.parameterBytes) {
    fail(CUDA_ERROR_INVALID_VALUE, kernel.name, ": a buffer of ", bytes == nullptr ? 0 : *bytes,
         " bytes; its parameters take ", kernel.parameterBytes);
  }
  const auto* from = static_cast<const unsigned char*>(buffer);
  return Arguments(from, from + *bytes);
}

Arguments from_pointers(const PtxKernel& kernel, void** parameters) {
  Arguments arguments(kernel.parameterBytes);
  for (size_t k = 0; k < kernel.parameters.size(); k++) {
    if (parameters == nullptr || parameters[k] == nullptr) {
      fail(CUDA_ERROR_INVALID_VALUE, kernel.name, ": parameter ", k, " is missing");
    }
    const Parameter& p = kernel.parameters[k];
    std::memcpy(arguments.data() + p.offset, parameters[k], p.bytes);
  }
  return arguments;
}

// No driver sees this: a pointer that is not of live memory of the context, or that the kernel could not load through.
void check_pointers(const Function& f, const Arguments& arguments) {
  for (int k = 0; k < f.hostKernel->parameterCount; k++) {
    const size_t alignment = f.hostKernel->parameters[k].pointee;
    if (alignment == 0) {
      continue;
    }
    const char* pointer = nullptr;
    std::memcpy(&pointer, arguments.data() + f.ptx.parameters[static_cast<size_t>(k)].offset, sizeof pointer);
    if (pointer == nullptr) {
      continue;
    }
    // One behind the end is fine as long as the kernel does not use it: an empty rest of an array.
    const Allocation* a = find_allocation(pointer);
    a = a == nullptr ? find_allocation(pointer - 1) : a;
    if (a == nullptr || a->context != f.context) {
      fail(CUDA_ERROR_INVALID_VALUE, f.ptx.name, ": parameter ", k, " points to ", describe(pointer));
    }
    if (reinterpret_cast<uintptr_t>(pointer) % alignment != 0) {
      fail(CUDA_ERROR_INVALID_VALUE, f.ptx.name, ": parameter ", k, " is not a multiple of ", alignment, ": ",
           describe(pointer));
    }
  }
}

void launch(Context& context, const Function& f, const host::Dim3& grid, const host::Dim3& block, size_t shared,
            Stream& stream, Arguments arguments) {
  host::LaunchOptions options = settings.order;
  options.shared = f.hostModule->shared;
  options.sharedBytes = static_cast<size_t>(f.hostModule->sharedEnd - f.hostModule->shared);
  const bool plain = !f.ptx.waits && !f.ptx.usesShared && shared == 0;
  const HostKernel* kernel = f.hostKernel;
  submit(context, stream, f.ptx.name,
         [=, &context, name = f.ptx.name, arguments = std::make_shared<const Arguments>(std::move(arguments))] {
           add(Counter::LAUNCHES);
           context.launches[name]++;
           if (settings.dry) {
             return;
           }
           host::LaunchOptions here = options;
           here.dynamic = scratch_before_guard(shared);
           if (settings.check) {
             begin_check(here, shared);
           }
           run_guarded(name, true, [&] { kernel->run(grid, block, shared, arguments->data(), plain, here); });
         });
}

}  // namespace
}  // namespace device

using namespace device;

DRIVER cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                      unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters,
                      void** extra) {
  return call("cuLaunchKernel", [&](Context& context) {
    const auto& f = find<Function>(function, &context);
    const host::Dim3 grid{gridX, gridY, gridZ}, block{blockX, blockY, blockZ};
    check_sizes(f, grid, block, sharedBytes);
    if (parameters != nullptr && extra != nullptr) {
      fail(CUDA_ERROR_INVALID_VALUE, f.ptx.name, ": both kernelParams and extra");
    }
    Arguments arguments = extra != nullptr ? from_buffer(f.ptx, extra) : from_pointers(f.ptx, parameters);
    check_pointers(f, arguments);
    launch(context, f, grid, block, sharedBytes, find_stream(context, stream), std::move(arguments));
  });
}
