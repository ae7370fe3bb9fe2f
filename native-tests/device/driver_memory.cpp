// The calls about memory: allocation, copies and fills.
#include <cstring>
#include <memory>
#include <vector>

#include "faults.h"
#include "memory.h"
#include "settings.h"
#include "streams.h"

using namespace device;

namespace {

const void* address(CUdeviceptr p) { return reinterpret_cast<const void*>(p); }

void check_device(Context& context, const void* p, size_t bytes) {
  const std::string problem = range_problem(&context, p, bytes);
  if (!problem.empty()) {
    fail(CUDA_ERROR_INVALID_VALUE, problem);
  }
}

// Host memory is pinned, and then as strictly bounded as the device's, or anything else.
void check_host(Context& context, const void* p, size_t bytes) {
  if (p == nullptr) {
    fail(CUDA_ERROR_INVALID_VALUE, "a null pointer on the side of the host");
  }
  if (is_ours(p)) {
    check_device(context, p, bytes);
    if (!find_allocation(p)->pinned) {
      fail(CUDA_ERROR_INVALID_VALUE, "on the side of the host is ", describe(p), ", device memory");
    }
  }
}

enum class Side { HOST, DEVICE };

struct Copy {
  const char* name;
  void* to;
  Side toSide;
  const void* from;
  Side fromSide;
  size_t bytes;
  bool async;
};

void check_ranges(Context& context, const Copy& c) {
  (c.toSide == Side::DEVICE ? check_device : check_host)(context, c.to, c.bytes);
  (c.fromSide == Side::DEVICE ? check_device : check_host)(context, c.from, c.bytes);
}

void count(const Copy& c) {
  const auto bytes = static_cast<int64_t>(c.bytes);
  const bool toDevice = c.fromSide == Side::HOST, fromDevice = c.toSide == Side::HOST;
  add(toDevice ? Counter::TO_DEVICE : fromDevice ? Counter::FROM_DEVICE : Counter::ON_DEVICE);
  add(toDevice ? Counter::TO_DEVICE_BYTES : fromDevice ? Counter::FROM_DEVICE_BYTES : Counter::ON_DEVICE_BYTES, bytes);
}

void refuse_when_dry(const char* what) {
  if (settings.dry) {
    fail(CUDA_ERROR_NOT_SUPPORTED, what, ": nothing was calculated, since TARN_DEVICE_DRY is on");
  }
}

// Memory may have been freed since the call; a copy then faults as a kernel does.
std::function<void()> work(Context& context, const Copy& c) {
  return [&context, c] {
    try {
      check_ranges(context, c);
    } catch (const Failure& failure) {
      fail(CUDA_ERROR_ILLEGAL_ADDRESS, c.name, ": ", failure.message);
    }
    count(c);
    if (!settings.dry) {
      std::memmove(c.to, c.from, c.bytes);
    }
  };
}

// As "API synchronization behavior" of the driver API has it, where it leaves a choice with the later moment: a copy from
// pageable memory returns once that memory is staged, all others into or out of the host's memory that are not
// asynchronous, or that end in pageable memory, once they are done.
void copy(Context& context, Stream& stream, Copy c) {
  if (c.bytes == 0) {
    return;
  }
  check_ranges(context, c);
  if (c.toSide == Side::HOST) {
    refuse_when_dry(c.name);
  }
  const bool pageable = (c.toSide == Side::HOST && !is_ours(c.to)) || (c.fromSide == Side::HOST && !is_ours(c.from));
  if (!c.async) {
    refuse_in_capture(context, c.name);
  }
  if (pageable) {
    refuse_capturing(stream, std::string(c.name) + " with pageable memory");
  }
  if (pageable && c.fromSide == Side::HOST) {
    if (!c.async) {
      add(Counter::SYNCHRONISATIONS);
      finish(context, stream);
    }
    const auto* from = static_cast<const char*>(c.from);
    auto staged = std::make_shared<std::vector<char>>(from, from + c.bytes);
    c.from = staged->data();
    submit(context, stream, c.name, [staged, copy = work(context, c)] { copy(); });
    return;
  }
  const OperationPtr operation = submit(context, stream, c.name, work(context, c));
  const bool onDevice = c.toSide == Side::DEVICE && c.fromSide == Side::DEVICE;
  if (pageable || (!c.async && !onDevice)) {
    add(Counter::SYNCHRONISATIONS);
    run(operation);
  }
}

template <typename T>
void fill(Context& context, const char* name, CUstream handle, CUdeviceptr to, T value, size_t count) {
  Stream& stream = find_stream(context, handle);
  if (to % sizeof(T) != 0) {
    fail(CUDA_ERROR_INVALID_VALUE, describe(address(to)), " is not a multiple of ", sizeof(T));
  }
  if (count == 0) {
    return;
  }
  const size_t bytes = count > SIZE_MAX / sizeof(T) ? SIZE_MAX : count * sizeof(T);
  check_device(context, address(to), bytes);
  submit(context, stream, name, [&context, name, to, value, count, bytes] {
    const std::string problem = range_problem(&context, address(to), bytes);
    if (!problem.empty()) {
      fail(CUDA_ERROR_ILLEGAL_ADDRESS, name, ": ", problem);
    }
    add(Counter::MEMSETS);
    if (!settings.dry) {
      std::fill_n(reinterpret_cast<T*>(to), count, value);
    }
  });
}

void free_memory(Context& context, const char* name, void* memory, bool pinned) {
  if (memory == nullptr) {
    return;
  }
  refuse_in_capture(context, name);
  const Allocation* a = find_allocation(memory);
  if (a != nullptr && a->context != &context) {
    fail(CUDA_ERROR_INVALID_VALUE, describe(memory), ", of another context");
  }
  finish(context);
  release(memory, pinned);
}

void allocate_pinned(Context& context, void** memory, size_t bytes) {
  require(memory);
  refuse_in_capture(context, "an allocation of pinned memory");
  *memory = allocate(&context, bytes, true).start;
}

}  // namespace

