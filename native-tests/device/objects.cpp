#include "objects.h"

#include <sys/mman.h>

#include "counters.h"
#include "streams.h"

namespace device {

std::recursive_mutex mutex;
bool initialised = false;

namespace {

// Addresses that nothing else has and nobody can dereference.
constexpr size_t HANDLES = size_t{1} << 36;
constexpr size_t SPACING = 64;

char* handles() {
  static char* const base =
      static_cast<char*>(mmap(nullptr, HANDLES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  return base;
}

std::map<unsigned long long, std::unique_ptr<Object>>& table() {
  // Never destroyed: other libraries may call while the process ends.
  static auto* const map = new std::map<unsigned long long, std::unique_ptr<Object>>;
  return *map;
}

}  // namespace

void* publish(std::unique_ptr<Object> object, const char* kind, Context* context) {
  static unsigned long long last = 0;
  object->number = ++last;
  object->kind = kind;
  object->context = context;
  void* handle = handle_of(object.get());
  table()[last] = std::move(object);
  return handle;
}

void* handle_of(const Object* object) { return handles() + object->number * SPACING; }

Object* find_object(const void* handle) {
  const auto offset = static_cast<size_t>(static_cast<const char*>(handle) - handles());
  if (offset >= HANDLES || offset % SPACING != 0) {
    return nullptr;
  }
  const auto entry = table().find(offset / SPACING);
  return entry == table().end() ? nullptr : entry->second.get();
}

void destroy_object(const void* handle) {
  const Object* object = find_object(handle);
  if (object != nullptr) {
    table().erase(object->number);
  }
}

const std::map<unsigned long long, std::unique_ptr<Object>>& objects() { return table(); }

std::vector<void*>& context_stack() {
  static thread_local std::vector<void*> stack;
  return stack;
}

Context* current_context() {
  return context_stack().empty() ? nullptr : dynamic_cast<Context*>(find_object(context_stack().back()));
}

Context& usable_context() {
  if (context_stack().empty()) {
    fail(CUDA_ERROR_INVALID_CONTEXT, "no context is current on this thread");
  }
  Context* context = current_context();
  if (context == nullptr || !context->active) {
    fail(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the context that is current on this thread was destroyed");
  }
  if (context->spoiled != CUDA_SUCCESS) {
    fail(context->spoiled, "the context was spoiled: ", context->reason);
  }
  return *context;
}

CUresult guard(const char* call, bool needsInit, void (*body)(void*), void* argument) {
  const std::lock_guard<std::recursive_mutex> lock(mutex);
  try {
    if (needsInit && !initialised) {
      fail(CUDA_ERROR_NOT_INITIALIZED, "called before cuInit");
    }
    body(argument);
    return CUDA_SUCCESS;
  } catch (const Failure& failure) {
    if (failure.code != CUDA_ERROR_NOT_READY) {
      add(Counter::ERRORS);
      log(text(call, " gives ", failure.code, ": ", failure.message));
    }
    return failure.code;
  } catch (const std::bad_alloc&) {
    log(text(call, ": the host is out of memory"));
    return CUDA_ERROR_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    log(text(call, ": ", e.what()));
    return CUDA_ERROR_UNKNOWN;
  }
}

}  // namespace device
