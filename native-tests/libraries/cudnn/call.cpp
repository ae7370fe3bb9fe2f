#include <cstdio>
#include <cstring>

#include "device.h"
#include "types.h"

namespace cudnn {

Call::Call(const char* name) : name_(name) { device::count(device::Count::CUDNN_CALLS); }

int Call::refuse(int status, const std::string& sentence) const {
  return report::refuse(status, std::string(name_) + ": " + sentence);
}

void Call::require(bool condition, int status, const std::string& sentence) {
  if (ok() && !condition) status_ = refuse(status, sentence);
}

void* Call::find(void* object, const char* kind, const char* what) {
  if (!ok()) return nullptr;
  if (object != nullptr && device::lives(object, kind)) return object;
  require(false, BAD_PARAM, std::string(what) + " = " + report::hex(object) + " is no " + kind + " that lives");
  return nullptr;
}

Handle* Call::handle(void* object) {
  Handle* found = get<Handle>(object, "handle");
  if (!ok()) return nullptr;
  require(device::has_context(), NOT_INITIALIZED, "no context is current on this thread");
  const std::string problem = device::stream_problem(found->stream);
  require(problem.empty(), EXECUTION_FAILED, "the handle's stream: " + problem);
  return ok() ? found : nullptr;
}

void Call::range(const char* what, const void* from, size_t bytes) {
  if (!ok() || bytes == 0) return;
  const std::string problem = device::range_problem(from, bytes);
  require(problem.empty(), BAD_PARAM,
          std::string(what) + " = " + report::hex(from) + " with " + std::to_string(bytes) + " bytes: " + problem);
}

int create(const char* name, void** object, void* made, const char* kind) {
  const Call call(name);
  if (object == nullptr) return call.refuse(BAD_PARAM, "the address for the object is null");
  *object = made;
  device::created(made, kind);
  return SUCCESS;
}

void forget(const void* object) { device::destroyed(object); }

}  // namespace cudnn

using namespace cudnn;

extern "C" {

size_t cudnnGetVersion() { return 90501; }

size_t cudnnGetMaxDeviceVersion() { return 90501; }

size_t cudnnGetCudartVersion() { return 12060; }

int cudnnGraphVersionCheck() { return SUCCESS; }

int cudnnOpsVersionCheck() { return SUCCESS; }

int cudnnCnnVersionCheck() { return SUCCESS; }

int cudnnAdvVersionCheck() { return SUCCESS; }

const char* cudnnGetErrorString(int status) {
  switch (status) {
    case SUCCESS:
      return "CUDNN_STATUS_SUCCESS";
    case NOT_INITIALIZED:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case BAD_PARAM:
      return "CUDNN_STATUS_BAD_PARAM";
    case NOT_SUPPORTED:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case 4000:
      return "CUDNN_STATUS_INTERNAL_ERROR";
    case EXECUTION_FAILED:
      return "CUDNN_STATUS_EXECUTION_FAILED";
    default:
      return "CUDNN_UNKNOWN_STATUS";
  }
}

void cudnnGetLastErrorString(char* message, size_t size) {
  if (message != nullptr && size > 0) std::snprintf(message, size, "%s", report::last_sentence().c_str());
}

int cudnnCreate(void** handle) {
  if (!device::has_context()) {
    return report::refuse(NOT_INITIALIZED, "cudnnCreate: no context is current on this thread");
  }
  return create<Handle>("cudnnCreate", handle);
}

int cudnnDestroy(void* handle) { return destroy<Handle>("cudnnDestroy", handle); }

int cudnnSetStream(void* handle, void* stream) {
  Call call("cudnnSetStream");
  Handle* found = call.get<Handle>(handle, "handle");
  if (!call.ok()) return call.status();
  const std::string problem = device::stream_problem(stream);
  if (!problem.empty()) return call.refuse(BAD_PARAM, problem);
  found->stream = stream;
  return SUCCESS;
}

int cudnnGetStream(void* handle, void** stream) {
  Call call("cudnnGetStream");
  const Handle* found = call.get<Handle>(handle, "handle");
  call.require(stream != nullptr, BAD_PARAM, "stream is null");
  if (call.ok()) *stream = found->stream;
  return call.status();
}

int tarn_cudnn_unsupported(const char* name) {
  return Call(name).refuse(NOT_SUPPORTED, "the software device has no such function");
}

}  // extern "C"
