#include "check.h"

#include <sys/mman.h>

#include <algorithm>
#include <vector>

#include "device.h"
#include "failure.h"
#include "faults.h"
#include "memory.h"
#include "settings.h"

namespace device {
namespace {

constexpr size_t WORD = 2;

// The last accesses of a word. Blocks are counted from 1; 0 is none.
struct Accesses {
  uint32_t launch;
  uint32_t writer, reader;             // blocks
  uint32_t writtenAfter, readAfter;    // barriers
  uint16_t writerThread, readerThread;
  bool manyReaders;                    // threads since the last barrier
  bool manyReaderBlocks;
};

struct Now {
  uint32_t launch, block, barriers;
  uint16_t thread;
};

Accesses* globalWords = nullptr;
std::vector<Accesses> staticWords, dynamicWords;
const char* staticShared = nullptr;
const char* dynamicShared = nullptr;
uint32_t launches = 0;

Now now() {
  const host::Position& p = host::position;
  const host::Dim3& i = p.thread->index;
  const auto thread = static_cast<uint16_t>((i.z * p.blockSize.y + i.y) * p.blockSize.x + i.x);
  const uint32_t block = (p.block.z * p.gridSize.y + p.block.y) * p.gridSize.x + p.block.x + 1;
  return {launches, block, p.barriers, thread};
}

std::string block_name(uint32_t block) {
  const host::Dim3& grid = host::position.gridSize;
  block -= 1;
  return text("(", block % grid.x, ",", block / grid.x % grid.y, ",", block / grid.x / grid.y, ")");
}

[[gnu::noinline]] void race(const Accesses& w, const Now& n, bool isWrite, bool withWrite, const std::string& what) {
  const uint32_t block = withWrite ? w.writer : w.reader;
  const std::string other = block == n.block
                                ? text("thread ", withWrite ? w.writerThread : w.readerThread, " of the block")
                                : "block " + block_name(block);
  fail_kernel(CUDA_ERROR_LAUNCH_FAILED, text(isWrite ? "writes to " : "reads ", what, ", which ", other,
                                             withWrite ? " wrote to" : " read", " and nothing orders the two"));
}

// Whether an access of `block`, by `thread` if one did, after so many barriers is ordered with that of now.
bool ordered(uint32_t block, bool byOthers, uint32_t barriers, const Now& n) {
  return block == n.block && (!byOthers || barriers != n.barriers);
}

template <typename Name>
void meet(Accesses& w, const Now& n, bool isWrite, Name name) {
  if (w.writer != 0 && !ordered(w.writer, w.writerThread != n.thread, w.writtenAfter, n)) {
    race(w, n, isWrite, true, name());
  }
  if (isWrite) {
    if (w.reader != 0 && (w.manyReaderBlocks ||
                          !ordered(w.reader, w.manyReaders || w.readerThread != n.thread, w.readAfter, n))) {
      race(w, n, true, false, name());
    }
    w.writer = n.block;
    w.writerThread = n.thread;
    w.writtenAfter = n.barriers;
    return;
  }
  w.manyReaderBlocks |= w.reader != 0 && w.reader != n.block;
  w.manyReaders = w.reader == n.block && w.readAfter == n.barriers && (w.manyReaders || w.readerThread != n.thread);
  w.reader = n.block;
  w.readerThread = n.thread;
  w.readAfter = n.barriers;
}

void check_global(const char* p, size_t bytes, bool isWrite) {
  static Allocation last{};   // copied, since it may be freed
  static uint32_t lastLaunch = 0;
  if (lastLaunch != launches || p < last.start || p + bytes > last.start + last.bytes) {
    const Allocation* found = find_allocation(p);
    if (found == nullptr || p + bytes > found->start + found->bytes) {
      fail_kernel(CUDA_ERROR_ILLEGAL_ADDRESS,
                  text(isWrite ? "writes " : "reads ", bytes, " bytes from ", describe(p), " on"));
    }
    last = *found;
    lastLaunch = launches;
  }
  const Now n = now();
  const auto first = static_cast<size_t>(p - first_address()) / WORD;
  const auto end = (static_cast<size_t>(p - first_address()) + bytes + WORD - 1) / WORD;
  for (size_t word = first; word < end; word++) {
    Accesses& w = globalWords[word];
    if (w.launch != n.launch) {
      w = Accesses{};
      w.launch = n.launch;
    }
    meet(w, n, isWrite, [&] { return describe(first_address() + word * WORD); });
  }
}

void check_shared(std::vector<Accesses>& words, const char* start, const char* p, size_t bytes, bool isWrite,
                  const char* kind) {
  const Now n = now();
  const auto offset = static_cast<size_t>(p - start);
  for (size_t word = offset / WORD; word < std::min(words.size(), (offset + bytes + WORD - 1) / WORD); word++) {
    Accesses& w = words[word];
    // Each block has its own.
    if (w.launch != n.launch || (w.writer != n.block && w.reader != n.block)) {
      w = Accesses{};
      w.launch = n.launch;
    }
    meet(w, n, isWrite, [&] { return text("byte ", word * WORD, " of ", kind, " shared memory"); });
  }
}

bool lies_in(const char* p, const char* start, const std::vector<Accesses>& words) {
  return p >= start && p < start + words.size() * WORD;
}

void check(const void* address, size_t bytes, bool isWrite) {
  const auto* p = static_cast<const char*>(address);
  if (is_ours(p)) {
    check_global(p, bytes, isWrite);
  } else if (lies_in(p, staticShared, staticWords)) {
    check_shared(staticWords, staticShared, p, bytes, isWrite, "static");
  } else if (lies_in(p, dynamicShared, dynamicWords)) {
    check_shared(dynamicWords, dynamicShared, p, bytes, isWrite, "dynamic");
  }
}

void check_aligned(const void* address, size_t bytes, bool isWrite) {
  if (reinterpret_cast<uintptr_t>(address) % bytes != 0) {
    fail_kernel(CUDA_ERROR_MISALIGNED_ADDRESS, text(isWrite ? "writes " : "reads ", bytes, " bytes from ",
                                                    describe(address), " on, which is no multiple of them"));
  }
  check(address, bytes, isWrite);
}

}  // namespace

void open_check() {
  if (!settings.check) {
    return;
  }
  void* words = mmap(nullptr, address_count() / WORD * sizeof(Accesses), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (words == MAP_FAILED) {
    fail(CUDA_ERROR_OUT_OF_MEMORY, "the host has no addresses for what TARN_DEVICE_CHECK keeps of each word");
  }
  globalWords = static_cast<Accesses*>(words);
}

void begin_check(const host::LaunchOptions& options, size_t dynamicBytes) {
  launches++;
  staticShared = options.shared;
  staticWords.assign((options.sharedBytes + WORD - 1) / WORD, Accesses{});
  dynamicShared = reinterpret_cast<const char*>(options.dynamic);
  dynamicWords.assign((dynamicBytes + WORD - 1) / WORD, Accesses{});
}

void forget_accesses(const char* from, size_t bytes) {
  if (globalWords != nullptr) {
    Accesses* words = globalWords + static_cast<size_t>(from - first_address()) / WORD;
    madvise(words, bytes / WORD * sizeof(Accesses), MADV_DONTNEED);   // both are multiples of pages
  }
}

}  // namespace device

// What the compiler calls.
#define ACCESS(bytes)                                                                                             \
  extern "C" DEVICE_API void __tsan_read##bytes(void* p) { device::check_aligned(p, bytes, false); }               \
  extern "C" DEVICE_API void __tsan_write##bytes(void* p) { device::check_aligned(p, bytes, true); }               \
  extern "C" DEVICE_API void __tsan_unaligned_read##bytes(void* p) { device::check(p, bytes, false); }             \
  extern "C" DEVICE_API void __tsan_unaligned_write##bytes(void* p) { device::check(p, bytes, true); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
extern "C" DEVICE_API void __tsan_read_range(void* p, size_t bytes) { device::check(p, bytes, false); }
extern "C" DEVICE_API void __tsan_write_range(void* p, size_t bytes) { device::check(p, bytes, true); }
extern "C" DEVICE_API void __tsan_vptr_update(void**, void*) {}
extern "C" DEVICE_API void __tsan_vptr_read(void**) {}
extern "C" DEVICE_API void __tsan_func_entry(void*) {}
extern "C" DEVICE_API void __tsan_func_exit() {}
extern "C" DEVICE_API void __tsan_init() {}
