// The settings of the device, environment variables that cuInit reads once:
//
//   TARN_DEVICE_MODE=lazy|eager              when work runs: once something that depends on it is waited for (lazy, the
//                                            default), or inside the call that submits it
//   TARN_DEVICE_ORDER=forward|reverse|random:SEED
//                                            the order of blocks, and of threads between two barriers
//   TARN_DEVICE_MEMORY=BYTES                 of the device, 8589934592 by default; what is not touched takes no memory
//   TARN_DEVICE_CAPABILITY=90                compute capability times ten
//   TARN_DEVICE_DRIVER=12060                 what cuDriverGetVersion says, and so which PTX is too new
//   TARN_DEVICE_HIDDEN=on|off                on: outside of operations, device memory cannot be accessed by anyone, so
//                                            that host code which reads it ends the process; costs time per allocation
//   TARN_DEVICE_CHECK=on|off                 on: every access of a kernel is held against the exact bounds of allocations
//                                            and against those of other threads, see check.h; ten to twenty times slower
//   TARN_DEVICE_DRY=on|off                   on: work is checked where it is submitted and counted where it would run, and
//                                            does nothing, so that calls of a size can be counted that would take hours;
//                                            whatever reads a result back is refused
//   TARN_DEVICE_LOG=FILE                     where to append errors, leaks and totals; by default errors and leaks go to
//                                            the standard error, totals nowhere
//
// The stand-ins for the libraries read their own, such as TARN_DEVICE_TF32, with device::setting().
#pragma once

#include <cstddef>
#include <string>

#include "engine.h"

namespace device {

struct Settings {
  bool lazy = true;
  host::LaunchOptions order;
  size_t memoryBytes = size_t{8} << 30;
  int capability = 90;
  int driver = 12060;
  bool hidden = false;
  bool check = false;
  bool dry = false;
};

// A value that is not among those above fails.
Settings read_settings();

// What read_settings gave in cuInit.
extern Settings settings;

}  // namespace device
