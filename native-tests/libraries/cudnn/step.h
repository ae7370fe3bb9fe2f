// What the calls of a training step share: the checks of their arguments, and a record of how far the step has come.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lstm.h"
#include "sequences.h"
#include "types.h"
#include "weights.h"

namespace cudnn {

enum class Stage { NOTHING, FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS };

// A training step as its reserve space knows it. The calls write down what they submit; the work writes down what has
// run and the fingerprints of what it ran on. Work in a graph keeps the record that its calls had.
struct Step {
  const void* descriptor;
  uint64_t version;
  Sequences x;
  Sequences y;
  bool has_hx;
  bool has_cx;
  Stage submitted = Stage::NOTHING;

  Stage ran = Stage::NOTHING;
  uint64_t weights = 0;
  uint64_t input = 0;
  uint64_t output = 0;
  uint64_t hx = 0;
  uint64_t cx = 0;
  uint64_t reserve = 0;
};

// The step that the reserve space belongs to; null if no forward pass wrote to it.
std::shared_ptr<Step> find_step(const void* reserve);
void put_step(const void* reserve, std::shared_ptr<Step> step);

// A pointer argument and whether the call writes there.
struct Argument {
  const char* name;
  const void* data;
  size_t bytes;
  bool written;
};

// The network and its sequences as they were at the call.
struct Network {
  const void* descriptor;
  Rnn rnn;
  Sequences x;
  Sequences y;
  WeightMap map;
  Problem problem;

  size_t states() const { return rnn.layers * problem.state(); }
  size_t state_bytes() const { return states() * rnn.element(); }
  size_t weight_bytes() const { return map.elements * rnn.element(); }
  size_t workspace_bytes() const;
  size_t reserve_bytes() const;
};

// Null with a status in the call if something is wrong.
std::unique_ptr<Network> network(Call& call, void* rnn, void* x, void* y);

// For cudnnGetRNNTempSpaceSizes, which knows no output.
std::unique_ptr<Network> network(Call& call, void* rnn, void* x);

// That the descriptor of hidden or cell states is [L, B, H]; it may be null if nothing of that kind is given.
void check_states(Call& call, const Network& network, void* descriptor, const char* name, bool needed);

// That each argument is device memory, and aligned, and none is written to that another one has a part in.
void check_arguments(Call& call, const Network& network, const std::vector<Argument>& arguments);

void check_space(Call& call, const char* name, const void* data, size_t bytes, size_t needed);

// Faults, with NaN in whatever the work would have written.
[[noreturn]] void spoil(const char* call, const std::vector<Argument>& arguments, const std::string& sentence);

// That the lengths in device memory are those of the descriptors; faults if not.
void check_lengths(const char* call, const Network& network, const int32_t* lengths,
                   const std::vector<Argument>& arguments);

}  // namespace cudnn
