#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "check.h"
#include "counters.h"
#include "failure.h"
#include "settings.h"

namespace device {
namespace {

constexpr size_t ARENA = size_t{4} << 40;
constexpr size_t PAGE = 4096;
constexpr size_t ALIGNMENT = 256;
constexpr unsigned char POISON = 0xFF;
// From this size on an allocation shares poisoned pages until it writes to them, so that untouched memory costs nothing.
constexpr size_t SHARED_POISON = size_t{16} << 20;
constexpr size_t SCRATCH = 256 * 1024;

char* arena = nullptr;
char* next = nullptr;
size_t used = 0;
unsigned long long allocated = 0;
std::map<const char*, Allocation> live;
std::map<const char*, Allocation> freed;

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// A file of poisoned pages, mapped copy-on-write.
int poison_file() {
  static const int file = [] {
    const int fd = memfd_create("tarn-poison", MFD_CLOEXEC);
    const std::string block(1 << 20, static_cast<char>(POISON));
    for (size_t written = 0; fd >= 0 && written < SHARED_POISON; written += block.size()) {
      if (write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size())) {
        return -1;
      }
    }
    return fd;
  }();
  return file;
}

void map_poison(char* pages, size_t bytes) {
  if (bytes < SHARED_POISON || poison_file() < 0) {
    if (mprotect(pages, bytes, PROT_READ | PROT_WRITE) != 0) {
      fail(CUDA_ERROR_OUT_OF_MEMORY, "the host gives no access to ", bytes, " more bytes");
    }
    std::memset(pages, POISON, bytes);
    return;
  }
  for (size_t at = 0; at < bytes; at += SHARED_POISON) {
    const size_t size = std::min(SHARED_POISON, bytes - at);
    if (mmap(pages + at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, poison_file(), 0) ==
        MAP_FAILED) {
      fail(CUDA_ERROR_OUT_OF_MEMORY, "the host gives no access to ", bytes, " more bytes");
    }
  }
}

// A fresh mapping, not mprotect: it merges with its neighbours, and the number of mappings is limited.
void unmap(const Allocation& a) {
  mmap(a.pages, a.pageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
}

std::string name(const Allocation& a) {
  return text("allocation ", a.number, " (", a.bytes, " bytes", a.pinned ? ", pinned)" : ")");
}

// The last in the map that starts at or before the byte, or null.
const Allocation* at_or_before(const std::map<const char*, Allocation>& map, const char* byte) {
  auto after = map.upper_bound(byte);
  return after == map.begin() ? nullptr : &std::prev(after)->second;
}

bool has(const Allocation* a, const char* byte) { return a != nullptr && byte < a->start + a->bytes; }

void check_padding(const Allocation& a) {
  for (const char* p = a.start + a.bytes; p < a.pages + a.pageBytes; p++) {
    if (static_cast<unsigned char>(*p) != POISON) {
      fail(CUDA_ERROR_ILLEGAL_ADDRESS, name(a), " was written to ", p - a.start - a.bytes, " bytes past its end");
    }
  }
  for (const char* p = a.pages; p < a.start; p++) {
    if (static_cast<unsigned char>(*p) != POISON) {
      fail(CUDA_ERROR_ILLEGAL_ADDRESS, name(a), " was written to ", a.start - p, " bytes before its start");
    }
  }
}

void protect_all(int protection) {
  for (const auto& entry : live) {
    if (!entry.second.pinned) {
      mprotect(entry.second.pages, entry.second.pageBytes, protection);
    }
  }
}

void forget(std::map<const char*, Allocation>::iterator entry) {
  const Allocation a = entry->second;
  live.erase(entry);
  freed[a.start] = a;
  unmap(a);
  forget_accesses(a.pages, a.pageBytes);
  if (!a.pinned) {
    used -= a.bytes;
    add(Counter::ALLOCATED_BYTES, -static_cast<int64_t>(a.bytes));
  }
}

}  // namespace

void open_memory() {
  void* reserved = mmap(nullptr, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) {
    fail(CUDA_ERROR_OUT_OF_MEMORY, "the host has no ", ARENA, " bytes of addresses left");
  }
  arena = static_cast<char*>(reserved);
  next = arena + PAGE;
}

Allocation allocate(Context* context, size_t bytes, bool pinned) {
  if (bytes == 0) {
    fail(CUDA_ERROR_INVALID_VALUE, "an allocation of 0 bytes");
  }
  if (!pinned && (bytes > settings.memoryBytes || used + bytes > settings.memoryBytes)) {
    fail(CUDA_ERROR_OUT_OF_MEMORY, bytes, " bytes wanted, ", settings.memoryBytes - used, " of ", settings.memoryBytes,
         " free");
  }
  const size_t body = round_up(bytes, ALIGNMENT);
  const size_t pageBytes = round_up(body, PAGE);
  if (bytes > ARENA || next + pageBytes + PAGE > arena + ARENA) {
    fail(CUDA_ERROR_OUT_OF_MEMORY, "no addresses are left for ", bytes, " bytes, since none is used twice");
  }
  map_poison(next, pageBytes);
  const Allocation a{++allocated, context, pinned, next + pageBytes - body, bytes, next, pageBytes};
  next += pageBytes + PAGE;
  live[a.start] = a;
  if (pinned) {
    add(Counter::PINNED_ALLOCATIONS);
  } else {
    used += bytes;
    add(Counter::ALLOCATIONS);
    add(Counter::ALLOCATED_BYTES, static_cast<int64_t>(bytes));
    add(Counter::PEAK_BYTES, std::max<int64_t>(0, value(Counter::ALLOCATED_BYTES) - value(Counter::PEAK_BYTES)));
    if (settings.hidden) {
      mprotect(a.pages, a.pageBytes, PROT_NONE);
    }
  }
  return a;
}

void release(const void* start, bool pinned) {
  auto entry = live.find(static_cast<const char*>(start));
  if (entry == live.end() || entry->second.pinned != pinned) {
    fail(CUDA_ERROR_INVALID_VALUE, "what is to be freed as ", pinned ? "pinned" : "device", " memory is ",
         describe(start));
  }
  mprotect(entry->second.pages, entry->second.pageBytes, PROT_READ | PROT_WRITE);
  const Allocation a = entry->second;
  try {
    check_padding(a);
  } catch (const Failure&) {
    forget(entry);
    throw;
  }
  forget(entry);
}

void release_all(const Context* context) {
  for (auto entry = live.begin(); entry != live.end();) {
    const auto here = entry++;
    if (here->second.context == context) {
      forget(here);
    }
  }
}

void for_each_allocation(const Context* context, const std::function<void(const Allocation&)>& visit) {
  for (const auto& entry : live) {
    if (entry.second.context == context) {
      visit(entry.second);
    }
  }
}

const Allocation* find_allocation(const void* byte) {
  const auto* p = static_cast<const char*>(byte);
  const Allocation* a = at_or_before(live, p);
  return has(a, p) ? a : nullptr;
}

bool is_ours(const void* byte) {
  const auto* p = static_cast<const char*>(byte);
  return arena != nullptr && p >= arena && p < arena + ARENA;
}

std::string describe(const void* byte) {
  const auto* p = static_cast<const char*>(byte);
  if (!is_ours(p)) {
    return text("address ", byte, ", which is not of the device");
  }
  const Allocation* a = at_or_before(live, p);
  if (has(a, p)) {
    return text("byte ", p - a->start, " of ", name(*a));
  }
  const Allocation* old = at_or_before(freed, p);
  if (has(old, p)) {
    return text("byte ", p - old->start, " of ", name(*old), ", freed");
  }
  auto after = live.upper_bound(p);
  const bool nearEnd = a != nullptr && p < a->pages + a->pageBytes + PAGE;
  if (nearEnd) {
    return text(p - a->start - a->bytes, " bytes past the end of ", name(*a));
  }
  if (after != live.end() && p >= after->second.pages - PAGE) {
    return text(after->second.start - p, " bytes before the start of ", name(after->second));
  }
  if (old != nullptr && p < old->pages + old->pageBytes + PAGE) {
    return text(p - old->start - old->bytes, " bytes past the end of ", name(*old), ", freed");
  }
  return text("address ", byte, " of no allocation");
}

std::string range_problem(const Context* context, const void* from, size_t bytes) {
  const Allocation* a = find_allocation(from);
  if (a == nullptr) {
    return describe(from);
  }
  const auto* p = static_cast<const char*>(from);
  if (bytes > a->bytes - static_cast<size_t>(p - a->start)) {
    return text(bytes, " bytes from ", describe(from));
  }
  return context != nullptr && a->context != context ? describe(from) + ", of another context" : "";
}

void reveal_memory() {
  if (settings.hidden) {
    protect_all(PROT_READ | PROT_WRITE);
  }
}

void hide_memory() {
  if (settings.hidden) {
    protect_all(PROT_NONE);
  }
}

const char* first_address() { return arena; }
size_t address_count() { return ARENA; }

size_t bytes_in_use() { return used; }

unsigned char* scratch_before_guard(size_t bytes) {
  static char* const memory = [] {
    void* mapped = mmap(nullptr, SCRATCH + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
      fail(CUDA_ERROR_OUT_OF_MEMORY, "the host has no memory left for shared memory");
    }
    mprotect(static_cast<char*>(mapped) + SCRATCH, PAGE, PROT_NONE);
    return static_cast<char*>(mapped);
  }();
  return reinterpret_cast<unsigned char*>(memory + SCRATCH - round_up(bytes, 16));
}

}  // namespace device
