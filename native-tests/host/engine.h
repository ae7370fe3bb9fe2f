// Runs the threads of a CUDA block as fibers on one host thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

namespace host {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

// The thread that runs now, as the kernel sees it.
struct Thread {
  Dim3 index;
  int lane;
};

// In which order blocks, and threads between two waits, run. The results of a correct kernel do not depend on it.
enum class Order { FORWARD, REVERSE, RANDOM };

struct LaunchOptions {
  Order order = Order::FORWARD;
  unsigned seed = 1;   // of Order::RANDOM
};

// A kernel did what the programming model forbids: a barrier that some threads never reach, a lane named in a mask that
// never arrives. The message counts who waits where.
struct KernelFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Runs every thread of every block to its end. Static shared memory and the dynamic one hold NaN patterns when a block
// starts.
void launch(Dim3 grid, Dim3 block, size_t dynamicShared, const std::function<void()>& kernel,
            const LaunchOptions& options = {});

Thread& running();
const Dim3& block_index();
const Dim3& block_size();
const Dim3& grid_size();
void* dynamic_shared();

// Waits for all threads of the block; the sum of what they brought.
int barrier(int value);

// Waits for the lanes of the mask; what the source lane brought.
uint64_t exchange(unsigned mask, uint64_t value, int sourceLane);

// Waits for the lanes of the mask; a bit for each that brought true.
unsigned ballot(unsigned mask, bool predicate);

}  // namespace host
