// What the device counts, for tests that assert how often something happens. A program reads a counter as two device
// attributes: cuDeviceGetAttribute(COUNTER_ATTRIBUTE + 2 * counter) gives its low, + 1 its high 32 bits. Counters belong to
// the process and only grow.
#pragma once

#include <cstdint>

namespace device {

constexpr int COUNTER_ATTRIBUTE = 100000;

enum class Counter {
  LAUNCHES,            // 100000  kernels that were launched or run by a graph
  TO_DEVICE,           // 100002  copies from the host
  TO_DEVICE_BYTES,     // 100004
  FROM_DEVICE,         // 100006  copies to the host
  FROM_DEVICE_BYTES,   // 100008
  ON_DEVICE,           // 100010  copies within the device
  ON_DEVICE_BYTES,     // 100012
  MEMSETS,             // 100014
  ALLOCATIONS,         // 100016  of device memory
  PINNED_ALLOCATIONS,  // 100018
  SYNCHRONISATIONS,    // 100020  calls that wait for a stream, an event or the context
  CUBLAS_CALLS,        // 100022
  CUDNN_CALLS,         // 100024
  FAULTS,              // 100026  operations that failed and so spoiled their context
  LEAKS,               // 100028  objects that lived when their context was destroyed
  GRAPH_LAUNCHES,      // 100030
  ERRORS,              // 100032  calls that were refused
  ALLOCATED_BYTES,     // 100034  device memory in use now; the only one that also falls
  PEAK_BYTES,          // 100036  the most that ALLOCATED_BYTES has been
  COUNT,
};

void add(Counter counter, int64_t amount = 1);

int64_t value(Counter counter);

}  // namespace device
