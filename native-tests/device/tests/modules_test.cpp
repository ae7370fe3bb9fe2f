// What the device takes as a module: the PTX that ships, as it is, and nothing it cannot run.
#include <fstream>
#include <sstream>

#include "kernels.h"
#include "testing.h"

using namespace testing;

namespace {

std::string shipped(const std::string& name) {
  std::ifstream file(std::string(TARN_PTX) + "/" + name + ".ptx");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

void load(CUresult want, const std::string& ptx, const char* what) {
  CUmodule module = nullptr;
  const CUresult got = cuModuleLoadData(&module, ptx.c_str());
  expect(want, got, what);
  if (got == CUDA_SUCCESS) {
    WORKS(cuModuleUnload(module));
  }
}

void shipped_ptx() {
  Session s;
  for (const char* name : {"activation_reg", "column_sums", "dropout", "embedding", "head", "lstm_pointwise",
                           "optimizers", "softmax_xent", "weight_drop"}) {
    load(CUDA_SUCCESS, shipped(name), name);
  }
  const std::string ptx = shipped("dropout");
  load(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, replaced(ptx, ".version 7.8", ".version 9.0"), "PTX of a later driver");
  load(CUDA_ERROR_NO_BINARY_FOR_GPU, replaced(ptx, ".target sm_75", ".target sm_100"), "PTX of a later device");
  load(CUDA_ERROR_INVALID_IMAGE, replaced(ptx, ".param .u32", ".param .u64"), "a parameter of another size");
  load(CUDA_ERROR_INVALID_IMAGE, replaced(ptx, "_param_2[40]", "_param_2[48]"), "a longer structure");
  load(CUDA_ERROR_INVALID_IMAGE, ptx + "\n", "another text of the same kernels");
  load(CUDA_ERROR_FILE_NOT_FOUND, replaced(test_ptx(), "write_at", "write_to"), "a kernel without sources");
  load(CUDA_ERROR_INVALID_IMAGE, replaced(test_ptx(), ".param .u64 p,\n.param .u32 n", ".param .u64 p"),
       "a parameter less");
  load(CUDA_ERROR_INVALID_PTX, "hello", "no PTX");
  load(CUDA_ERROR_INVALID_PTX, test_ptx() + "\xc3\x28", "bytes behind a missing NUL");
  load(CUDA_ERROR_INVALID_PTX, test_ptx().substr(0, test_ptx().size() - 3), "a kernel without an end");
  load(CUDA_ERROR_NO_BINARY_FOR_GPU, "\x7f" "ELF", "machine code");
}

void logs_and_names() {
  Session s;
  char log[64] = "x";
  int options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER + 1};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUmodule module = nullptr;
  GIVES(CUDA_ERROR_INVALID_PTX, cuModuleLoadDataEx(&module, "hello", 2, options, values));
  EXPECT(std::strstr(log, ".version") != nullptr);
  EXPECT(reinterpret_cast<size_t>(values[1]) == std::strlen(log));
  CUfunction function = nullptr;
  GIVES(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(&function, s.module, "nothing"));
  CUdeviceptr memory = 0;
  size_t bytes = 0;
  GIVES(CUDA_ERROR_NOT_FOUND, cuModuleGetGlobal_v2(&memory, &bytes, s.module, "nothing"));
}

// A module whose sources changed after its PTX was made.
void stale() {
  Session s;
  static const device::HostKernel kernel = {"stale", nullptr, 0, nullptr};
  static const device::HostModule module = {"stale", "newer", "older", "", false, nullptr, nullptr, &kernel, 1};
  device::register_module(module);
  load(CUDA_ERROR_INVALID_IMAGE, ".version 7.8\n.target sm_75\n.visible .entry stale()\n{\nret;\n}\n", "stale PTX");
}

}  // namespace

int main(int, char** argv) {
  shipped_ptx();
  logs_and_names();
  stale();
  return result(argv[0]);
}
