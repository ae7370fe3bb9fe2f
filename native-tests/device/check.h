// The checks of TARN_DEVICE_CHECK=on. Kernels are compiled a second time so that each access calls a function here, which
// finds what the page without access behind an allocation cannot:
//
//   an access that begins or ends outside of its allocation, to the byte            700
//   one whose address is no multiple of its size                                    716
//   two accesses of a word, one of them a write, by threads of different blocks,
//   or by threads of one block without a barrier in between: in shared memory too   719
//
// A word is 2 bytes, the least that a kernel writes. What lanes of a warp exchange orders nothing, as in CUDA; kernels of Tarn have no atomics.
#pragma once

#include <cstddef>

#include "engine.h"

namespace device {

// Reserves what is kept of each word, if the settings ask for checks.
void open_check();

// A launch begins, with its shared memory at the places that the options say.
void begin_check(const host::LaunchOptions& options, size_t dynamicBytes);

// Memory was freed.
void forget_accesses(const char* from, size_t bytes);

}  // namespace device
