// Kernels that do what kernels must not, and some that do not. Compiled twice, as those of Tarn are: without and with a call
// for each access.
#include "cuda_host.h"
#include "kernels.h"

namespace {

__global__ void add_to(int* p, int amount, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) {
    p[i] += amount;
  }
}

__global__ void write_at(float* p, int at) { p[at] = 1.0f; }

__global__ void read_at(float* out, const float* p, int at) { out[0] = p[at]; }

__global__ void load_four(float* out, const float* p) {
  asm volatile("vmovaps (%1), %%xmm0\n\tvmovss %%xmm0, (%0)" : : "r"(out), "r"(p) : "xmm0", "memory");
}

__global__ void divide(int* p, int by) { p[0] = 7 / by; }

__global__ void half_at_barrier(float* p) {
  if (threadIdx.x < 16) {
    __syncthreads();
  }
  p[threadIdx.x] = 1.0f;
}

__global__ void lane_outside(float* p) { p[threadIdx.x] = __shfl_xor_sync(0xffffu, 1.0f, 1); }

__global__ void lanes_returned(float* p) {
  if (threadIdx.x >= 16) {
    return;
  }
  p[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
}

// Each thread reads what its neighbour wrote; without a barrier, where `barrier` is 0.
__global__ void neighbour(float* out, int barrier) {
  __shared__ float values[64];
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  if (barrier) {
    __syncthreads();
  }
  out[blockIdx.x * 64 + threadIdx.x] = values[(threadIdx.x + 1) % 64];
}

__global__ void shift(int* p) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  p[i] = p[i + 1];
}

__global__ void write_unaligned(char* p) { *reinterpret_cast<float*>(p + 2) = 1.0f; }

__global__ void dynamic_at(float* out, int at) {
  DYNAMIC_SHARED(float, values);
  values[at] = 2.0f;
  out[0] = values[at];
}

struct Pair {
  long long first;
  int second;
};
__global__ void take_struct(int* out, Pair pair, double factor) {
  out[0] = static_cast<int>(static_cast<double>(pair.first + pair.second) * factor);
}

}  // namespace

extern "C" char __start_device_shared[];
extern "C" char __stop_device_shared[];

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
    device::Compiled<&shift>::kernel("shift"),
    device::Compiled<&write_unaligned>::kernel("write_unaligned"),
    device::Compiled<&dynamic_at>::kernel("dynamic_at"),
    device::Compiled<&take_struct>::kernel("take_struct"),
};

const device::HostModule MODULE = {"test",  "same", "same", "", device::CHECKED, __start_device_shared,
                                   __stop_device_shared, KERNELS, sizeof KERNELS / sizeof *KERNELS};

__attribute__((constructor)) void add() { device::register_module(MODULE); }

}  // namespace
