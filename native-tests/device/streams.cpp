#include "streams.h"

#include <algorithm>
#include <chrono>

#include "faults.h"
#include "memory.h"
#include "settings.h"

namespace device {
namespace {

double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

void depend(Operation& operation, const OperationPtr& on) {
  if (on != nullptr && !on->done) {
    operation.after.push_back(on);
  }
}

void spoil(Context& context, const Failure& failure) {
  if (context.spoiled == CUDA_SUCCESS) {
    context.spoiled = failure.code;
    context.reason = failure.message;
    add(Counter::FAULTS);
    log(failure.message);
  }
}

// What an operation needs is allowed to it only while it runs.
struct Access {
  Access() {
    if (depth++ == 0) {
      reveal_memory();
    }
  }
  ~Access() {
    if (--depth == 0) {
      hide_memory();
    }
  }
  static int depth;
};
int Access::depth = 0;

void run_one(Operation& operation) {
  Context& context = *operation.context;
  std::function<void()> work = std::move(operation.work);
  operation.work = nullptr;
  operation.after.clear();
  operation.done = true;
  if (work != nullptr && context.spoiled == CUDA_SUCCESS) {
    try {
      work();
    } catch (const Failure& failure) {
      spoil(context, failure);
    }
  }
  operation.milliseconds = now();
}

}  // namespace

Stream& find_stream(Context& context, CUstream handle) {
  if (handle == nullptr || handle == CU_STREAM_LEGACY) {
    return context.legacy;
  }
  if (handle == CU_STREAM_PER_THREAD) {
    fail(CUDA_ERROR_NOT_SUPPORTED, "this device has no default stream per thread");
  }
  return find<Stream>(handle, &context);
}

void run(const OperationPtr& goal) {
  if (goal == nullptr) {
    return;
  }
  if (!goal->done) {
    const Access access;
    // Not recursive: a stream may hold any number of operations.
    std::vector<OperationPtr> path{goal};
    while (!path.empty()) {
      const OperationPtr here = path.back();
      const auto open =
          std::find_if(here->after.begin(), here->after.end(), [](const OperationPtr& o) { return !o->done; });
      if (!here->done && open != here->after.end()) {
        path.push_back(*open);
        continue;
      }
      path.pop_back();
      if (!here->done) {
        run_one(*here);
      }
    }
  }
  if (goal->context->spoiled != CUDA_SUCCESS) {
    throw Failure{goal->context->spoiled, goal->context->reason};
  }
}

OperationPtr submit(Context& context, Stream& stream, const std::string& name, std::function<void()> work) {
  auto operation = std::make_shared<Operation>();
  operation->name = name;
  operation->context = &context;
  operation->work = std::move(work);
  if (stream.capture != nullptr) {
    if (stream.capture->spoiled) {
      fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, name, ": the capture of stream ", stream.number,
           " was spoiled by an earlier call");
    }
    if (stream.lastCaptured != nullptr) {
      operation->after.push_back(stream.lastCaptured);
    }
    stream.lastCaptured = operation;
    stream.capture->nodes.push_back(operation);
    return operation;
  }
  depend(*operation, stream.last);
  if (stream.legacy) {
    for (Stream* other : context.streams) {
      if (other->capture != nullptr && (!other->nonBlocking || other->capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL)) {
        other->capture->spoiled = true;
        fail(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, name, " on the legacy stream while stream ", other->number,
             " captures");
      }
      if (!other->nonBlocking) {
        depend(*operation, other->last);
      }
    }
  } else if (!stream.nonBlocking) {
    depend(*operation, context.legacy.last);
  }
  stream.last = operation;
  if (!settings.lazy) {
    run(operation);
  }
  return operation;
}

void finish(Context& context, Stream& stream) {
  if (stream.legacy) {
    run(submit(context, stream, "wait for the legacy stream", nullptr));
  } else {
    run(stream.last);
  }
}

void finish(Context& context) {
  // Copies: running may not change them, yet a failure leaves them to the next call.
  std::vector<OperationPtr> ends = context.abandoned;
  ends.push_back(context.legacy.last);
  for (Stream* stream : context.streams) {
    ends.push_back(stream->last);
  }
  for (const OperationPtr& end : ends) {
    run(end);
  }
  context.abandoned.clear();
}

void record(Context& context, Event& event, Stream& stream) {
  event.polls = 0;
  if (stream.capture != nullptr) {
    event.captured = submit(context, stream, "event", nullptr);
    event.capture = stream.capture;
    return;
  }
  event.capture = nullptr;
  event.captured = nullptr;
  event.recorded = submit(context, stream, "event", nullptr);
}

void wait(Context& context, Stream& stream, Event& event) {
  if (event.capture != nullptr) {
    if (stream.legacy) {
      fail(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the legacy stream waits for event ", event.number, " of a capture");
    }
    if (stream.capture != nullptr && stream.capture != event.capture) {
      stream.capture->spoiled = true;
      event.capture->spoiled = true;
      fail(CUDA_ERROR_STREAM_CAPTURE_MERGE, "stream ", stream.number, " waits for event ", event.number,
           " of another capture");
    }
    if (stream.capture == nullptr) {
      stream.capture = event.capture;
      stream.capture->joined.push_back(&stream);
      stream.lastCaptured = nullptr;
    }
    submit(context, stream, "wait", nullptr)->after.push_back(event.captured);
    return;
  }
  if (stream.capture != nullptr) {
    stream.capture->spoiled = true;
    fail(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "stream ", stream.number, " captures and waits for event ", event.number,
         ", which was recorded outside of the capture");
  }
  if (event.recorded != nullptr && !event.recorded->done) {
    const OperationPtr waiting = submit(context, stream, "wait", nullptr);
    if (!waiting->done) {
      depend(*waiting, event.recorded);
    }
  }
}

void launch_graph(Context& context, Stream& stream, const std::vector<OperationPtr>& nodes) {
  add(Counter::GRAPH_LAUNCHES);
  submit(context, stream, "graph", [nodes] {
    for (const OperationPtr& node : nodes) {
      if (node->work != nullptr) {
        node->work();
      }
    }
  });
}

}  // namespace device
