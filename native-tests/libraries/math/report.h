// What the stand-ins share besides arithmetic: how they say that a call is wrong, and what the device can do.
#pragma once

#include <stdexcept>
#include <string>

namespace report {

// Writes the sentence to the log and keeps it as this thread's last one; returns `status`, so that a call can end with it.
int refuse(int status, const std::string& sentence);

void log(const std::string& sentence);

const std::string& last_sentence();

// Work that ran on a stream found what no call could know, such as inputs that changed in between.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Whether the device multiplies float32 as TF32 where a caller allows that: from compute capability 8.0 on, unless
// TARN_DEVICE_TF32=off.
bool has_tf32();

std::string hex(const void* address);

}  // namespace report
