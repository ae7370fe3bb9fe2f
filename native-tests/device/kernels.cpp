#include "kernels.h"

#include <map>
#include <string>

namespace device {
namespace {

using Found = std::pair<const HostModule*, const HostKernel*>;

// A function's, since modules register before main() in no particular order.
std::map<std::string, Found>& registry(bool checked) {
  static auto* const maps = new std::map<std::string, Found>[2];
  return maps[checked];
}

}  // namespace

void register_module(const HostModule& module) {
  for (int k = 0; k < module.kernelCount; k++) {
    registry(module.checked)[module.kernels[k].name] = {&module, &module.kernels[k]};
  }
}

Found find_kernel(const char* name, bool checked) {
  const auto& kernels = registry(checked);
  const auto entry = kernels.find(name);
  return entry == kernels.end() ? Found{} : entry->second;
}

}  // namespace device
