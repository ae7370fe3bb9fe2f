// Device memory and pinned memory. Every allocation ends at a page without access and no address is given out twice, so that
// an access outside of live memory is a fault that names the allocation. What an allocation holds at first is NaN to every
// floating-point type and -1 to integers.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace device {

struct Context;

struct Allocation {
  unsigned long long number;
  Context* context;
  bool pinned;
  char* start;       // a multiple of 256
  size_t bytes;
  char* pages;       // that `start` lies on the first of
  size_t pageBytes;
};

// Reserves the addresses.
void open_memory();

Allocation allocate(Context* context, size_t bytes, bool pinned);

// Also fails where the padding around the allocation was written to.
void release(const void* start, bool pinned);

// Of a context that ends.
void release_all(const Context* context);

void for_each_allocation(const Context* context, const std::function<void(const Allocation&)>& visit);

// The live allocation that has the byte, or null.
const Allocation* find_allocation(const void* byte);

// Whether the address is of device or pinned memory, live or not.
bool is_ours(const void* byte);

// "byte 0 of allocation 20 (100 bytes), freed".
std::string describe(const void* byte);

// Empty, or what is wrong with [from, from + bytes) as a range of the device or the pinned memory of a context.
std::string range_problem(const Context* context, const void* from, size_t bytes);

// Of the addresses of all allocations there will be.
const char* first_address();
size_t address_count();

// Gives and takes the right to access device memory, where the settings hide it.
void reveal_memory();
void hide_memory();

// Device memory that a context uses.
size_t bytes_in_use();

// The end of `bytes` bytes of host memory, before a page without access: dynamic shared memory of blocks.
unsigned char* scratch_before_guard(size_t bytes);

}  // namespace device
