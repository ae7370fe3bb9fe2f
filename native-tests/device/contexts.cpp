#include "contexts.h"

#include <vector>

#include "memory.h"
#include "modules.h"
#include "settings.h"

namespace device {
namespace {

void leak(const std::string& what) {
  add(Counter::LEAKS);
  log("leak: " + what + " lives when its context is destroyed");
}

void name_leaks(const Context& context) {
  for_each_allocation(&context, [](const Allocation& a) {
    leak(text(a.pinned ? "pinned" : "device", " allocation ", a.number, " (", a.bytes, " bytes)"));
  });
  for (const auto& entry : objects()) {
    const Object& object = *entry.second;
    // Functions go with their module.
    if (object.context == &context && dynamic_cast<const Function*>(&object) == nullptr) {
      leak(text(object.kind, " ", object.number));
    }
  }
}

void write_totals(const Context& context) {
  if (!setting("TARN_DEVICE_LOG", "").empty()) {
    for (const auto& entry : context.launches) {
      log(text("launches of ", entry.first, ": ", entry.second));
    }
  }
}

// A process that ends without it: what a test that forgets to close anything looks like.
__attribute__((destructor)) void name_contexts() {
  // Another thread may still be in a call.
  const std::unique_lock<std::recursive_mutex> lock(mutex, std::try_to_lock);
  if (!lock || setting("TARN_DEVICE_LOG", "").empty()) {
    return;
  }
  for (const auto& entry : objects()) {
    const auto* context = dynamic_cast<const Context*>(entry.second.get());
    if (context != nullptr && context->active && (!context->primary || context->retained > 0)) {
      log(text("the process ends and context ", context->number, " was not destroyed"));
      write_totals(*context);
    }
  }
}

}  // namespace

Context& create_context(bool primary) {
  Context& context = create<Context>(nullptr);
  context.primary = primary;
  context.legacy.legacy = true;
  context.legacy.context = &context;
  return context;
}

void empty_context(Context& context) {
  try {
    finish(context);
  } catch (const Failure&) {
    // It is in the log. What a spoiled context holds could not be freed, so it is no leak.
  }
  if (context.spoiled == CUDA_SUCCESS) {
    name_leaks(context);
  }
  write_totals(context);
  std::vector<void*> handles;
  for (const auto& entry : objects()) {
    if (entry.second->context == &context) {
      handles.push_back(handle_of(entry.second.get()));
    }
  }
  for (void* handle : handles) {
    destroy_object(handle);
  }
  release_all(&context);
  context.streams.clear();
  context.abandoned.clear();
  context.launches.clear();
  context.legacy.last = nullptr;
  context.spoiled = CUDA_SUCCESS;
  context.reason.clear();
}

}  // namespace device
