// Handles, contexts, and what every call of the driver has in common.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "failure.h"

namespace device {

struct Context;

// What a handle stands for. Handles are numbers, none is used twice, so that one of something destroyed is never valid.
struct Object {
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;

  Context* context = nullptr;   // null for contexts and libraries' objects of none
  unsigned long long number = 0;
  const char* kind = "";
};

// Puts the object where find() sees it; gives its handle.
void* publish(std::unique_ptr<Object> object, const char* kind, Context* context);
Object* find_object(const void* handle);
void destroy_object(const void* handle);
const std::map<unsigned long long, std::unique_ptr<Object>>& objects();
void* handle_of(const Object* object);

// The live object of this kind and of the context; fails with 400 if there is none.
template <typename T>
T& find(const void* handle, const Context* context) {
  auto* object = dynamic_cast<T*>(find_object(handle));
  if (object == nullptr) {
    fail(CUDA_ERROR_INVALID_HANDLE, handle, " is no live ", T::KIND);
  }
  if (context != nullptr && object->context != context) {
    fail(CUDA_ERROR_INVALID_HANDLE, T::KIND, " ", object->number, " belongs to another context");
  }
  return *object;
}

template <typename T>
T& create(Context* context) {
  auto owned = std::make_unique<T>();
  T& object = *owned;
  publish(std::move(owned), T::KIND, context);
  return object;
}

extern std::recursive_mutex mutex;
extern bool initialised;

// The context that is current on this thread, or null.
Context* current_context();
std::vector<void*>& context_stack();

// Runs the body under the lock; what it fails with goes to the log and, as a code, to the caller.
CUresult guard(const char* call, bool needsInit, void (*body)(void*), void* argument);

// Runs the body of a call that needs cuInit only.
template <typename Body>
CUresult plain_call(const char* call, Body body, bool needsInit = true) {
  return guard(call, needsInit, [](void* b) { (*static_cast<Body*>(b))(); }, &body);
}

// The current context; fails without one and with one that a fault spoiled.
Context& usable_context();

// Runs the body of a call that needs a context; every call that follows a fault in that context fails as the fault did.
template <typename Body>
CUresult call(const char* name, Body body) {
  return plain_call(name, [&] { body(usable_context()); });
}

template <typename T>
void require(const T* pointer) {
  if (pointer == nullptr) {
    fail(CUDA_ERROR_INVALID_VALUE, "a null pointer where the result goes");
  }
}

}  // namespace device
