#include "engine.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#ifndef __x86_64__
#error "the engine switches fibers in x86-64 assembly, as JCuda's natives are built for x86-64"
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

// Saves the callee-saved registers and the stack pointer at *from, and goes on where `to` was saved.
extern "C" void tarn_switch_fiber(void** from, void* to);
asm(R"(
.text
.globl tarn_switch_fiber
.type tarn_switch_fiber, @function
tarn_switch_fiber:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size tarn_switch_fiber, .-tarn_switch_fiber
)");

// The linker's bounds of the section that static shared variables live in; absent where no kernel has any.
extern "C" char __start_device_shared[] __attribute__((weak));
extern "C" char __stop_device_shared[] __attribute__((weak));

namespace host {
namespace {

constexpr size_t STACK = 128 * 1024;
constexpr size_t STACK_APART = 4 * 1024 * 1024;
constexpr size_t PAGE = 4096;
constexpr int WARP = 32;
constexpr unsigned MAX_THREADS = 1024;
constexpr unsigned char POISON = 0xFF;

enum class State { READY, AT_BARRIER, IN_WARP, DONE };

struct Fiber {
  Thread thread{};
  State state = State::DONE;
  void* saved = nullptr;
  char* stack = nullptr;
  size_t stackSize = 0;
  int warp = 0;
#if defined(__SANITIZE_ADDRESS__)
  void* fakeStack = nullptr;
#endif
};

// A meeting of the lanes of a warp. Two buffers, since a lane may be at the next meeting before another has read.
struct Warp {
  uint64_t values[2][WARP];
  unsigned arrived = 0;
  unsigned wanted = 0;
  unsigned generation = 0;
};

struct Engine {
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<unsigned> order;
  std::vector<Dim3> threads;
  std::vector<uint64_t> blocks;
  std::vector<unsigned char> memory;
  unsigned char* dynamic = nullptr;
  size_t dynamicBytes = 0;
  char* shared = nullptr;
  size_t sharedBytes = 0;
  Order blockOrder = Order::FORWARD;
  bool sameThreads = false;   // as in the launch before, so that `order` still holds
  std::mt19937 random;
  const std::function<void()>* kernel = nullptr;
  std::exception_ptr thrown;
  Fiber apart;
  Fiber* current = nullptr;
  void* scheduler = nullptr;
  unsigned count = 0;
  unsigned atBarrier = 0;
  int barrierSum = 0;
  int barrierResult = 0;
  std::string fault;
#if defined(__SANITIZE_ADDRESS__)
  void* schedulerFakeStack = nullptr;
  const void* schedulerBottom = nullptr;
  size_t schedulerSize = 0;
#endif
};

Engine engine;

void to_scheduler(bool forGood) {
  Fiber* fiber = engine.current;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(forGood ? nullptr : &fiber->fakeStack, engine.schedulerBottom, engine.schedulerSize);
#else
  (void)forGood;
#endif
  tarn_switch_fiber(&fiber->saved, engine.scheduler);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fiber->fakeStack, &engine.schedulerBottom, &engine.schedulerSize);
#endif
}

void resume(Fiber& fiber) {
  engine.current = &fiber;
  position.thread = &fiber.thread;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&engine.schedulerFakeStack, fiber.stack, fiber.stackSize);
#endif
  tarn_switch_fiber(&engine.scheduler, fiber.saved);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(engine.schedulerFakeStack, nullptr, nullptr);
#endif
}

// Returns, as fiber_main never does: the sanitizer would find what it guards of the frame on the next fiber's stack.
__attribute__((noinline)) void run_kernel() {
  try {
    (*engine.kernel)();
  } catch (...) {
    engine.thrown = std::current_exception();
  }
}

// The first function on the stack of every fiber.
void fiber_main() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &engine.schedulerBottom, &engine.schedulerSize);
#endif
  run_kernel();
  engine.current->state = State::DONE;
  to_scheduler(true);
}

