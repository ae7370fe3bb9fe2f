// What the stand-ins share besides arithmetic: how they say that a call is wrong, and what the device can do.
#pragma once

#include <string>

namespace report {

// Writes the sentence to the log and keeps it as this thread's last one; returns `status`, so that a call can end with
// it.
int refuse(int status, const std::string& sentence);

void log(const std::string& sentence);

const std::string& last_sentence();

// For work that finds what no call could know, such as inputs that changed in between: writes the sentence to the log
// and ends the work as an illegal access would, which is the one way in which work can fail.
[[noreturn]] void fault(const std::string& sentence);

// Whether the device multiplies float32 as TF32 where a caller allows that: from compute capability 8.0 on, unless
// TARN_DEVICE_TF32=off.
bool has_tf32();

std::string hex(const void* address);

}  // namespace report
