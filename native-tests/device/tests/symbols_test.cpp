// Every symbol that JCuda's natives want exists, and one that the device does not offer says so.
#include <dlfcn.h>

#include <fstream>

#include "testing.h"

using namespace testing;

int main(int, char** argv) {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  EXPECT(library != nullptr);
  std::ifstream list(TARN_SYMBOLS);
  int count = 0;
  for (std::string symbol; std::getline(list, symbol); count++) {
    expect(library != nullptr && dlsym(library, symbol.c_str()) != nullptr, symbol + " is missing");
  }
  EXPECT(count == 312);
  auto* unsupported = reinterpret_cast<CUresult (*)()>(dlsym(library, "cuTexObjectCreate"));
  GIVES(CUDA_ERROR_NOT_SUPPORTED, unsupported());
  return result(argv[0]);
}