DRIVER cuMemAlloc_v2(CUdeviceptr* memory, size_t bytes) {
  return call("cuMemAlloc", [&](Context& context) {
    require(memory);
    refuse_in_capture(context, "cuMemAlloc");
    *memory = reinterpret_cast<CUdeviceptr>(allocate(&context, bytes, false).start);
  });
}

DRIVER cuMemFree_v2(CUdeviceptr memory) {
  return call("cuMemFree", [&](Context& context) {
    free_memory(context, "cuMemFree", reinterpret_cast<void*>(memory), false);
  });
}

DRIVER cuMemAllocHost_v2(void** memory, size_t bytes) {
  return call("cuMemAllocHost", [&](Context& context) { allocate_pinned(context, memory, bytes); });
}

DRIVER cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
  return call("cuMemHostAlloc", [&](Context& context) { allocate_pinned(context, memory, bytes); });
}

DRIVER cuMemFreeHost(void* memory) {
  return call("cuMemFreeHost", [&](Context& context) { free_memory(context, "cuMemFreeHost", memory, true); });
}

DRIVER cuMemHostGetDevicePointer_v2(CUdeviceptr* device, void* memory, unsigned) {
  return call("cuMemHostGetDevicePointer", [&](Context& context) {
    require(device);
    check_host(context, memory, 1);
    if (!is_ours(memory)) {
      fail(CUDA_ERROR_INVALID_VALUE, describe(memory));
    }
    refuse_when_dry("memory that the host reads and kernels write");
    *device = reinterpret_cast<CUdeviceptr>(memory);
  });
}

DRIVER cuMemHostGetFlags(unsigned* flags, void* memory) {
  return call("cuMemHostGetFlags", [&](Context& context) {
    require(flags);
    check_host(context, memory, 1);
    *flags = 0;
  });
}

DRIVER cuMemGetInfo_v2(size_t* free, size_t* total) {
  return call("cuMemGetInfo", [&](Context&) {
    require(free);
    require(total);
    *free = settings.memoryBytes - bytes_in_use();
    *total = settings.memoryBytes;
  });
}