char* map_stacks(unsigned count, size_t size) {
  // A page without access below each stack: an overflow ends the program instead of changing a neighbour.
  char* memory = static_cast<char*>(mmap(nullptr, count * (size + PAGE), PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (memory == MAP_FAILED) {
    throw std::runtime_error("no memory for the stacks of a block");
  }
  for (unsigned i = 0; i < count; i++) {
    mprotect(memory + i * (size + PAGE), PAGE, PROT_NONE);
  }
  return memory;
}

// Makes the fiber start with fiber_main.
void start(Fiber& fiber, char* stack, size_t size, unsigned colour) {
  fiber.stack = stack;
  fiber.stackSize = size;
  // Stacks start at different cache sets.
  auto top = reinterpret_cast<uintptr_t>(stack) + size - 64 * (colour % 61 + 1);
  top &= ~uintptr_t{15};
  auto* frame = reinterpret_cast<void**>(top);
  // A return address for fiber_main, which it never uses; fiber_main itself; six registers.
  *--frame = nullptr;
  *--frame = reinterpret_cast<void*>(&fiber_main);
  for (int k = 0; k < 6; k++) {
    *--frame = nullptr;
  }
  fiber.saved = frame;
  fiber.state = State::READY;
}

Dim3 thread_index(unsigned i) {
  const Dim3& block = position.blockSize;
  const unsigned plane = block.x * block.y;
  return {i % block.x, i % plane / block.x, i / plane};
}

void prepare(Fiber& fiber, unsigned i) {
  static char* const stacks = map_stacks(MAX_THREADS, STACK);
  start(fiber, stacks + i * (STACK + PAGE) + PAGE, STACK, i);
  fiber.thread.index = thread_index(i);
  fiber.thread.lane = static_cast<int>(i % WARP);
  fiber.warp = static_cast<int>(i / WARP);
}

void check_fault() {
  if (!engine.fault.empty()) {
    throw KernelFault(engine.fault);
  }
  if (engine.thrown) {
    std::rethrow_exception(std::exchange(engine.thrown, nullptr));
  }
}

std::string stuck() {
  unsigned barrier = 0, warp = 0, done = 0;
  for (unsigned i = 0; i < engine.count; i++) {
    barrier += engine.fibers[i].state == State::AT_BARRIER;
    warp += engine.fibers[i].state == State::IN_WARP;
    done += engine.fibers[i].state == State::DONE;
  }
  return "block (" + std::to_string(position.block.x) + "," + std::to_string(position.block.y) + "," +
         std::to_string(position.block.z) + ") cannot go on: " + std::to_string(barrier) +
         " threads at __syncthreads, " + std::to_string(warp) + " wait for lanes of their warp, " +
         std::to_string(done) + " have returned";
}

void run_block() {
  if (engine.dynamicBytes > 0) {
    std::memset(engine.dynamic, POISON, engine.dynamicBytes);
  }
  if (engine.sharedBytes > 0) {
    std::memset(engine.shared, POISON, engine.sharedBytes);
  }
  for (unsigned i = 0; i < engine.count; i++) {
    prepare(engine.fibers[i], i);
  }
  for (Warp& warp : engine.warps) {
    warp = Warp{};
  }
  engine.atBarrier = 0;
  engine.barrierSum = 0;
  position.barriers = 0;
  unsigned done = 0;
  while (done < engine.count) {
    bool anyRan = false;
    for (unsigned i : engine.order) {
      Fiber& fiber = engine.fibers[i];
      if (fiber.state != State::READY) {
        continue;
      }
      anyRan = true;
      resume(fiber);
      done += fiber.state == State::DONE;
      check_fault();
    }
    if (!anyRan) {
      throw KernelFault(stuck());
    }
  }
}

void meet(unsigned mask, uint64_t value, Warp& warp) {
  Fiber& fiber = *engine.current;
  const unsigned bit = 1u << fiber.thread.lane;
  if ((mask & bit) == 0 || (warp.arrived != 0 && warp.wanted != mask)) {
    engine.fault = "a lane meets its warp with a mask that leaves it out or differs from that of the others";
    to_scheduler(false);
  }
  const unsigned parity = warp.generation & 1;
  warp.values[parity][fiber.thread.lane] = value;
  warp.wanted = mask;
  warp.arrived |= bit;
  if (warp.arrived == mask) {
    warp.arrived = 0;
    warp.generation++;
    const unsigned first = static_cast<unsigned>(fiber.warp) * WARP;
    for (unsigned i = first; i < std::min(engine.count, first + WARP); i++) {
      if (engine.fibers[i].state == State::IN_WARP) {
        engine.fibers[i].state = State::READY;
      }
    }
  } else {
    fiber.state = State::IN_WARP;
    to_scheduler(false);
  }
}

}  // namespace

Position position;

void* dynamic_shared() { return engine.dynamic; }

int barrier(int value) {
  engine.barrierSum += value;
  if (++engine.atBarrier == engine.count) {
    engine.barrierResult = engine.barrierSum;
    engine.barrierSum = 0;
    engine.atBarrier = 0;
    position.barriers++;
    for (unsigned i = 0; i < engine.count; i++) {
      if (engine.fibers[i].state == State::AT_BARRIER) {
        engine.fibers[i].state = State::READY;
      }
    }
  } else {
    engine.current->state = State::AT_BARRIER;
    to_scheduler(false);
  }
  // Nobody passes the next barrier before everybody has read this.
  return engine.barrierResult;
}

uint64_t exchange(unsigned mask, uint64_t value, int sourceLane) {
  Warp& warp = engine.warps[engine.current->warp];
  const unsigned parity = warp.generation & 1;
  meet(mask, value, warp);
  return mask >> sourceLane & 1 ? warp.values[parity][sourceLane] : value;
}

unsigned ballot(unsigned mask, bool predicate) {
  Warp& warp = engine.warps[engine.current->warp];
  const unsigned parity = warp.generation & 1;
  meet(mask, predicate, warp);
  unsigned bits = 0;
  for (int lane = 0; lane < WARP; lane++) {
    bits |= mask >> lane & 1 && warp.values[parity][lane] != 0 ? 1u << lane : 0;
  }
  return bits;
}

namespace {

void begin(Dim3 grid, Dim3 block, const LaunchOptions& options) {
  const Dim3& before = position.blockSize;
  engine.sameThreads = options.order == engine.blockOrder && options.order != Order::RANDOM && before.x == block.x &&
                       before.y == block.y && before.z == block.z && !engine.order.empty();
  position.gridSize = grid;
  position.blockSize = block;
  engine.count = block.x * block.y * block.z;
  if (engine.count == 0 || engine.count > MAX_THREADS) {
    throw std::invalid_argument("a block of " + std::to_string(engine.count) + " threads; allowed are 1 to 1024");
  }
  engine.fault.clear();
  engine.thrown = nullptr;
  if (engine.sameThreads) {
    return;
  }
  engine.threads.clear();
  engine.blockOrder = options.order;
  engine.order.resize(engine.count);
  std::iota(engine.order.begin(), engine.order.end(), 0u);
  if (options.order == Order::REVERSE) {
    std::reverse(engine.order.begin(), engine.order.end());
  } else if (options.order == Order::RANDOM) {
    engine.blocks.resize(uint64_t{grid.x} * grid.y * grid.z);
    std::iota(engine.blocks.begin(), engine.blocks.end(), uint64_t{0});
    engine.random.seed(options.seed);
    std::shuffle(engine.blocks.begin(), engine.blocks.end(), engine.random);
    std::shuffle(engine.order.begin(), engine.order.end(), engine.random);
  }
}

}  // namespace

Dim3 block_at(uint64_t place) {
  const Dim3& grid = position.gridSize;
  const uint64_t plane = uint64_t{grid.x} * grid.y;
  const uint64_t index = engine.blockOrder == Order::FORWARD   ? place
                         : engine.blockOrder == Order::REVERSE ? plane * grid.z - 1 - place
                                                               : engine.blocks[place];
  return {static_cast<unsigned>(index % grid.x), static_cast<unsigned>(index % plane / grid.x),
          static_cast<unsigned>(index / plane)};
}

const std::vector<Dim3>& thread_order() { return engine.threads; }

void begin_plain(Dim3 grid, Dim3 block, const LaunchOptions& options) {
  begin(grid, block, options);
  position.barriers = 0;
  if (engine.threads.empty()) {
    for (unsigned i : engine.order) {
      engine.threads.push_back(thread_index(i));
    }
  }
}

void run_apart(const std::function<void()>& work) {
  static char* const stack = map_stacks(1, STACK_APART);
  engine.fault.clear();
  engine.thrown = nullptr;
  engine.kernel = &work;
  start(engine.apart, stack + PAGE, STACK_APART, 0);
  resume(engine.apart);
  check_fault();
}

void abandon(const std::string& why) {
  engine.fault = why;
  to_scheduler(false);
}

void launch(Dim3 grid, Dim3 block, size_t dynamicShared, const std::function<void()>& kernel,
            const LaunchOptions& options) {
  begin(grid, block, options);
  engine.kernel = &kernel;
  engine.fibers.resize(engine.count);
  engine.warps.resize((engine.count + WARP - 1) / WARP);
  if (options.dynamic == nullptr) {
    engine.memory.assign(dynamicShared, POISON);
  }
  engine.dynamic = options.dynamic == nullptr ? engine.memory.data() : options.dynamic;
  engine.dynamicBytes = dynamicShared;
  const bool linked = options.shared == nullptr && __start_device_shared != nullptr;
  engine.shared = linked ? __start_device_shared : options.shared;
  engine.sharedBytes = linked ? static_cast<size_t>(__stop_device_shared - __start_device_shared) : options.sharedBytes;
  const uint64_t blocks = uint64_t{grid.x} * grid.y * grid.z;
  for (uint64_t place = 0; place < blocks; place++) {
    if (options.order == Order::RANDOM) {
      std::shuffle(engine.order.begin(), engine.order.end(), engine.random);
    }
    position.block = block_at(place);
    run_block();
  }
}

}  // namespace host
