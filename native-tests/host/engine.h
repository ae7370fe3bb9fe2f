// Runs the threads of a CUDA block as fibers on one host thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

// Kernels may lie in another library than the engine.
#define ENGINE_API __attribute__((visibility("default")))

namespace host {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

struct Thread {
  Dim3 index;
  int lane;
};

// Where the kernel runs now, as it sees it itself.
struct Position {
  Thread* thread;
  Dim3 block, blockSize, gridSize;
  unsigned barriers;   // that the block has passed
};

// In which order blocks, and threads between two waits, run. The results of a correct kernel do not depend on it.
enum class Order { FORWARD, REVERSE, RANDOM };

struct LaunchOptions {
  Order order = Order::FORWARD;
  unsigned seed = 1;   // of Order::RANDOM
  // Where the static shared memory of the kernel lies; by default what the program itself is linked with.
  char* shared = nullptr;
  size_t sharedBytes = 0;
  // Where its dynamic shared memory is to lie; by default in memory of the engine.
  unsigned char* dynamic = nullptr;
};

// A kernel did what the programming model forbids: a barrier that some threads never reach, a lane named in a mask that
// never arrives. The message counts who waits where.
struct ENGINE_API KernelFault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Runs every thread of every block to its end. Static shared memory and the dynamic one hold NaN patterns when a block
// starts.
ENGINE_API void launch(Dim3 grid, Dim3 block, size_t dynamicShared, const std::function<void()>& kernel,
                       const LaunchOptions& options = {});

// The same for a kernel in which no thread waits for another and which has no shared memory: a loop instead of fibers.
template <typename Kernel>
void launch_plain(Dim3 grid, Dim3 block, const Kernel& kernel, const LaunchOptions& options = {});

// Runs work on a stack of its own, so that abandon() can leave it wherever it is.
ENGINE_API void run_apart(const std::function<void()>& work);

// Ends what runs now, a launch or work apart: its caller gets a KernelFault. May be called on any stack.
void abandon(const std::string& why);

ENGINE_API extern Position position;

inline Thread& running() { return *position.thread; }
inline const Dim3& block_index() { return position.block; }
inline const Dim3& block_size() { return position.blockSize; }
inline const Dim3& grid_size() { return position.gridSize; }
ENGINE_API void* dynamic_shared();

// Waits for all threads of the block; the sum of what they brought.
ENGINE_API int barrier(int value);

// Waits for the lanes of the mask; what the source lane brought.
ENGINE_API uint64_t exchange(unsigned mask, uint64_t value, int sourceLane);

// Waits for the lanes of the mask; a bit for each that brought true.
ENGINE_API unsigned ballot(unsigned mask, bool predicate);

// For launch_plain: sets the sizes, and gives the block at a place of the order and the threads of a block in order.
ENGINE_API void begin_plain(Dim3 grid, Dim3 block, const LaunchOptions& options);
ENGINE_API Dim3 block_at(uint64_t place);
ENGINE_API const std::vector<Dim3>& thread_order();

template <typename Kernel>
void launch_plain(Dim3 grid, Dim3 block, const Kernel& kernel, const LaunchOptions& options) {
  begin_plain(grid, block, options);
  run_apart([&] {
    const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
    const std::vector<Dim3>& threads = thread_order();
    for (uint64_t place = 0; place < blocks; place++) {
      position.block = block_at(place);
      for (const Dim3& index : threads) {
        position.thread->index = index;
        kernel();
      }
    }
  });
}

}  // namespace host
