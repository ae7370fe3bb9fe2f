// What TARN_DEVICE_CHECK=on finds: accesses just outside of an allocation, misaligned ones, and races.
#include "testing.h"

using namespace testing;

namespace {

template <typename... Arguments>
void faulty(CUresult want, Session& s, const char* kernel, unsigned grid, unsigned block, unsigned shared,
            Arguments... arguments) {
  expect(want, s.run(kernel, grid, block, shared, arguments...), kernel);
}

void bounds() {
  {
    Session s;
    faulty(CUDA_ERROR_ILLEGAL_ADDRESS, s, "write_at", 1, 1, 0, s.allocate(100), 25);
  }
  {
    Session s;
    faulty(CUDA_ERROR_ILLEGAL_ADDRESS, s, "read_at", 1, 1, 0, s.allocate(4), s.allocate(103), 25);
  }
  Session s;
  faulty(CUDA_ERROR_MISALIGNED_ADDRESS, s, "write_unaligned", 1, 1, 0, s.allocate(64));
}

void races() {
  {
    Session s;   // two blocks, then two threads, write to one word
    faulty(CUDA_ERROR_LAUNCH_FAILED, s, "write_at", 2, 1, 0, s.allocate(64), 3);
  }
  {
    Session s;
    faulty(CUDA_ERROR_LAUNCH_FAILED, s, "write_at", 1, 2, 0, s.allocate(64), 3);
  }
  {
    Session s;   // a block reads what another wrote: shifts in place
    faulty(CUDA_ERROR_LAUNCH_FAILED, s, "shift", 2, 64, 0, s.allocate(1024));
  }
  {
    Session s;   // and shared memory without its barrier
    faulty(CUDA_ERROR_LAUNCH_FAILED, s, "neighbour", 1, 64, 0, s.allocate(256), 0);
  }
  Session s;
  const CUdeviceptr p = s.upload(std::vector<int>(1000, 1));
  WORKS(s.run("add_to", 4, 256, 0, p, 2, 1000));
  WORKS(s.run("add_to", 2, 256, 0, p, 2, 1000));   // another launch is ordered behind the first
  WORKS(s.run("neighbour", 3, 64, 0, s.allocate(3 * 256), 1));
  WORKS(s.run("dynamic_at", 1, 1, 64, s.allocate(4), 15));
  EXPECT(s.download<int>(p, 1000)[0] == 5);
}

}  // namespace

int main(int, char** argv) {
  setenv("TARN_DEVICE_CHECK", "on", 1);
  bounds();
  races();
  return result(argv[0]);
}
