#include "unsupported.h"

#include "counters.h"
#include "failure.h"

extern "C" int tarn_unsupported(const char* call) {
  device::add(device::Counter::ERRORS);
  device::log(device::text(call, " gives ", CUDA_ERROR_NOT_SUPPORTED, ": the software device does not have it"));
  return CUDA_ERROR_NOT_SUPPORTED;
}
