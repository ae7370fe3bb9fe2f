#include "step.h"

#include <cstring>
#include <map>
#include <mutex>

#include "device.h"

namespace cudnn {

namespace {

std::mutex mutex;
std::map<const void*, std::shared_ptr<Step>> steps;

size_t round_up(size_t bytes) {
  constexpr size_t UNIT = 256;
  return (bytes + UNIT - 1) / UNIT * UNIT;
}

// A shorter sequence or a smaller batch may need more, says NVIDIA; here it does now and then.
size_t whim(const Problem& problem) {
  const uint64_t mixed = (problem.steps * 31u + problem.batch) * 0x9e3779b97f4a7c15u;
  return (mixed >> 40) % 29 * 256;
}

Problem problem_of(const Rnn& rnn, const Sequences& x) {
  const bool narrow = rnn.type == DATA_FLOAT && rnn.math != FMA_MATH && report::has_tf32();
  return {x.steps,   x.batch,   rnn.input, rnn.hidden, rnn.layers, x.lengths, rnn.type == DATA_HALF,
          narrow ? numbers::Rounding::TF32 : numbers::Rounding::NONE};
}

}  // namespace

std::shared_ptr<Step> find_step(const void* reserve) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = steps.find(reserve);
  return found == steps.end() ? nullptr : found->second;
}

void put_step(const void* reserve, std::shared_ptr<Step> step) {
  const std::lock_guard<std::mutex> lock(mutex);
  // Addresses of the software device are not given out twice, so what is gone can't be asked for.
  for (auto entry = steps.begin(); entry != steps.end();) {
    entry = device::range_problem(entry->first, 1).empty() ? std::next(entry) : steps.erase(entry);
  }
  steps[reserve] = std::move(step);
}

size_t Network::workspace_bytes() const {
  return round_up(problem.state() * GATES * sizeof(float)) + whim(problem);
}

size_t Network::reserve_bytes() const { return round_up(problem.tape() * sizeof(float)) + whim(problem); }

std::unique_ptr<Network> network(Call& call, void* descriptor, void* x) {
  const Rnn* rnn = call.get<Rnn>(descriptor, "rnnDesc");
  const Sequences* input = call.get<Sequences>(x, "xDesc");
  if (!call.ok()) return nullptr;
  call.require(rnn->version != 0, BAD_PARAM, "rnnDesc was never set");
  call.require(input->type >= 0, BAD_PARAM, "xDesc was never set");
  call.require(input->type == rnn->type, BAD_PARAM,
               "xDesc has data type " + std::to_string(input->type) + ", rnnDesc " + std::to_string(rnn->type));
  call.require(input->width == rnn->input, BAD_PARAM,
               "xDesc has vectorSize " + std::to_string(input->width) + ", rnnDesc inputSize " +
                   std::to_string(rnn->input));
  call.require(input->layout == SEQ_MAJOR_PACKED || rnn->flags == PADDED_IO_ENABLED, BAD_PARAM,
               "an unpacked layout needs auxFlags CUDNN_RNN_PADDED_IO_ENABLED (1) in rnnDesc");
  if (!call.ok()) return nullptr;
  return std::make_unique<Network>(
      Network{descriptor, *rnn, *input, *input, weight_map(*rnn), problem_of(*rnn, *input)});
}

std::unique_ptr<Network> network(Call& call, void* descriptor, void* x, void* y) {
  std::unique_ptr<Network> result = network(call, descriptor, x);
  const Sequences* output = call.get<Sequences>(y, "yDesc");
  if (!call.ok()) return nullptr;
  const Sequences& input = result->x;
  call.require(output->type == input.type && output->layout == input.layout && output->steps == input.steps &&
                   output->batch == input.batch && output->lengths == input.lengths,
               BAD_PARAM, "xDesc and yDesc differ in type, layout, maxSeqLength, batchSize or lengths");
  call.require(output->width == result->rnn.hidden, BAD_PARAM,
               "yDesc has vectorSize " + std::to_string(output->width) + ", rnnDesc hiddenSize " +
                   std::to_string(result->rnn.hidden));
  if (!call.ok()) return nullptr;
  result->y = *output;
  return result;
}

void check_states(Call& call, const Network& network, void* descriptor, const char* name, bool needed) {
  if (!call.ok() || (descriptor == nullptr && !needed)) return;
  const Tensor* tensor = call.get<Tensor>(descriptor, name);
  if (!call.ok()) return;
  const int layers = network.rnn.layers;
  const int batch = network.problem.batch;
  const int hidden = network.rnn.hidden;
  call.require(tensor->type == network.rnn.type && tensor->dims == std::vector<int>{layers, batch, hidden} &&
                   tensor->strides == std::vector<int>{batch * hidden, hidden, 1},
               BAD_PARAM,
               std::string(name) + " is not a packed tensor [numLayers " + std::to_string(layers) + ", batchSize " +
                   std::to_string(batch) + ", hiddenSize " + std::to_string(hidden) + "] of the network's type");
}

void check_arguments(Call& call, const Network& network, const std::vector<Argument>& arguments) {
  for (const Argument& a : arguments) {
    call.range(a.name, a.data, a.data == nullptr ? 0 : a.bytes);
    call.require(reinterpret_cast<uintptr_t>(a.data) % network.rnn.element() == 0, BAD_PARAM,
                 std::string(a.name) + " = " + report::hex(a.data) + " is not aligned to its type");
  }
  if (!call.ok()) return;
  for (const Argument& a : arguments) {
    for (const Argument& b : arguments) {
      if (&a == &b || !a.written || a.data == nullptr || b.data == nullptr || a.bytes == 0 || b.bytes == 0) continue;
      const char* const first = static_cast<const char*>(a.data);
      const char* const second = static_cast<const char*>(b.data);
      call.require(first >= second + b.bytes || second >= first + a.bytes, BAD_PARAM,
                   std::string(a.name) + " is written to and overlaps " + b.name);
    }
  }
}

void check_space(Call& call, const char* name, const void* data, size_t bytes, size_t needed) {
  constexpr uintptr_t ALIGNMENT = 16;
  call.require(bytes >= needed, BAD_PARAM,
               std::string(name) + " has " + std::to_string(bytes) + " bytes, " + std::to_string(needed) +
                   " are needed for this shape");
  call.require(data != nullptr || needed == 0, BAD_PARAM, std::string(name) + " is null");
  call.require(reinterpret_cast<uintptr_t>(data) % ALIGNMENT == 0, BAD_PARAM,
               std::string(name) + " = " + report::hex(data) + " is not aligned to 16 bytes");
}

void spoil(const char* call, const std::vector<Argument>& arguments, const std::string& sentence) {
  for (const Argument& argument : arguments) {
    if (!argument.written || argument.data == nullptr) continue;
    std::memset(const_cast<void*>(argument.data), 0xff, argument.bytes);
  }
  report::fault(std::string(call) + ": " + sentence);
}

void check_lengths(const char* call, const Network& network, const int32_t* lengths,
                   const std::vector<Argument>& arguments) {
  for (int i = 0; i < network.problem.batch; i++) {
    if (lengths[i] == network.problem.lengths[i]) continue;
    spoil(call, arguments,
          "devSeqLengths[" + std::to_string(i) + "] is " + std::to_string(lengths[i]) + ", the descriptors say " +
              std::to_string(network.problem.lengths[i]));
  }
}

}  // namespace cudnn
