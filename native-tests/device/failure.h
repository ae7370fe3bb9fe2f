// How the parts of the device say that a call cannot be served: the code that the caller gets, and a sentence for the log.
#pragma once

#include <sstream>
#include <string>

#include "driver.h"

namespace device {

struct Failure {
  CUresult code;
  std::string message;
};

template <typename... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <typename... Parts>
[[noreturn]] void fail(CUresult code, const Parts&... parts) {
  throw Failure{code, text(parts...)};
}

// One line to TARN_DEVICE_LOG, or to the standard error where that is not set.
void log(const std::string& line);

}  // namespace device
