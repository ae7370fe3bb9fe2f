// Faults of work that runs for the device: illegal and misaligned addresses, division by zero. They end the work, not the
// process.
#pragma once

#include <functional>
#include <string>

#include "driver.h"

namespace device {

// Installs the handlers; faults elsewhere go to those that were there before, such as the ones of a JVM.
void catch_faults();

// Runs what may fault, a launch of the engine or work apart. What it did wrong becomes a Failure that names it and, for a
// kernel, the block and the thread.
void run_guarded(const std::string& name, bool kernel, const std::function<void()>& work);

// Ends the kernel that runs now: for what its accesses themselves tell.
void fail_kernel(CUresult code, const std::string& why);

}  // namespace device
