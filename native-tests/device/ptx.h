// What the driver has to know of PTX text: its version and target, and of each kernel the parameters, the limits and whether
// its threads wait for each other.
#pragma once

#include <string>
#include <vector>

namespace device {

struct Parameter {
  size_t offset, bytes, alignment;
};

struct PtxKernel {
  std::string name;
  std::vector<Parameter> parameters;
  size_t parameterBytes = 0;
  unsigned maxThreads = 0;   // of .maxntid, or 0
  size_t sharedBytes = 0;    // static
  bool usesShared = false;   // static or dynamic
  bool waits = false;        // a barrier or an exchange within a warp
};

struct Ptx {
  int version = 0;   // 78 is 7.8
  int target = 0;    // 75 is sm_75
  std::vector<PtxKernel> kernels;
};

// Fails with CUDA_ERROR_INVALID_PTX.
Ptx parse_ptx(const std::string& ptx);

}  // namespace device
