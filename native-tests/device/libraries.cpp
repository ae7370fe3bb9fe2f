// What the stand-ins for cuBLAS and cuDNN get of the device.
#include "device.h"

#include "engine.h"
#include "faults.h"
#include "memory.h"
#include "settings.h"
#include "streams.h"

namespace device {
namespace {

// A handle or a descriptor of a library, found by an address that the library chose.
struct LibraryObject {
  std::string kind;
  void* handle;   // in the table of objects, where the leak check finds it
};

struct Listed : Object {
  std::string name;
};

std::map<const void*, LibraryObject>& listed() {
  static auto* const map = new std::map<const void*, LibraryObject>;
  return *map;
}

// Objects go with their context.
std::map<const void*, LibraryObject>::iterator find_listed(const void* handle) {
  const auto entry = listed().find(handle);
  if (entry != listed().end() && find_object(entry->second.handle) == nullptr) {
    listed().erase(entry);
    return listed().end();
  }
  return entry;
}

}  // namespace

bool has_context() {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  const Context* context = current_context();
  return context != nullptr && context->active;
}

std::string range_problem(const void* from, size_t bytes) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  return bytes == 0 ? "" : range_problem(current_context(), from, bytes);
}

std::string stream_problem(void* stream) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  try {
    const Stream& found = find_stream(usable_context(), static_cast<CUstream>(stream));
    return found.capture != nullptr && found.capture->spoiled
               ? text("the capture of stream ", found.number, " was spoiled by an earlier call")
               : "";
  } catch (const Failure& failure) {
    return failure.message;
  }
}

void submit(void* stream, const char* name, std::function<void()> work) {
  const std::string called = name;
  const CUresult result = call(name, [&](Context& context) {
    submit(context, find_stream(context, static_cast<CUstream>(stream)), called, [called, work] {
      if (settings.dry) {
        return;
      }
      run_guarded(called, false, [&work] { host::run_apart(work); });
    });
  });
  // A fault of this or earlier work is the context's, and the next call of the driver gives it; the library is told nothing.
  (void)result;
}

void created(const void* handle, const char* kind) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  auto object = std::make_unique<Listed>();
  object->name = kind;
  // Not `kind` itself, which may be the library's and gone with it.
  const char* kept = object->name.c_str();
  listed()[handle] = {kind, publish(std::move(object), kept, current_context())};
}

bool lives(const void* handle, const char* kind) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  const auto entry = find_listed(handle);
  return entry != listed().end() && entry->second.kind == kind;
}

void destroyed(const void* handle) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  const auto entry = find_listed(handle);
  if (entry != listed().end()) {
    destroy_object(entry->second.handle);
    listed().erase(entry);
  }
}

}  // namespace device
