// The calls about the driver and its one device.
#include <cstdio>
#include <cstring>

#include "check.h"
#include "counters.h"
#include "faults.h"
#include "memory.h"
#include "modules.h"
#include "objects.h"
#include "settings.h"

using namespace device;

namespace {

constexpr const char* NAME = "Tarn software device";

void check_device(CUdevice device) {
  if (device != 0) {
    fail(CUDA_ERROR_INVALID_DEVICE, "device ", device, "; there is only 0");
  }
}

int counter_word(int attribute) {
  const int index = attribute - COUNTER_ATTRIBUTE;
  if (index >= 2 * static_cast<int>(Counter::COUNT)) {
    fail(CUDA_ERROR_INVALID_VALUE, "attribute ", attribute, " is of no counter");
  }
  return static_cast<int>(value(static_cast<Counter>(index / 2)) >> (index % 2 * 32));
}

// Numbers of CUdevice_attribute; what is not among them is 0, as for a feature that a device lacks.
int attribute_value(int attribute) {
  switch (attribute) {
    case 1: case 2: case 3: return static_cast<int>(MAX_THREADS);   // of a block, and its x and y
    case 4: return 64;
    case 5: return 0x7fffffff;
    case 6: case 7: return 65535;
    case 8: return static_cast<int>(DEFAULT_SHARED);
    case 9: return 65536;        // constant memory
    case 10: return 32;          // warp
    case 12: return 65536;       // registers of a block
    case 13: return 1000000;     // kHz
    case 14: return 512;         // texture alignment
    case 16: return 8;           // multiprocessors
    case 31: return 1;           // concurrent kernels
    case 36: return 1000000;     // kHz of the memory
    case 37: return 256;         // bits of its bus
    case 38: return 4 << 20;     // second-level cache
    case 39: return 2 * static_cast<int>(MAX_THREADS);
    case 40: return 2;           // copy engines
    case 41: return 1;           // unified addressing
    case 75: return settings.capability / 10;
    case 76: return settings.capability % 10;
    case 78: return 1;           // stream priorities
    case 81: return static_cast<int>(max_shared() + 1024);
    case 82: return 65536;       // registers of a multiprocessor
    case 97: return static_cast<int>(max_shared());
    case 106: return 16;         // blocks of a multiprocessor
    default: return attribute < COUNTER_ATTRIBUTE ? 0 : counter_word(attribute);
  }
}

struct Name {
  CUresult code;
  const char* name;
  const char* text;
};

constexpr Name NAMES[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
     "the provided PTX was compiled with an unsupported toolchain."},
    {CUDA_ERROR_FILE_NOT_FOUND, "CUDA_ERROR_FILE_NOT_FOUND", "file not found"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {CUDA_ERROR_ILLEGAL_STATE, "CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CUDA_ERROR_CONTEXT_IS_DESTROYED, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context is destroyed"},
    {CUDA_ERROR_MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {CUDA_ERROR_STREAM_CAPTURE_MERGE, "CUDA_ERROR_STREAM_CAPTURE_MERGE",
     "operation would result in a merge of separate capture sequences"},
    {CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED",
     "capture was not ended in the same stream as it began"},
    {CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
    {CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
     "dependency created on uncaptured work in another stream"},
    {CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {CUDA_ERROR_CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT",
     "operation not permitted on an event last recorded in a capturing stream"},
    {CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
     "attempt to terminate a thread-local capture sequence from another thread"},
    {CUDA_ERROR_UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

CUresult find_name(CUresult error, const char** out, const char* Name::*member) {
  if (out == nullptr) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  *out = nullptr;
  for (const Name& name : NAMES) {
    if (name.code == error) {
      *out = name.*member;
      return CUDA_SUCCESS;
    }
  }
  return CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

DRIVER cuInit(unsigned flags) {
  const auto body = [&] {
    if (flags != 0) {
      fail(CUDA_ERROR_INVALID_VALUE, "flags ", flags);
    }
    if (!initialised) {
      settings = read_settings();
      open_memory();
      open_check();
      catch_faults();
      initialised = true;
    }
  };
  return plain_call("cuInit", body, false);
}

DRIVER cuDriverGetVersion(int* version) {
  // May be asked before cuInit.
  if (version == nullptr) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  try {
    *version = read_settings().driver;
    return CUDA_SUCCESS;
  } catch (const Failure& failure) {
    return failure.code;
  }
}

DRIVER cuGetErrorName(CUresult error, const char** name) { return find_name(error, name, &Name::name); }

DRIVER cuGetErrorString(CUresult error, const char** text) { return find_name(error, text, &Name::text); }

DRIVER cuDeviceGetCount(int* count) {
  return plain_call("cuDeviceGetCount", [&] {
    require(count);
    *count = 1;
  });
}

DRIVER cuDeviceGet(CUdevice* device, int ordinal) {
  return plain_call("cuDeviceGet", [&] {
    require(device);
    check_device(ordinal);
    *device = 0;
  });
}

DRIVER cuDeviceGetName(char* name, int length, CUdevice device) {
  return plain_call("cuDeviceGetName", [&] {
    require(name);
    check_device(device);
    if (length <= 0) {
      fail(CUDA_ERROR_INVALID_VALUE, "a name of ", length, " characters");
    }
    std::snprintf(name, static_cast<size_t>(length), "%s", NAME);
  });
}

DRIVER cuDeviceGetUuid(char* uuid, CUdevice device) {
  return plain_call("cuDeviceGetUuid", [&] {
    require(uuid);
    check_device(device);
    std::memcpy(uuid, "tarn-soft-device", 16);
  });
}

DRIVER cuDeviceGetPCIBusId(char* id, int length, CUdevice device) {
  return plain_call("cuDeviceGetPCIBusId", [&] {
    require(id);
    check_device(device);
    std::snprintf(id, static_cast<size_t>(length), "0000:00:00.0");
  });
}

DRIVER cuDeviceGetAttribute(int* value, int attribute, CUdevice device) {
  return plain_call("cuDeviceGetAttribute", [&] {
    require(value);
    check_device(device);
    *value = attribute_value(attribute);
  });
}

DRIVER cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
  return plain_call("cuDeviceComputeCapability", [&] {
    require(major);
    require(minor);
    check_device(device);
    *major = settings.capability / 10;
    *minor = settings.capability % 10;
  });
}

DRIVER cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
  return plain_call("cuDeviceTotalMem", [&] {
    require(bytes);
    check_device(device);
    *bytes = settings.memoryBytes;
  });
}

DRIVER cuProfilerStart() {
  return call("cuProfilerStart", [](Context&) {});
}

DRIVER cuProfilerStop() {
  return call("cuProfilerStop", [](Context&) {});
}
