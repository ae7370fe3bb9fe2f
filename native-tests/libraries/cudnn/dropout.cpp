// Dropout descriptors. The masks between layers are cuDNN's own and nobody can follow them, so a recurrent network with
// dropout is refused; the descriptor exists for callers that always make one.
#include <cstring>

#include "device.h"
#include "types.h"

using namespace cudnn;

namespace {

constexpr size_t STATES_BYTES = 1 << 16;

int set(Call& call, void* dropout, void* handle, float probability, void* states, size_t bytes,
        unsigned long long seed) {
  Dropout* found = call.get<Dropout>(dropout, "dropoutDesc");
  call.handle(handle);
  call.require(probability >= 0 && probability <= 1, BAD_PARAM, "dropout is " + std::to_string(probability));
  call.require(states != nullptr || probability == 0, BAD_PARAM, "states is null");
  call.require(states == nullptr || bytes >= STATES_BYTES, BAD_PARAM,
               std::to_string(bytes) + " bytes of states; " + std::to_string(STATES_BYTES) + " are needed");
  if (states != nullptr) call.range("states", states, bytes);
  if (call.ok()) *found = {probability, states, seed};
  return call.status();
}

}  // namespace

extern "C" {

int cudnnCreateDropoutDescriptor(void** dropout) { return create<Dropout>("cudnnCreateDropoutDescriptor", dropout); }

int cudnnDestroyDropoutDescriptor(void* dropout) { return destroy<Dropout>("cudnnDestroyDropoutDescriptor", dropout); }

int cudnnDropoutGetStatesSize(void* handle, size_t* bytes) {
  Call call("cudnnDropoutGetStatesSize");
  call.handle(handle);
  call.require(bytes != nullptr, BAD_PARAM, "the address for the size is null");
  if (call.ok()) *bytes = STATES_BYTES;
  return call.status();
}

int cudnnSetDropoutDescriptor(void* dropout, void* handle, float probability, void* states, size_t bytes,
                              unsigned long long seed) {
  Call call("cudnnSetDropoutDescriptor");
  if (const int status = set(call, dropout, handle, probability, states, bytes, seed)) return status;
  if (states != nullptr) {
    device::submit(static_cast<Handle*>(handle)->stream, call.name(),
                   [=] { std::memset(states, 0, STATES_BYTES); });
  }
  return SUCCESS;
}

int cudnnRestoreDropoutDescriptor(void* dropout, void* handle, float probability, void* states, size_t bytes,
                                  unsigned long long seed) {
  Call call("cudnnRestoreDropoutDescriptor");
  return set(call, dropout, handle, probability, states, bytes, seed);
}

int cudnnGetDropoutDescriptor(void* dropout, void* handle, float* probability, void** states,
                              unsigned long long* seed) {
  Call call("cudnnGetDropoutDescriptor");
  const Dropout* found = call.get<Dropout>(dropout, "dropoutDesc");
  call.handle(handle);
  if (!call.ok()) return call.status();
  if (probability != nullptr) *probability = found->probability;
  if (states != nullptr) *states = found->states;
  if (seed != nullptr) *seed = found->seed;
  return SUCCESS;
}

}  // extern "C"
