// What lives when its context ends is counted and named, and what the libraries put on streams runs as a kernel does.
#include <fstream>
#include <sstream>

#include "device.h"
#include "testing.h"

using namespace testing;

namespace {

const char* const LOG = "leaks_test.log";

bool logged(const std::string& line) {
  std::ifstream file(LOG);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str().find(line) != std::string::npos;
}

void leaks() {
  WORKS(cuInit(0));
  CUcontext context = nullptr;
  WORKS(cuDevicePrimaryCtxRetain(&context, 0));
  WORKS(cuCtxSetCurrent(context));
  CUdeviceptr memory = 0;
  WORKS(cuMemAlloc_v2(&memory, 100));
  void* pinned = nullptr;
  WORKS(cuMemAllocHost_v2(&pinned, 50));
  CUstream stream = nullptr;
  WORKS(cuStreamCreate(&stream, 0));
  CUevent event = nullptr;
  WORKS(cuEventCreate(&event, 0));
  CUmodule module = nullptr;
  WORKS(cuModuleLoadData(&module, test_ptx().c_str()));
  int library = 0, closed = 0;
  device::created(&library, "cublasHandle_t");
  device::created(&closed, "cublasHandle_t");
  EXPECT(device::lives(&closed, "cublasHandle_t"));
  EXPECT(!device::lives(&closed, "cudnnHandle_t"));
  device::destroyed(&closed);
  EXPECT(!device::lives(&closed, "cublasHandle_t"));
  WORKS(cuDevicePrimaryCtxRelease_v2(0));
  EXPECT(counter(device::Counter::LEAKS) == 6);
  EXPECT(logged("leak: device allocation 1 (100 bytes)"));
  EXPECT(logged("leak: pinned allocation 2 (50 bytes)"));
  for (const char* kind : {"CUstream", "CUevent", "CUmodule", "cublasHandle_t"}) {
    EXPECT(logged(std::string("leak: ") + kind));
  }
  EXPECT(!device::lives(&library, "cublasHandle_t"));
  WORKS(cuCtxSetCurrent(nullptr));
}

void none() {
  const int64_t before = counter(device::Counter::LEAKS);
  Session* s = new Session;
  const CUdeviceptr p = s->upload(std::vector<int>(256));
  WORKS(s->run("add_to", 1, 256, 0, p, 1, 256));
  WORKS(s->run("add_to", 1, 256, 0, p, 1, 256));
  WORKS(cuMemFree_v2(p));
  WORKS(cuModuleUnload(s->module));
  WORKS(cuStreamDestroy_v2(s->stream));
  delete s;
  EXPECT(counter(device::Counter::LEAKS) == before);
  EXPECT(logged("launches of add_to: 2"));
}

void work_of_libraries() {
  Session s;
  EXPECT(device::has_context());
  const CUdeviceptr p = s.allocate(16);
  auto* at = reinterpret_cast<int*>(p);
  EXPECT(device::range_problem(at, 16).empty());
  EXPECT(device::range_problem(at, 17).find("(16 bytes)") != std::string::npos);
  EXPECT(device::range_problem(&s, 1).find("not of the device") != std::string::npos);
  EXPECT(device::stream_problem(s.stream).empty());
  EXPECT(!device::stream_problem(&s).empty());
  bool ran = false;
  device::submit(s.stream, "gemm", [&ran, at] {
    at[3] = 5;
    ran = true;
  });
  EXPECT(!ran);
  EXPECT(s.download<int>(p, 4)[3] == 5);
  EXPECT(ran);
  WORKS(cuStreamBeginCapture_v2(s.stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  device::submit(s.stream, "gemm", [at] { at[0] = at[3]++; });
  CUgraph graph = nullptr;
  CUgraphExec executable = nullptr;
  WORKS(cuStreamEndCapture(s.stream, &graph));
  WORKS(cuGraphInstantiateWithFlags(&executable, graph, 0));
  WORKS(cuGraphLaunch(executable, s.stream));
  WORKS(cuGraphLaunch(executable, s.stream));
  EXPECT(s.download<int>(p, 4)[0] == 6);
  const int64_t calls = counter(device::Counter::CUBLAS_CALLS);
  device::count(device::Count::CUBLAS_CALLS);
  EXPECT(counter(device::Counter::CUBLAS_CALLS) == calls + 1);
  device::submit(s.stream, "cublasSgemm", [at] { at[4] = 1; at[1024] = 1; });
  GIVES(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(s.stream));
  EXPECT(logged("cublasSgemm writes to"));
  EXPECT(!device::stream_problem(s.stream).empty());
}

}  // namespace

int main(int, char** argv) {
  std::remove(LOG);
  setenv("TARN_DEVICE_LOG", LOG, 1);
  leaks();
  none();
  work_of_libraries();
  return result(argv[0]);
}
