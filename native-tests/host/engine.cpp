#include "engine.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
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
  std::vector<unsigned char> dynamic;
  Dim3 grid, block, blockIndex;
  const std::function<void()>* kernel = nullptr;
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
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&engine.schedulerFakeStack, fiber.stack, STACK);
#endif
  tarn_switch_fiber(&engine.scheduler, fiber.saved);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(engine.schedulerFakeStack, nullptr, nullptr);
#endif
}

// The first function on the stack of every fiber.
void fiber_main() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &engine.schedulerBottom, &engine.schedulerSize);
#endif
  (*engine.kernel)();
  engine.current->state = State::DONE;
  to_scheduler(true);
}

char* map_stacks() {
  // A page without access below each stack: an overflow ends the program instead of changing a neighbour.
  char* memory = static_cast<char*>(mmap(nullptr, MAX_THREADS * (STACK + PAGE), PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (memory == MAP_FAILED) {
    throw std::runtime_error("no memory for the stacks of a block");
  }
  for (unsigned i = 0; i < MAX_THREADS; i++) {
    mprotect(memory + i * (STACK + PAGE), PAGE, PROT_NONE);
  }
  return memory;
}

void prepare(Fiber& fiber, unsigned i) {
  static char* const stacks = map_stacks();
  fiber.stack = stacks + i * (STACK + PAGE) + PAGE;
  // Stacks start at different cache sets.
  auto top = reinterpret_cast<uintptr_t>(fiber.stack) + STACK - 64 * (i % 61 + 1);
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
  const unsigned plane = engine.block.x * engine.block.y;
  fiber.thread.index = {i % engine.block.x, i % plane / engine.block.x, i / plane};
  fiber.thread.lane = static_cast<int>(i % WARP);
  fiber.warp = static_cast<int>(i / WARP);
}

std::string stuck() {
  unsigned barrier = 0, warp = 0, done = 0;
  for (unsigned i = 0; i < engine.count; i++) {
    barrier += engine.fibers[i].state == State::AT_BARRIER;
    warp += engine.fibers[i].state == State::IN_WARP;
    done += engine.fibers[i].state == State::DONE;
  }
  return "block (" + std::to_string(engine.blockIndex.x) + "," + std::to_string(engine.blockIndex.y) + "," +
         std::to_string(engine.blockIndex.z) + ") cannot go on: " + std::to_string(barrier) +
         " threads at __syncthreads, " + std::to_string(warp) + " wait for lanes of their warp, " +
         std::to_string(done) + " have returned";
}

void run_block() {
  std::fill(engine.dynamic.begin(), engine.dynamic.end(), POISON);
  if (__start_device_shared != nullptr) {
    std::memset(__start_device_shared, POISON, static_cast<size_t>(__stop_device_shared - __start_device_shared));
  }
  for (unsigned i = 0; i < engine.count; i++) {
    prepare(engine.fibers[i], i);
  }
  for (Warp& warp : engine.warps) {
    warp = Warp{};
  }
  engine.atBarrier = 0;
  engine.barrierSum = 0;
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
      if (!engine.fault.empty()) {
        throw KernelFault(engine.fault);
      }
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

Thread& running() { return engine.current->thread; }
const Dim3& block_index() { return engine.blockIndex; }
const Dim3& block_size() { return engine.block; }
const Dim3& grid_size() { return engine.grid; }
void* dynamic_shared() { return engine.dynamic.data(); }

int barrier(int value) {
  engine.barrierSum += value;
  if (++engine.atBarrier == engine.count) {
    engine.barrierResult = engine.barrierSum;
    engine.barrierSum = 0;
    engine.atBarrier = 0;
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

void launch(Dim3 grid, Dim3 block, size_t dynamicShared, const std::function<void()>& kernel,
            const LaunchOptions& options) {
  engine.grid = grid;
  engine.block = block;
  engine.kernel = &kernel;
  engine.count = block.x * block.y * block.z;
  if (engine.count == 0 || engine.count > MAX_THREADS) {
    throw std::invalid_argument("a block of " + std::to_string(engine.count) + " threads; allowed are 1 to 1024");
  }
  engine.fibers.resize(engine.count);
  engine.warps.resize((engine.count + WARP - 1) / WARP);
  engine.dynamic.assign(dynamicShared, POISON);
  engine.fault.clear();
  engine.order.resize(engine.count);
  std::iota(engine.order.begin(), engine.order.end(), 0u);
  const unsigned blocks = grid.x * grid.y * grid.z;
  std::vector<unsigned> blockOrder(blocks);
  std::iota(blockOrder.begin(), blockOrder.end(), 0u);
  std::mt19937 random(options.seed);
  if (options.order == Order::REVERSE) {
    std::reverse(engine.order.begin(), engine.order.end());
    std::reverse(blockOrder.begin(), blockOrder.end());
  } else if (options.order == Order::RANDOM) {
    std::shuffle(blockOrder.begin(), blockOrder.end(), random);
  }
  for (unsigned index : blockOrder) {
    if (options.order == Order::RANDOM) {
      std::shuffle(engine.order.begin(), engine.order.end(), random);
    }
    engine.blockIndex = {index % grid.x, index / grid.x % grid.y, index / (grid.x * grid.y)};
    run_block();
  }
}

}  // namespace host
