#include "counters.h"

#include <atomic>

#include "device.h"

namespace device {
namespace {

std::atomic<int64_t> counters[static_cast<int>(Counter::COUNT)];

}  // namespace

void add(Counter counter, int64_t amount) { counters[static_cast<int>(counter)] += amount; }

int64_t value(Counter counter) { return counters[static_cast<int>(counter)]; }

void count(Count which) { add(which == Count::CUBLAS_CALLS ? Counter::CUBLAS_CALLS : Counter::CUDNN_CALLS); }

}  // namespace device
