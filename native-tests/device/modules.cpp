#include "modules.h"

#include <cstring>
#include <map>

#include "settings.h"
#include "sha256.h"

namespace device {
namespace {

// The newest PTX that a driver takes; the table is that of the PTX ISA's release notes.
int newest_ptx(int driver) {
  const int table[][2] = {{13000, 90}, {12090, 88}, {12080, 87}, {12050, 85}, {12040, 84},
                          {12030, 83}, {12020, 82}, {12010, 81}, {12000, 80}, {11080, 78}};
  for (const auto& row : table) {
    if (driver >= row[0]) {
      return row[1];
    }
  }
  return 77;
}

void check_version(const Ptx& ptx) {
  if (ptx.version > newest_ptx(settings.driver)) {
    fail(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "PTX of version ", ptx.version / 10.0, "; driver ", settings.driver,
         " takes ", newest_ptx(settings.driver) / 10.0, " at most");
  }
  if (ptx.target > settings.capability) {
    fail(CUDA_ERROR_NO_BINARY_FOR_GPU, "PTX for sm_", ptx.target, "; the device is sm_", settings.capability);
  }
}

void check_parameters(const PtxKernel& ptx, const HostKernel& compiled) {
  bool same = static_cast<int>(ptx.parameters.size()) == compiled.parameterCount;
  size_t end = 0;
  for (int k = 0; same && k < compiled.parameterCount; k++) {
    const HostParameter& c = compiled.parameters[k];
    const Parameter& p = ptx.parameters[static_cast<size_t>(k)];
    same = p.bytes == c.bytes && p.alignment == c.alignment && p.offset == after(end, c);
    end = p.offset + p.bytes;
    if (!same) {
      fail(CUDA_ERROR_INVALID_IMAGE, "parameter ", k, " of kernel ", ptx.name, " has ", p.bytes, " bytes at ", p.offset,
           " in the PTX, ", c.bytes, " in the sources");
    }
  }
  if (!same) {
    fail(CUDA_ERROR_INVALID_IMAGE, "kernel ", ptx.name, " has ", ptx.parameters.size(), " parameters in the PTX, ",
         compiled.parameterCount, " in the sources");
  }
}

void check_origin(const HostModule& module, const std::string& hash) {
  if (std::strcmp(module.sources, module.manifest) != 0) {
    fail(CUDA_ERROR_INVALID_IMAGE, "the sources of module ", module.name,
         " are not those that its PTX was made of: run kernels/CompileKernels.java");
  }
  if (*module.ptx != '\0' && hash != module.ptx) {
    fail(CUDA_ERROR_INVALID_IMAGE, "the PTX of module ", module.name,
         " is not the text that the device was built with: build it again");
  }
}

void add_function(Module& module, const PtxKernel& ptx, const std::string& hash) {
  const auto [hostModule, hostKernel] = find_kernel(ptx.name.c_str(), settings.check);
  if (hostKernel == nullptr) {
    fail(CUDA_ERROR_FILE_NOT_FOUND, "no kernel ", ptx.name, " was compiled for the host");
  }
  check_parameters(ptx, *hostKernel);
  check_origin(*hostModule, hash);
  if (ptx.sharedBytes > DEFAULT_SHARED) {
    fail(CUDA_ERROR_INVALID_IMAGE, "kernel ", ptx.name, " has ", ptx.sharedBytes, " bytes of static shared memory, ",
         DEFAULT_SHARED, " are allowed");
  }
  Function& function = create<Function>(module.context);
  function.module = &module;
  function.ptx = ptx;
  function.hostModule = hostModule;
  function.hostKernel = hostKernel;
  function.maxDynamicShared = DEFAULT_SHARED - ptx.sharedBytes;
  module.functions.push_back(&function);
}

struct Parsed {
  Ptx ptx;
  std::string hash;
};

// A process opens the device many times, each time with the same modules.
const Parsed& parsed(const std::string& text) {
  static std::map<std::string, Parsed> seen;
  const auto found = seen.find(text);
  return found != seen.end() ? found->second : seen.emplace(text, Parsed{parse_ptx(text), sha256(text)}).first->second;
}

}  // namespace

size_t max_shared() {
  switch (settings.capability) {
    case 75: return 64 * 1024;
    case 80: case 87: return 163 * 1024;
    case 86: case 89: case 120: return 99 * 1024;
    default: return settings.capability < 75 ? 96 * 1024 : 227 * 1024;
  }
}

Module& load_module(Context& context, const char* image) {
  if (image == nullptr) {
    fail(CUDA_ERROR_INVALID_VALUE, "a null image");
  }
  if (std::strncmp(image, "\x7f" "ELF", 4) == 0 || std::strncmp(image, "\x50\xed\x55\xba", 4) == 0) {
    fail(CUDA_ERROR_NO_BINARY_FOR_GPU, "machine code cannot run on this device, only PTX of kernels it was built with");
  }
  const std::string text = image;
  const auto& [ptx, hash] = parsed(text);
  check_version(ptx);
  Module& module = create<Module>(&context);
  try {
    for (const PtxKernel& kernel : ptx.kernels) {
      add_function(module, kernel, hash);
    }
  } catch (...) {
    unload(module);
    throw;
  }
  return module;
}

void unload(Module& module) {
  for (Function* function : module.functions) {
    destroy_object(handle_of(function));
  }
  destroy_object(handle_of(&module));
}

}  // namespace device
