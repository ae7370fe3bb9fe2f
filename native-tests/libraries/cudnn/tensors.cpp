// Descriptors of tensors and of sequences.
#include <algorithm>
#include <cstring>

#include "types.h"

using namespace cudnn;

namespace {

size_t element(int type) { return type == DATA_FLOAT ? 4 : type == DATA_DOUBLE ? 8 : type == DATA_HALF ? 2 : 0; }

int set(Call& call, void* descriptor, int type, std::vector<int> dims, std::vector<int> strides) {
  Tensor* tensor = call.get<Tensor>(descriptor, "tensorDesc");
  call.require(element(type) != 0, NOT_SUPPORTED, "data type " + std::to_string(type));
  for (const int dim : dims) call.require(dim > 0, BAD_PARAM, "a dimension is " + std::to_string(dim));
  for (const int stride : strides) call.require(stride > 0, BAD_PARAM, "a stride is " + std::to_string(stride));
  if (call.ok()) *tensor = {type, std::move(dims), std::move(strides)};
  return call.status();
}

}  // namespace

extern "C" {

int cudnnCreateTensorDescriptor(void** tensor) { return create<Tensor>("cudnnCreateTensorDescriptor", tensor); }

int cudnnDestroyTensorDescriptor(void* tensor) { return destroy<Tensor>("cudnnDestroyTensorDescriptor", tensor); }

int cudnnSetTensor4dDescriptor(void* tensor, int format, int type, int n, int c, int h, int w) {
  Call call("cudnnSetTensor4dDescriptor");
  call.require(format == 0 || format == 1, NOT_SUPPORTED, "format " + std::to_string(format));
  if (format == 0) return set(call, tensor, type, {n, c, h, w}, {c * h * w, h * w, w, 1});
  return set(call, tensor, type, {n, c, h, w}, {c * h * w, 1, w * c, c});
}

int cudnnSetTensorNdDescriptor(void* tensor, int type, int count, const int* dims, const int* strides) {
  Call call("cudnnSetTensorNdDescriptor");
  call.require(count >= 3 && count <= 8, BAD_PARAM, std::to_string(count) + " dimensions; 3 to 8 are allowed");
  call.require(dims != nullptr && strides != nullptr, BAD_PARAM, "the dimensions or strides are null");
  if (!call.ok()) return call.status();
  return set(call, tensor, type, {dims, dims + count}, {strides, strides + count});
}

int cudnnGetTensorNdDescriptor(void* tensor, int requested, int* type, int* count, int* dims, int* strides) {
  Call call("cudnnGetTensorNdDescriptor");
  const Tensor* found = call.get<Tensor>(tensor, "tensorDesc");
  call.require(type != nullptr && count != nullptr && dims != nullptr && strides != nullptr, BAD_PARAM,
               "an address is null");
  call.require(!call.ok() || found->type >= 0, BAD_PARAM, "the descriptor was never set");
  if (!call.ok()) return call.status();
  *type = found->type;
  *count = static_cast<int>(found->dims.size());
  const int copied = std::min(requested, *count);
  std::copy_n(found->dims.begin(), std::max(0, copied), dims);
  std::copy_n(found->strides.begin(), std::max(0, copied), strides);
  return SUCCESS;
}

int cudnnCreateRNNDataDescriptor(void** data) { return create<Sequences>("cudnnCreateRNNDataDescriptor", data); }

int cudnnDestroyRNNDataDescriptor(void* data) { return destroy<Sequences>("cudnnDestroyRNNDataDescriptor", data); }

int cudnnSetRNNDataDescriptor(void* data, int type, int layout, int steps, int batch, int width, const int* lengths,
                              void* fill) {
  Call call("cudnnSetRNNDataDescriptor");
  Sequences* found = call.get<Sequences>(data, "rnnDataDesc");
  call.require(type == DATA_FLOAT || type == DATA_HALF, NOT_SUPPORTED,
               "data type " + std::to_string(type) + "; the software device has float (0) and half (2)");
  call.require(layout >= SEQ_MAJOR_UNPACKED && layout <= BATCH_MAJOR_UNPACKED, BAD_PARAM,
               "layout " + std::to_string(layout));
  call.require(steps > 0 && batch > 0 && width > 0, BAD_PARAM,
               "maxSeqLength " + std::to_string(steps) + ", batchSize " + std::to_string(batch) + ", vectorSize " +
                   std::to_string(width) + " must be positive");
  call.require(lengths != nullptr, BAD_PARAM, "seqLengthArray is null");
  for (int i = 0; call.ok() && i < batch; i++) {
    const std::string name = "seqLengthArray[" + std::to_string(i) + "] = " + std::to_string(lengths[i]);
    call.require(lengths[i] > 0 && lengths[i] <= steps, BAD_PARAM,
                 name + "; 1 to maxSeqLength = " + std::to_string(steps) + " is allowed");
    if (layout != SEQ_MAJOR_PACKED) continue;
    call.require(i == 0 || lengths[i] <= lengths[i - 1], BAD_PARAM, name + " grows, which a packed layout can't hold");
    call.require(i > 0 || lengths[i] == steps, BAD_PARAM, name + " of a packed layout is not maxSeqLength");
  }
  if (!call.ok()) return call.status();
  *found = {type, layout, steps, batch, width, {lengths, lengths + batch}, fill != nullptr, 0};
  if (fill != nullptr) {
    found->fill = numbers::load(fill, 0, type == DATA_HALF ? numbers::Type::F16 : numbers::Type::F32);
  }
  return SUCCESS;
}

int cudnnGetRNNDataDescriptor(void* data, int* type, int* layout, int* steps, int* batch, int* width, int requested,
                              int* lengths, void* fill) {
  Call call("cudnnGetRNNDataDescriptor");
  const Sequences* found = call.get<Sequences>(data, "rnnDataDesc");
  call.require(!call.ok() || found->type >= 0, BAD_PARAM, "the descriptor was never set");
  call.require(type != nullptr && layout != nullptr && steps != nullptr && batch != nullptr && width != nullptr &&
                   (requested <= 0 || lengths != nullptr),
               BAD_PARAM, "an address is null");
  if (!call.ok()) return call.status();
  *type = found->type;
  *layout = found->layout;
  *steps = found->steps;
  *batch = found->batch;
  *width = found->width;
  std::copy_n(found->lengths.begin(), std::clamp(requested, 0, found->batch), lengths);
  if (fill != nullptr && found->has_fill) {
    numbers::store(fill, 0, found->type == DATA_HALF ? numbers::Type::F16 : numbers::Type::F32, found->fill);
  }
  return SUCCESS;
}

}  // extern "C"
