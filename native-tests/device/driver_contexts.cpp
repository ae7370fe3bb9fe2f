// The calls about contexts: the primary one, those that a program creates, and which is current on a thread.
#include <algorithm>

#include "contexts.h"
#include "settings.h"

using namespace device;

namespace {

Context* primary = nullptr;

void check_device(CUdevice device) {
  if (device != 0) {
    fail(CUDA_ERROR_INVALID_DEVICE, "device ", device, "; there is only 0");
  }
}

Context& find_context(CUcontext handle) {
  auto* context = dynamic_cast<Context*>(find_object(handle));
  if (context == nullptr) {
    fail(CUDA_ERROR_INVALID_CONTEXT, static_cast<void*>(handle), " is no live context");
  }
  return *context;
}

void end_primary() {
  empty_context(*primary);
  primary->active = false;
  primary->retained = 0;
}

}  // namespace

DRIVER cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  return plain_call("cuDevicePrimaryCtxRetain", [&] {
    require(context);
    check_device(device);
    if (primary == nullptr) {
      primary = &create_context(true);
    }
    primary->active = true;
    primary->retained++;
    *context = static_cast<CUcontext>(handle_of(primary));
  });
}

DRIVER cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  return plain_call("cuDevicePrimaryCtxRelease", [&] {
    check_device(device);
    if (primary == nullptr || primary->retained == 0) {
      fail(CUDA_ERROR_INVALID_CONTEXT, "the primary context is released more often than it was retained");
    }
    if (--primary->retained == 0) {
      end_primary();
    }
  });
}

DRIVER cuDevicePrimaryCtxReset_v2(CUdevice device) {
  return plain_call("cuDevicePrimaryCtxReset", [&] {
    check_device(device);
    if (primary != nullptr && primary->active) {
      end_primary();
    }
  });
}

DRIVER cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
  return plain_call("cuDevicePrimaryCtxSetFlags", [&] {
    check_device(device);
    if (primary == nullptr) {
      primary = &create_context(true);
      primary->active = false;
    }
    primary->flags = flags;
  });
}

DRIVER cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
  return plain_call("cuDevicePrimaryCtxGetState", [&] {
    require(flags);
    require(active);
    check_device(device);
    *flags = primary == nullptr ? 0 : primary->flags;
    *active = primary != nullptr && primary->active ? 1 : 0;
  });
}

DRIVER cuCtxCreate_v2(CUcontext* context, unsigned flags, CUdevice device) {
  return plain_call("cuCtxCreate", [&] {
    require(context);
    check_device(device);
    Context& created = create_context(false);
    created.flags = flags;
    *context = static_cast<CUcontext>(handle_of(&created));
    context_stack().push_back(*context);
  });
}

DRIVER cuCtxDestroy_v2(CUcontext handle) {
  return plain_call("cuCtxDestroy", [&] {
    Context& context = find_context(handle);
    if (context.primary) {
      fail(CUDA_ERROR_INVALID_CONTEXT, "the primary context is released, not destroyed");
    }
    empty_context(context);
    if (current_context() == &context) {
      context_stack().pop_back();
    }
    destroy_object(handle);
  });
}

DRIVER cuCtxSetCurrent(CUcontext handle) {
  return plain_call("cuCtxSetCurrent", [&] {
    if (handle != nullptr) {
      find_context(handle);
    }
    if (!context_stack().empty()) {
      context_stack().pop_back();
    }
    if (handle != nullptr) {
      context_stack().push_back(handle);
    }
  });
}

DRIVER cuCtxGetCurrent(CUcontext* context) {
  return plain_call("cuCtxGetCurrent", [&] {
    require(context);
    *context = context_stack().empty() ? nullptr : static_cast<CUcontext>(context_stack().back());
  });
}

DRIVER cuCtxPushCurrent_v2(CUcontext handle) {
  return plain_call("cuCtxPushCurrent", [&] {
    find_context(handle);
    context_stack().push_back(handle);
  });
}

DRIVER cuCtxPopCurrent_v2(CUcontext* context) {
  return plain_call("cuCtxPopCurrent", [&] {
    if (context_stack().empty()) {
      fail(CUDA_ERROR_INVALID_CONTEXT, "no context is current on this thread");
    }
    if (context != nullptr) {
      *context = static_cast<CUcontext>(context_stack().back());
    }
    context_stack().pop_back();
  });
}

DRIVER cuCtxGetDevice(CUdevice* device) {
  return call("cuCtxGetDevice", [&](Context&) {
    require(device);
    *device = 0;
  });
}

DRIVER cuCtxGetFlags(unsigned* flags) {
  return call("cuCtxGetFlags", [&](Context& context) {
    require(flags);
    *flags = context.flags;
  });
}

DRIVER cuCtxGetApiVersion(CUcontext, unsigned* version) {
  return plain_call("cuCtxGetApiVersion", [&] {
    require(version);
    *version = 3020;
  });
}

DRIVER cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return call("cuCtxGetStreamPriorityRange", [&](Context&) {
    if (least != nullptr) {
      *least = 0;
    }
    if (greatest != nullptr) {
      *greatest = -5;
    }
  });
}

DRIVER cuCtxSynchronize() {
  return call("cuCtxSynchronize", [&](Context& context) {
    refuse_in_capture(context, "cuCtxSynchronize");
    add(Counter::SYNCHRONISATIONS);
    finish(context);
  });
}
