#include "kernels.h"

#include <map>
#include <string>

namespace device {
namespace {

using Found = std::pair<const HostModule*, const HostKernel*>;

// A function's, since modules register before main() in no particular order.
std::map<std::string, Found>& registry() {
  static auto* const map = new std::map<std::string, Found>;
  return *map;
}

}  // namespace

void register_module(const HostModule& module) {
  for (int k = 0; k < module.kernelCount; k++) {
    registry()[module.kernels[k].name] = {&module, &module.kernels[k]};
  }
}

Found find_kernel(const char* name) {
  const auto entry = registry().find(name);
  return entry == registry().end() ? Found{} : entry->second;
}

}  // namespace device
