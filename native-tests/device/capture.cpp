// Capture of streams into graphs: which calls it forbids, how it begins and ends.
#include <algorithm>

#include "streams.h"

using namespace device;

namespace {

// Its address tells threads apart; the value is the mode that cuThreadExchangeStreamCaptureMode sets.
thread_local int threadMode = CU_STREAM_CAPTURE_MODE_GLOBAL;

bool disturbs(const Capture& capture) {
  const bool mine = capture.thread == &threadMode;
  switch (threadMode) {
    case CU_STREAM_CAPTURE_MODE_GLOBAL:
      return capture.mode == CU_STREAM_CAPTURE_MODE_GLOBAL || (mine && capture.mode != CU_STREAM_CAPTURE_MODE_RELAXED);
    case CU_STREAM_CAPTURE_MODE_THREAD_LOCAL:
      return mine && capture.mode != CU_STREAM_CAPTURE_MODE_RELAXED;
    default:
      return false;
  }
}

bool reaches(const OperationPtr& from, const OperationPtr& to) {
  std::vector<OperationPtr> open{from}, seen;
  while (!open.empty()) {
    const OperationPtr here = open.back();
    open.pop_back();
    if (here == to) {
      return true;
    }
    if (here != nullptr && std::find(seen.begin(), seen.end(), here) == seen.end()) {
      seen.push_back(here);
      open.insert(open.end(), here->after.begin(), here->after.end());
    }
  }
  return false;
}

// Work of a stream that joined and that the first stream did not wait for.
const Stream* unjoined(const Capture& capture) {
  for (const Stream* stream : capture.joined) {
    if (stream != capture.origin && stream->lastCaptured != nullptr &&
        !reaches(capture.origin->lastCaptured, stream->lastCaptured)) {
      return stream;
    }
  }
  return nullptr;
}

}  // namespace

namespace device {

void refuse_in_capture(Context& context, const std::string& what) {
  for (Stream* stream : context.streams) {
    if (stream->capture != nullptr && disturbs(*stream->capture)) {
      stream->capture->spoiled = true;
      fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, what, " while stream ", stream->number, " captures");
    }
  }
}

void refuse_capturing(Stream& stream, const std::string& what) {
  if (stream.capture != nullptr) {
    stream.capture->spoiled = true;
    fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, what, " while stream ", stream.number, " captures");
  }
}

}  // namespace device

DRIVER cuStreamBeginCapture_v2(CUstream handle, int mode) {
  return call("cuStreamBeginCapture", [&](Context& context) {
    Stream& stream = find_stream(context, handle);
    if (stream.legacy) {
      fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the legacy stream cannot be captured");
    }
    if (stream.capture != nullptr) {
      fail(CUDA_ERROR_ILLEGAL_STATE, "stream ", stream.number, " captures already");
    }
    if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED) {
      fail(CUDA_ERROR_INVALID_VALUE, "capture mode ", mode);
    }
    stream.capture = std::make_shared<Capture>();
    stream.capture->origin = &stream;
    stream.capture->joined.push_back(&stream);
    stream.capture->thread = &threadMode;
    stream.capture->mode = mode;
    stream.lastCaptured = nullptr;
  });
}

DRIVER cuStreamEndCapture(CUstream handle, CUgraph* graph) {
  return call("cuStreamEndCapture", [&](Context& context) {
    require(graph);
    *graph = nullptr;
    Stream& stream = find_stream(context, handle);
    const std::shared_ptr<Capture> capture = stream.capture;
    if (capture == nullptr) {
      fail(CUDA_ERROR_ILLEGAL_STATE, "stream ", stream.number, " does not capture");
    }
    if (capture->origin != &stream) {
      fail(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "the capture began on another stream than ", stream.number);
    }
    if (capture->thread != &threadMode && capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED) {
      fail(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "the capture of stream ", stream.number, " began on another thread");
    }
    const Stream* left = unjoined(*capture);
    for (Stream* joined : capture->joined) {
      joined->capture = nullptr;
      joined->lastCaptured = nullptr;
    }
    if (capture->spoiled) {
      fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "the capture of stream ", stream.number,
           " was spoiled by an earlier call");
    }
    if (left != nullptr) {
      fail(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "stream ", left->number, " was not joined to stream ", stream.number);
    }
    Graph& result = create<Graph>(&context);
    result.nodes = capture->nodes;
    for (const OperationPtr& node : result.nodes) {
      node->after.clear();   // they are in an order that serves
    }
    *graph = static_cast<CUgraph>(handle_of(&result));
  });
}

DRIVER cuStreamIsCapturing(CUstream handle, int* status) {
  return call("cuStreamIsCapturing", [&](Context& context) {
    require(status);
    const Stream& stream = find_stream(context, handle);
    *status = stream.capture == nullptr ? 0 : stream.capture->spoiled ? 2 : 1;
  });
}

DRIVER cuThreadExchangeStreamCaptureMode(int* mode) {
  return plain_call("cuThreadExchangeStreamCaptureMode", [&] {
    require(mode);
    if (*mode < CU_STREAM_CAPTURE_MODE_GLOBAL || *mode > CU_STREAM_CAPTURE_MODE_RELAXED) {
      fail(CUDA_ERROR_INVALID_VALUE, "capture mode ", *mode);
    }
    std::swap(*mode, threadMode);
  });
}

DRIVER cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph graph, unsigned long long) {
  return call("cuGraphInstantiate", [&](Context& context) {
    require(executable);
    const auto& g = find<Graph>(graph, &context);
    Executable& result = create<Executable>(&context);
    result.nodes = g.nodes;
    *executable = static_cast<CUgraphExec>(handle_of(&result));
  });
}

DRIVER cuGraphUpload(CUgraphExec executable, CUstream stream) {
  return call("cuGraphUpload", [&](Context& context) {
    find_stream(context, stream);
    find<Executable>(executable, &context);
  });
}

DRIVER cuGraphLaunch(CUgraphExec executable, CUstream handle) {
  return call("cuGraphLaunch", [&](Context& context) {
    Stream& stream = find_stream(context, handle);
    refuse_capturing(stream, "cuGraphLaunch");
    launch_graph(context, stream, find<Executable>(executable, &context).nodes);
  });
}

DRIVER cuGraphExecDestroy(CUgraphExec executable) {
  return call("cuGraphExecDestroy", [&](Context& context) {
    find<Executable>(executable, &context);
    destroy_object(executable);
  });
}

DRIVER cuGraphDestroy(CUgraph graph) {
  return call("cuGraphDestroy", [&](Context& context) {
    find<Graph>(graph, &context);
    destroy_object(graph);
  });
}

DRIVER cuGraphGetNodes(CUgraph graph, void** nodes, size_t* count) {
  return call("cuGraphGetNodes", [&](Context& context) {
    require(count);
    const auto& g = find<Graph>(graph, &context);
    if (nodes != nullptr) {
      fail(CUDA_ERROR_NOT_SUPPORTED, "this device has no handles of nodes, only their number");
    }
    *count = static_cast<size_t>(
        std::count_if(g.nodes.begin(), g.nodes.end(), [](const OperationPtr& node) { return node->work != nullptr; }));
  });
}
