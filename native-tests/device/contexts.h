// The end of contexts: what still lives in them is a leak.
#pragma once

#include "streams.h"

namespace device {

Context& create_context(bool primary);

// Runs what is left, names leaks in the log and ends all that belongs to the context.
void empty_context(Context& context);

}  // namespace device
