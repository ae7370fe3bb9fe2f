#include "report.h"

#include <cstdint>
#include <cstdio>

#include "device.h"

namespace report {

namespace {
thread_local std::string last;
}

void log(const std::string& sentence) {
  // The device's own log: its file if one is set, else the standard error.
  const std::string name = device::setting("TARN_DEVICE_LOG", "");
  std::FILE* const file = name.empty() ? stderr : std::fopen(name.c_str(), "a");
  std::fprintf(file == nullptr ? stderr : file, "tarn device: %s\n", sentence.c_str());
  if (file != nullptr && file != stderr) std::fclose(file);
}

int refuse(int status, const std::string& sentence) {
  last = sentence;
  log("status " + std::to_string(status) + ", " + sentence);
  return status;
}

void fault(const std::string& sentence) {
  log(sentence);
  // Volatile, so that the compiler does not see an address that nobody has and put an illegal instruction in its place.
  const volatile uintptr_t nowhere = 64;
  for (;;) *reinterpret_cast<volatile char*>(nowhere) = 0;
}

const std::string& last_sentence() { return last; }

bool has_tf32() {
  return std::stoi(device::setting("TARN_DEVICE_CAPABILITY", "90")) >= 80 &&
         device::setting("TARN_DEVICE_TF32", "on") != "off";
}

std::string hex(const void* address) {
  char text[32];
  std::snprintf(text, sizeof text, "%p", address);
  return text;
}

}  // namespace report
