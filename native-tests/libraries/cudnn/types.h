// The handles and descriptors of cuDNN 9 as far as its RNN calls need them. Numbers are those of cudnn.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "numbers.h"
#include "report.h"

namespace cudnn {

enum Status : int {
  SUCCESS = 0,
  NOT_INITIALIZED = 1001,
  BAD_PARAM = 2000,
  NOT_SUPPORTED = 3000,
  EXECUTION_FAILED = 5000,
};

enum DataType : int { DATA_FLOAT = 0, DATA_DOUBLE = 1, DATA_HALF = 2 };
enum BiasMode : int { NO_BIAS = 0, SINGLE_INP_BIAS = 1, DOUBLE_BIAS = 2, SINGLE_REC_BIAS = 3 };
enum DataLayout : int { SEQ_MAJOR_UNPACKED = 0, SEQ_MAJOR_PACKED = 1, BATCH_MAJOR_UNPACKED = 2 };
enum MathType : int { DEFAULT_MATH = 0, TENSOR_OP_MATH = 1, TENSOR_OP_MATH_ALLOW_CONVERSION = 2, FMA_MATH = 3 };
enum ForwardMode : int { FWD_MODE_INFERENCE = 0, FWD_MODE_TRAINING = 1 };

constexpr int RNN_ALGO_STANDARD = 0;
constexpr int LSTM = 2;
constexpr uint32_t PADDED_IO_ENABLED = 1;
// Gates of an LSTM cell in the order i, f, g, o, and its matrices: of the input for each, then of the hidden state.
constexpr int GATES = 4;
constexpr int MATRICES = 2 * GATES;

struct Handle {
  static constexpr const char* KIND = "cudnnHandle_t";
  void* stream = nullptr;
};

struct Tensor {
  static constexpr const char* KIND = "cudnnTensorDescriptor_t";
  int type = -1;
  std::vector<int> dims;
  std::vector<int> strides;
};

struct Dropout {
  static constexpr const char* KIND = "cudnnDropoutDescriptor_t";
  float probability = 0;
  void* states = nullptr;
  unsigned long long seed = 0;
};

struct Sequences {
  static constexpr const char* KIND = "cudnnRNNDataDescriptor_t";
  int type = -1;
  int layout = 0;
  int steps = 0;
  int batch = 0;
  int width = 0;
  std::vector<int> lengths;
  bool has_fill = false;
  float fill = 0;
};

struct Rnn {
  static constexpr const char* KIND = "cudnnRNNDescriptor_t";
  // Grows each time that any descriptor is set, so that the backward calls can tell whether it is still the same.
  uint64_t version = 0;
  int algo;
  int cell;
  int bias;
  int direction;
  int input_mode;
  int type;
  int precision;
  int math;
  int input;
  int hidden;
  int projection;
  int layers;
  void* dropout;
  uint32_t flags;
  // Of the order of the weights; empty for cuDNN's own.
  std::string shuffle;

  size_t element() const { return type == DATA_HALF ? 2 : 4; }
  numbers::Type number() const { return type == DATA_HALF ? numbers::Type::F16 : numbers::Type::F32; }
  int layer_input(int layer) const { return layer == 0 ? input : hidden; }
};

// Counts the call and checks what every call must have; problems are kept in `status`.
class Call {
 public:
  explicit Call(const char* name);

  int refuse(int status, const std::string& sentence) const;

  // The object if it lives, null (with a status) if not; `what` names the argument.
  template <typename T>
  T* get(void* object, const char* what) {
    return static_cast<T*>(find(object, T::KIND, what));
  }
  // The handle, which also needs a context and a stream that can be worked on.
  Handle* handle(void* object);

  bool ok() const { return status_ == SUCCESS; }
  int status() const { return status_; }
  const char* name() const { return name_; }

  // That `bytes` from `from` on are device memory.
  void range(const char* what, const void* from, size_t bytes);
  void require(bool condition, int status, const std::string& sentence);

 private:
  void* find(void* object, const char* kind, const char* what);

  const char* name_;
  int status_ = SUCCESS;
};

int create(const char* call, void** object, void* made, const char* kind);

template <typename T>
int create(const char* call, void** object) {
  return create(call, object, object == nullptr ? nullptr : new T, T::KIND);
}

void forget(const void* object);

template <typename T>
int destroy(const char* name, void* object) {
  // As with the real library, destroying nothing is not an error.
  Call call(name);
  if (object == nullptr) return SUCCESS;
  T* found = call.get<T>(object, "the object");
  if (found == nullptr) return call.status();
  forget(object);
  delete found;
  return SUCCESS;
}

}  // namespace cudnn
