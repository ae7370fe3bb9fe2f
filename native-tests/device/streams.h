// Streams, events, and the operations on them. An operation depends on the one before it in its stream, on events that its
// stream waits for, and on the legacy stream as CUDA has it. Nothing else orders operations: one that is needed runs, after
// all that it depends on, and others stay behind. So work that is not waited for is seen not to have happened.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "counters.h"
#include "objects.h"

namespace device {

struct Operation {
  std::string name;
  Context* context = nullptr;
  std::vector<std::shared_ptr<Operation>> after;
  std::function<void()> work;   // none for events
  bool done = false;
  double milliseconds = 0;      // when it was done
};
using OperationPtr = std::shared_ptr<Operation>;

struct Graph : Object {
  static constexpr const char* KIND = "CUgraph";
  std::vector<OperationPtr> nodes;   // in the order of capture, so each behind what it depends on
};

struct Executable : Object {
  static constexpr const char* KIND = "CUgraphExec";
  std::vector<OperationPtr> nodes;
};

struct Stream;

struct Capture {
  std::vector<OperationPtr> nodes;
  Stream* origin = nullptr;
  std::vector<Stream*> joined;
  const void* thread = nullptr;
  int mode = 0;
  bool spoiled = false;
};

struct Stream : Object {
  static constexpr const char* KIND = "CUstream";
  bool legacy = false;
  bool nonBlocking = false;
  int priority = 0;
  int polls = 0;
  OperationPtr last;
  std::shared_ptr<Capture> capture;
  OperationPtr lastCaptured;
};

struct Event : Object {
  static constexpr const char* KIND = "CUevent";
  bool timed = true;
  int polls = 0;
  OperationPtr recorded;
  std::shared_ptr<Capture> capture;
  OperationPtr captured;
};

struct Context : Object {
  static constexpr const char* KIND = "CUcontext";
  bool primary = false;
  bool active = true;
  int retained = 0;
  unsigned flags = 0;
  CUresult spoiled = CUDA_SUCCESS;
  std::string reason;
  Stream legacy;
  std::vector<Stream*> streams;          // in the order of their creation, without the legacy one
  std::vector<OperationPtr> abandoned;   // what destroyed streams held
  std::map<std::string, uint64_t> launches;
};

// The stream of a handle that CUDA gives a meaning to, or of a live one of the context.
Stream& find_stream(Context& context, CUstream handle);

// Puts work behind all that the stream holds, or adds it to the graph that the stream captures.
OperationPtr submit(Context& context, Stream& stream, const std::string& name, std::function<void()> work);

// Runs the operation and what it depends on. Fails if one of them did; that spoils the context.
void run(const OperationPtr& operation);

// Runs all that the stream or the context holds.
void finish(Context& context, Stream& stream);
void finish(Context& context);

void wait(Context& context, Stream& stream, Event& event);
void record(Context& context, Event& event, Stream& stream);

// Fails, and spoils the captures it disturbs, if this call is not allowed on this thread while one goes on.
void refuse_in_capture(Context& context, const std::string& what);

// Fails and spoils the capture, if the stream captures.
void refuse_capturing(Stream& stream, const std::string& what);

// How often a query says that something is not ready before it is: forever, if queries alone did not move it on.
constexpr int POLLS = 3;

// Runs graph nodes one after the other, from a single operation of `stream`.
void launch_graph(Context& context, Stream& stream, const std::vector<OperationPtr>& nodes);

}  // namespace device
