#include "settings.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "device.h"
#include "failure.h"

namespace device {

Settings settings;

namespace {

unsigned long long number(const char* name, unsigned long long otherwise) {
  const std::string value = setting(name, "");
  if (value.empty()) {
    return otherwise;
  }
  char* end = nullptr;
  errno = 0;
  const unsigned long long result = std::strtoull(value.c_str(), &end, 10);
  if (errno != 0 || *end != '\0') {
    fail(CUDA_ERROR_INVALID_VALUE, name, "=", value, " is not a number");
  }
  return result;
}

host::LaunchOptions order() {
  const std::string value = setting("TARN_DEVICE_ORDER", "forward");
  host::LaunchOptions options;
  if (value == "reverse") {
    options.order = host::Order::REVERSE;
  } else if (value.rfind("random:", 0) == 0 && value.size() > 7) {
    options.order = host::Order::RANDOM;
    options.seed = static_cast<unsigned>(std::strtoul(value.c_str() + 7, nullptr, 10));
  } else if (value != "forward") {
    fail(CUDA_ERROR_INVALID_VALUE, "TARN_DEVICE_ORDER=", value, "; allowed are forward, reverse and random:SEED");
  }
  return options;
}

bool choice(const char* name, const char* yes, const char* no, const char* otherwise) {
  const std::string value = setting(name, otherwise);
  if (value != yes && value != no) {
    fail(CUDA_ERROR_INVALID_VALUE, name, "=", value, "; allowed are ", yes, " and ", no);
  }
  return value == yes;
}

}  // namespace

std::string setting(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

Settings read_settings() {
  Settings s;
  s.lazy = choice("TARN_DEVICE_MODE", "lazy", "eager", "lazy");
  s.order = order();
  s.memoryBytes = number("TARN_DEVICE_MEMORY", s.memoryBytes);
  s.capability = static_cast<int>(number("TARN_DEVICE_CAPABILITY", 90));
  s.driver = static_cast<int>(number("TARN_DEVICE_DRIVER", 12060));
  s.hidden = choice("TARN_DEVICE_HIDDEN", "on", "off", "off");
  s.check = choice("TARN_DEVICE_CHECK", "on", "off", "off");
  s.dry = choice("TARN_DEVICE_DRY", "on", "off", "off");
  return s;
}

void log(const std::string& line) {
  static std::FILE* const file = [] {
    const std::string name = setting("TARN_DEVICE_LOG", "");
    std::FILE* opened = name.empty() ? nullptr : std::fopen(name.c_str(), "a");
    return opened == nullptr ? stderr : opened;
  }();
  std::fprintf(file, "tarn device: %s\n", line.c_str());
  std::fflush(file);
}

}  // namespace device