DRIVER cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* bytes, CUdeviceptr memory) {
  return call("cuMemGetAddressRange", [&](Context&) {
    const Allocation* a = find_allocation(address(memory));
    if (a == nullptr) {
      fail(CUDA_ERROR_NOT_FOUND, describe(address(memory)));
    }
    if (base != nullptr) {
      *base = reinterpret_cast<CUdeviceptr>(a->start);
    }
    if (bytes != nullptr) {
      *bytes = a->bytes;
    }
  });
}

DRIVER cuPointerGetAttribute(void* value, int attribute, CUdeviceptr memory) {
  return call("cuPointerGetAttribute", [&](Context&) {
    require(value);
    const Allocation* a = find_allocation(address(memory));
    if (a == nullptr) {
      fail(CUDA_ERROR_INVALID_VALUE, describe(address(memory)));
    }
    switch (attribute) {
      case 1: *static_cast<void**>(value) = handle_of(a->context); break;
      case 2: *static_cast<unsigned*>(value) = a->pinned ? 1 : 2; break;   // CU_MEMORYTYPE_HOST, _DEVICE
      case 3: *static_cast<CUdeviceptr*>(value) = memory; break;
      case 4:
        if (!a->pinned) {
          fail(CUDA_ERROR_INVALID_VALUE, describe(address(memory)), " has no address on the host");
        }
        *static_cast<CUdeviceptr*>(value) = memory;
        break;
      case 9: *static_cast<int*>(value) = 0; break;   // the device
      default: fail(CUDA_ERROR_NOT_SUPPORTED, "attribute ", attribute);
    }
  });
}

DRIVER cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
  return call("cuMemcpyHtoD", [&](Context& c) {
    copy(c, c.legacy, {"cuMemcpyHtoD", reinterpret_cast<void*>(to), Side::DEVICE, from, Side::HOST, bytes, false});
  });
}

DRIVER cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
  return call("cuMemcpyDtoH", [&](Context& c) {
    copy(c, c.legacy, {"cuMemcpyDtoH", to, Side::HOST, address(from), Side::DEVICE, bytes, false});
  });
}

DRIVER cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return call("cuMemcpyDtoD", [&](Context& c) {
    copy(c, c.legacy,
         {"cuMemcpyDtoD", reinterpret_cast<void*>(to), Side::DEVICE, address(from), Side::DEVICE, bytes, false});
  });
}

DRIVER cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream stream) {
  return call("cuMemcpyHtoDAsync", [&](Context& c) {
    copy(c, find_stream(c, stream),
         {"cuMemcpyHtoDAsync", reinterpret_cast<void*>(to), Side::DEVICE, from, Side::HOST, bytes, true});
  });
}

DRIVER cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return call("cuMemcpyDtoHAsync", [&](Context& c) {
    copy(c, find_stream(c, stream), {"cuMemcpyDtoHAsync", to, Side::HOST, address(from), Side::DEVICE, bytes, true});
  });
}

DRIVER cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return call("cuMemcpyDtoDAsync", [&](Context& c) {
    copy(c, find_stream(c, stream),
         {"cuMemcpyDtoDAsync", reinterpret_cast<void*>(to), Side::DEVICE, address(from), Side::DEVICE, bytes, true});
  });
}

DRIVER cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
  return call("cuMemsetD8", [&](Context& c) { fill(c, "cuMemsetD8", nullptr, to, value, count); });
}

DRIVER cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count) {
  return call("cuMemsetD16", [&](Context& c) { fill(c, "cuMemsetD16", nullptr, to, value, count); });
}

DRIVER cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
  return call("cuMemsetD32", [&](Context& c) { fill(c, "cuMemsetD32", nullptr, to, value, count); });
}

DRIVER cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
  return call("cuMemsetD8Async", [&](Context& c) { fill(c, "cuMemsetD8Async", stream, to, value, count); });
}

DRIVER cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream stream) {
  return call("cuMemsetD16Async", [&](Context& c) { fill(c, "cuMemsetD16Async", stream, to, value, count); });
}

DRIVER cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
  return call("cuMemsetD32Async", [&](Context& c) { fill(c, "cuMemsetD32Async", stream, to, value, count); });
}
