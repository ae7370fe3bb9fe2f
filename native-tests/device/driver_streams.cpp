// The calls about streams and events.
#include <algorithm>

#include "streams.h"

using namespace device;

namespace {

// Nothing runs because of a query, but a program that only queries has to get on.
void query(const OperationPtr& last, int& polls) {
  if (last == nullptr) {
    return;
  }
  if (!last->done && ++polls % (POLLS + 1) != 0) {
    throw Failure{CUDA_ERROR_NOT_READY, "not ready"};
  }
  run(last);
}

Event& timed(Context& context, CUevent handle) {
  auto& event = find<Event>(handle, &context);
  if (!event.timed || event.recorded == nullptr) {
    fail(CUDA_ERROR_INVALID_HANDLE, "event ", event.number, event.timed ? " was never recorded" : " takes no times");
  }
  return event;
}

}  // namespace

DRIVER cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int priority) {
  return call("cuStreamCreate", [&](Context& context) {
    require(stream);
    if ((flags & ~CU_STREAM_NON_BLOCKING) != 0) {
      fail(CUDA_ERROR_INVALID_VALUE, "flags ", flags);
    }
    Stream& s = create<Stream>(&context);
    s.nonBlocking = flags == CU_STREAM_NON_BLOCKING;
    s.priority = std::clamp(priority, -5, 0);
    context.streams.push_back(&s);
    *stream = static_cast<CUstream>(handle_of(&s));
  });
}

DRIVER cuStreamCreate(CUstream* stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

DRIVER cuStreamDestroy_v2(CUstream handle) {
  return call("cuStreamDestroy", [&](Context& context) {
    Stream& stream = find_stream(context, handle);
    if (stream.legacy) {
      fail(CUDA_ERROR_INVALID_HANDLE, "the legacy stream cannot be destroyed");
    }
    refuse_capturing(stream, "cuStreamDestroy");
    if (stream.last != nullptr && !stream.last->done) {
      context.abandoned.push_back(stream.last);   // its work goes on
    }
    context.streams.erase(std::find(context.streams.begin(), context.streams.end(), &stream));
    destroy_object(handle);
  });
}

DRIVER cuStreamSynchronize(CUstream handle) {
  return call("cuStreamSynchronize", [&](Context& context) {
    Stream& stream = find_stream(context, handle);
    refuse_capturing(stream, "cuStreamSynchronize");
    refuse_in_capture(context, "cuStreamSynchronize");
    add(Counter::SYNCHRONISATIONS);
    finish(context, stream);
  });
}

DRIVER cuStreamQuery(CUstream handle) {
  return call("cuStreamQuery", [&](Context& context) {
    Stream& stream = find_stream(context, handle);
    refuse_capturing(stream, "cuStreamQuery");
    refuse_in_capture(context, "cuStreamQuery");
    query(stream.last, stream.polls);
  });
}

DRIVER cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
  return call("cuStreamWaitEvent", [&](Context& context) {
    wait(context, find_stream(context, handle), find<Event>(event, &context));
  });
}

DRIVER cuStreamGetFlags(CUstream handle, unsigned* flags) {
  return call("cuStreamGetFlags", [&](Context& context) {
    require(flags);
    *flags = find_stream(context, handle).nonBlocking ? CU_STREAM_NON_BLOCKING : 0;
  });
}

DRIVER cuStreamGetPriority(CUstream handle, int* priority) {
  return call("cuStreamGetPriority", [&](Context& context) {
    require(priority);
    *priority = find_stream(context, handle).priority;
  });
}

DRIVER cuStreamGetCtx(CUstream handle, CUcontext* of) {
  return call("cuStreamGetCtx", [&](Context& context) {
    require(of);
    find_stream(context, handle);
    *of = static_cast<CUcontext>(handle_of(&context));
  });
}

DRIVER cuEventCreate(CUevent* event, unsigned flags) {
  return call("cuEventCreate", [&](Context& context) {
    require(event);
    Event& e = create<Event>(&context);
    e.timed = (flags & CU_EVENT_DISABLE_TIMING) == 0;
    *event = static_cast<CUevent>(handle_of(&e));
  });
}

DRIVER cuEventDestroy_v2(CUevent event) {
  return call("cuEventDestroy", [&](Context& context) {
    find<Event>(event, &context);
    destroy_object(event);
  });
}

DRIVER cuEventRecord(CUevent event, CUstream stream) {
  return call("cuEventRecord", [&](Context& context) {
    record(context, find<Event>(event, &context), find_stream(context, stream));
  });
}

DRIVER cuEventSynchronize(CUevent handle) {
  return call("cuEventSynchronize", [&](Context& context) {
    auto& event = find<Event>(handle, &context);
    if (event.capture != nullptr) {
      event.capture->spoiled = true;
      fail(CUDA_ERROR_CAPTURED_EVENT, "event ", event.number, " was recorded in a capture");
    }
    refuse_in_capture(context, "cuEventSynchronize");
    add(Counter::SYNCHRONISATIONS);
    run(event.recorded);
  });
}

DRIVER cuEventQuery(CUevent handle) {
  return call("cuEventQuery", [&](Context& context) {
    auto& event = find<Event>(handle, &context);
    if (event.capture != nullptr) {
      event.capture->spoiled = true;
      fail(CUDA_ERROR_CAPTURED_EVENT, "event ", event.number, " was recorded in a capture");
    }
    refuse_in_capture(context, "cuEventQuery");
    query(event.recorded, event.polls);
  });
}

DRIVER cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  return call("cuEventElapsedTime", [&](Context& context) {
    require(milliseconds);
    const Event& from = timed(context, start);
    const Event& to = timed(context, end);
    if (!from.recorded->done || !to.recorded->done) {
      throw Failure{CUDA_ERROR_NOT_READY, "not ready"};
    }
    *milliseconds = static_cast<float>(to.recorded->milliseconds - from.recorded->milliseconds);
  });
}
