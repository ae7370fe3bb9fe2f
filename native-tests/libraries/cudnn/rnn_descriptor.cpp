#include <atomic>

#include "device.h"
#include "types.h"

using namespace cudnn;

namespace {

std::atomic<uint64_t> versions{0};

constexpr int UNIDIRECTIONAL = 0;
constexpr int LINEAR_INPUT = 0;

// TARN_DEVICE_CUDNN_LAYOUT: "plain", or "shuffled:SEED"; shuffled if it is not set.
std::string shuffle(Call& call) {
  const std::string setting = device::setting("TARN_DEVICE_CUDNN_LAYOUT", "shuffled:0");
  call.require(setting == "plain" || setting.rfind("shuffled:", 0) == 0, BAD_PARAM,
               "TARN_DEVICE_CUDNN_LAYOUT is " + setting + "; plain and shuffled:SEED are allowed");
  return setting == "plain" ? "" : setting;
}

}  // namespace

extern "C" {

int cudnnCreateRNNDescriptor(void** rnn) { return create<Rnn>("cudnnCreateRNNDescriptor", rnn); }

int cudnnDestroyRNNDescriptor(void* rnn) { return destroy<Rnn>("cudnnDestroyRNNDescriptor", rnn); }

int cudnnSetRNNDescriptor_v8(void* descriptor, int algo, int cell, int bias, int direction, int input_mode, int type,
                             int precision, int math, int32_t input, int32_t hidden, int32_t projection,
                             int32_t layers, void* dropout, uint32_t flags) {
  Call call("cudnnSetRNNDescriptor_v8");
  Rnn* rnn = call.get<Rnn>(descriptor, "rnnDesc");
  call.require(input > 0 && hidden > 0 && layers > 0, BAD_PARAM,
               "inputSize " + std::to_string(input) + ", hiddenSize " + std::to_string(hidden) + ", numLayers " +
                   std::to_string(layers) + " must be positive");
  call.require(projection > 0 && projection <= hidden, BAD_PARAM,
               "projSize " + std::to_string(projection) + "; hiddenSize = " + std::to_string(hidden) + " means none");
  call.require(bias >= NO_BIAS && bias <= SINGLE_REC_BIAS, BAD_PARAM, "bias mode " + std::to_string(bias));
  call.require(math >= DEFAULT_MATH && math <= FMA_MATH, BAD_PARAM, "math type " + std::to_string(math));
  call.require(flags == 0 || flags == PADDED_IO_ENABLED, BAD_PARAM, "auxFlags " + std::to_string(flags));
  call.require(algo >= 0 && algo <= 3 && cell >= 0 && cell <= 3 && (direction == 0 || direction == 1) &&
                   (input_mode == 0 || input_mode == 1),
               BAD_PARAM,
               "algo " + std::to_string(algo) + ", cell mode " + std::to_string(cell) + ", direction " +
                   std::to_string(direction) + ", input mode " + std::to_string(input_mode));
  call.require(algo == RNN_ALGO_STANDARD, NOT_SUPPORTED,
               "the software device has only CUDNN_RNN_ALGO_STANDARD, not " + std::to_string(algo));
  call.require(cell == LSTM, NOT_SUPPORTED, "the software device has only LSTM cells, not " + std::to_string(cell));
  call.require(direction == UNIDIRECTIONAL, NOT_SUPPORTED, "the software device has no bidirectional networks");
  call.require(input_mode == LINEAR_INPUT, NOT_SUPPORTED, "the software device has no CUDNN_SKIP_INPUT");
  call.require(projection == hidden, NOT_SUPPORTED, "the software device has no projection");
  call.require(type == DATA_FLOAT || type == DATA_HALF, NOT_SUPPORTED,
               "data type " + std::to_string(type) + "; the software device has float (0) and half (2)");
  call.require(precision == DATA_FLOAT, NOT_SUPPORTED,
               "math precision " + std::to_string(precision) + "; the software device computes in float (0)");
  if (dropout != nullptr) {
    const Dropout* found = call.get<Dropout>(dropout, "dropoutDesc");
    call.require(!call.ok() || layers == 1 || found->probability == 0, NOT_SUPPORTED,
                 "the software device has no dropout between layers");
  }
  const std::string order = shuffle(call);
  if (!call.ok()) return call.status();
  *rnn = {++versions, algo,  cell,   bias,       direction, input_mode, type,  precision,
          math,       input, hidden, projection, layers,    dropout,    flags, order};
  return SUCCESS;
}

int cudnnGetRNNDescriptor_v8(void* descriptor, int* algo, int* cell, int* bias, int* direction, int* input_mode,
                             int* type, int* precision, int* math, int32_t* input, int32_t* hidden,
                             int32_t* projection, int32_t* layers, void** dropout, uint32_t* flags) {
  Call call("cudnnGetRNNDescriptor_v8");
  const Rnn* rnn = call.get<Rnn>(descriptor, "rnnDesc");
  call.require(!call.ok() || rnn->version != 0, BAD_PARAM, "rnnDesc was never set");
  if (!call.ok()) return call.status();
  auto give = [](auto* to, auto value) {
    if (to != nullptr) *to = value;
  };
  give(algo, rnn->algo);
  give(cell, rnn->cell);
  give(bias, rnn->bias);
  give(direction, rnn->direction);
  give(input_mode, rnn->input_mode);
  give(type, rnn->type);
  give(precision, rnn->precision);
  give(math, rnn->math);
  give(input, rnn->input);
  give(hidden, rnn->hidden);
  give(projection, rnn->projection);
  give(layers, rnn->layers);
  give(dropout, rnn->dropout);
  give(flags, rnn->flags);
  return SUCCESS;
}

}  // extern "C"
