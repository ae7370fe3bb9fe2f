// Kernels that do what kernels must not, and one that does not. Their PTX has only what the device reads of it.
#include "cuda_host.h"
#include "kernels.h"
#include "testing.h"

extern "C" __global__ void add_to(int* p, int amount, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) {
    p[i] += amount;
  }
}

extern "C" __global__ void write_at(float* p, int at) { p[at] = 1.0f; }

extern "C" __global__ void read_at(float* out, const float* p, int at) { out[0] = p[at]; }

extern "C" __global__ void load_four(float* out, const float* p) {
  asm volatile("vmovaps (%1), %%xmm0\n\tvmovss %%xmm0, (%0)" : : "r"(out), "r"(p) : "xmm0", "memory");
}

extern "C" __global__ void divide(int* p, int by) { p[0] = 7 / by; }

extern "C" __global__ void half_at_barrier(float* p) {
  if (threadIdx.x < 16) {
    __syncthreads();
  }
  p[threadIdx.x] = 1.0f;
}

extern "C" __global__ void lane_outside(float* p) { p[threadIdx.x] = __shfl_xor_sync(0xffffu, 1.0f, 1); }

extern "C" __global__ void lanes_returned(float* p) {
  if (threadIdx.x >= 16) {
    return;
  }
  p[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
}

// Each thread reads what its neighbour wrote; without a barrier, where `barrier` is 0.
extern "C" __global__ void neighbour(float* out, int barrier) {
  __shared__ float values[64];
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  if (barrier) {
    __syncthreads();
  }
  out[threadIdx.x] = values[(threadIdx.x + 1) % 64];
}

extern "C" __global__ void dynamic_at(float* out, int at) {
  DYNAMIC_SHARED(float, values);
  values[at] = 2.0f;
  out[0] = values[at];
}

struct Pair {
  long long first;
  int second;
};
extern "C" __global__ void take_struct(int* out, Pair pair, double factor) {
  out[0] = static_cast<int>(static_cast<double>(pair.first + pair.second) * factor);
}

extern "C" char __start_device_shared[];
extern "C" char __stop_device_shared[];

namespace testing {
namespace {

const device::HostKernel KERNELS[] = {
    device::Compiled<&add_to>::kernel("add_to"),
    device::Compiled<&write_at>::kernel("write_at"),
    device::Compiled<&read_at>::kernel("read_at"),
    device::Compiled<&load_four>::kernel("load_four"),
    device::Compiled<&divide>::kernel("divide"),
    device::Compiled<&half_at_barrier>::kernel("half_at_barrier"),
    device::Compiled<&lane_outside>::kernel("lane_outside"),
    device::Compiled<&lanes_returned>::kernel("lanes_returned"),
    device::Compiled<&neighbour>::kernel("neighbour"),
    device::Compiled<&dynamic_at>::kernel("dynamic_at"),
    device::Compiled<&take_struct>::kernel("take_struct"),
};

__attribute__((constructor)) void add() {
  static const device::HostModule module = {
      "test", "same", "same", "", __start_device_shared,
      static_cast<size_t>(__stop_device_shared - __start_device_shared), KERNELS, sizeof KERNELS / sizeof *KERNELS};
  device::register_module(module);
}

}  // namespace

std::string test_ptx() {
  const auto entry = [](const char* name, const char* parameters, const char* body, int threads = 256) {
    return std::string(".visible .entry ") + name + "(" + parameters + ")\n.maxntid " + std::to_string(threads) +
           ", 1, 1\n{\n" + body + "\tret;\n}\n";
  };
  const char* pointer = ".param .u64 p";
  const char* pointerAndInt = ".param .u64 p,\n.param .u32 n";
  return ".version 7.8\n.target sm_75\n.address_size 64\n.extern .shared .align 16 .b8 memory[];\n" +
         entry("add_to", ".param .u64 p, .param .u32 amount, .param .u32 count", "") + entry("write_at", pointerAndInt, "") +
         entry("read_at", ".param .u64 out, .param .u64 p, .param .u32 at", "") +
         entry("load_four", ".param .u64 out, .param .u64 p", "") + entry("divide", pointerAndInt, "") +
         entry("half_at_barrier", pointer, "\tbar.sync \t0;\n") + entry("lane_outside", pointer, "\tshfl.sync.bfly.b32 r;\n") +
         entry("lanes_returned", pointer, "\tshfl.sync.bfly.b32 r;\n") +
         entry("neighbour", pointerAndInt, "\t.shared .align 4 .b8 values[256];\n\t@%p1 bra L;\n\tbar.sync 0;\nL:\n", 64) +
         entry("dynamic_at", pointerAndInt, "\tst.shared.f32 [memory], %f1;\n") +
         entry("take_struct", ".param .u64 out, .param .align 8 .b8 pair[16], .param .f64 factor", "");
}

}  // namespace testing
