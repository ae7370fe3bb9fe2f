// The three calls of a training step, and the one that says how much memory they need.
#include <cstring>

#include "device.h"
#include "step.h"

using namespace cudnn;

namespace {

const float* pointer(const std::vector<float>& values) { return values.empty() ? nullptr : values.data(); }

std::vector<float> room(const void* wanted, size_t count) { return std::vector<float>(wanted == nullptr ? 0 : count); }

float* pointer(std::vector<float>& values) { return values.empty() ? nullptr : values.data(); }

// What cuDNN leaves in the workspace is nobody's business.
void poison(void* data, size_t bytes) {
  if (data != nullptr) std::memset(data, 0xff, bytes);
}

// The step that a backward call goes on with.
std::shared_ptr<Step> continue_step(Call& call, const Network& network, const void* reserve, Stage after,
                                    const char* wanted, const void* hx) {
  if (!call.ok()) return nullptr;
  std::shared_ptr<Step> step = find_step(reserve);
  call.require(step != nullptr, BAD_PARAM, "no cudnnRNNForward in training mode wrote to reserveSpace");
  if (!call.ok()) return nullptr;
  call.require(step->submitted == after, BAD_PARAM,
               std::string("with this reserveSpace it must follow ") + wanted + " and comes once");
  call.require(step->descriptor == network.descriptor && step->version == network.rnn.version, BAD_PARAM,
               "rnnDesc is not the one of the forward pass, or was set again since");
  call.require(step->x.steps == network.x.steps && step->x.batch == network.x.batch &&
                   step->x.layout == network.x.layout && step->x.lengths == network.x.lengths,
               BAD_PARAM, "the sequences are not those of the forward pass");
  call.require(step->has_hx == (hx != nullptr), BAD_PARAM, "hx is null in one pass and not in the other");
  return call.ok() ? step : nullptr;
}

// Faults unless the memory holds what it held when the step's last work ran.
class Unchanged {
 public:
  Unchanged(const char* call, const std::vector<Argument>& arguments) : call_(call), arguments_(arguments) {}

  void operator()(const char* name, uint64_t now, uint64_t then) const {
    if (now != then) spoil(call_, arguments_, std::string(name) + " is not what the forward pass was given or left");
  }

 private:
  const char* call_;
  const std::vector<Argument>& arguments_;
};

}  // namespace

extern "C" {

int cudnnGetRNNTempSpaceSizes(void* handle, void* rnn, int mode, void* x, size_t* workspace_bytes,
                              size_t* reserve_bytes) {
  Call call("cudnnGetRNNTempSpaceSizes");
  call.handle(handle);
  call.require(mode == FWD_MODE_INFERENCE || mode == FWD_MODE_TRAINING, BAD_PARAM, "fwdMode " + std::to_string(mode));
  const auto net = network(call, rnn, x);
  if (!call.ok()) return call.status();
  if (workspace_bytes != nullptr) *workspace_bytes = net->workspace_bytes();
  if (reserve_bytes != nullptr) *reserve_bytes = mode == FWD_MODE_TRAINING ? net->reserve_bytes() : 0;
  return SUCCESS;
}

int cudnnRNNForward(void* handle, void* rnn, int mode, const int32_t* lengths, void* x_descriptor, const void* x,
                    void* y_descriptor, void* y, void* h_descriptor, const void* hx, void* hy, void* c_descriptor,
                    const void* cx, void* cy, size_t weight_bytes, const void* weights, size_t workspace_bytes,
                    void* workspace, size_t reserve_bytes, void* reserve) {
  Call call("cudnnRNNForward");
  const Handle* found = call.handle(handle);
  call.require(mode == FWD_MODE_INFERENCE || mode == FWD_MODE_TRAINING, BAD_PARAM, "fwdMode " + std::to_string(mode));
  const std::shared_ptr<Network> net = network(call, rnn, x_descriptor, y_descriptor);
  if (!call.ok()) return call.status();
  const bool training = mode == FWD_MODE_TRAINING;
  check_states(call, *net, h_descriptor, "hDesc", hx != nullptr || hy != nullptr);
  check_states(call, *net, c_descriptor, "cDesc", cx != nullptr || cy != nullptr);
  call.require(x != nullptr && y != nullptr && lengths != nullptr, BAD_PARAM, "x, y or devSeqLengths is null");
  check_space(call, "weightSpace", weights, weight_bytes, net->weight_bytes());
  check_space(call, "workSpace", workspace, workspace_bytes, net->workspace_bytes());
  check_space(call, "reserveSpace", reserve, reserve_bytes, training ? net->reserve_bytes() : 0);
  const std::vector<Argument> arguments = {{"x", x, bytes_of(net->x), false},
                                           {"y", y, bytes_of(net->y), true},
                                           {"hx", hx, net->state_bytes(), false},
                                           {"hy", hy, net->state_bytes(), true},
                                           {"cx", cx, net->state_bytes(), false},
                                           {"cy", cy, net->state_bytes(), true},
                                           {"devSeqLengths", lengths, net->problem.batch * sizeof(int32_t), false},
                                           {"weightSpace", weights, weight_bytes, false},
                                           {"workSpace", workspace, workspace_bytes, true},
                                           {"reserveSpace", reserve, reserve_bytes, training}};
  check_arguments(call, *net, arguments);
  if (!call.ok()) return call.status();
  std::shared_ptr<Step> step;
  if (training) {
    step = std::make_shared<Step>(Step{rnn, net->rnn.version, net->x, net->y, hx != nullptr, cx != nullptr});
    step->submitted = Stage::FORWARD;
    put_step(reserve, step);
  }
  device::submit(found->stream, call.name(), [=] {
    check_lengths("cudnnRNNForward", *net, lengths, arguments);
    const std::vector<float> input = read(net->x, x);
    const std::vector<float> h0 = read_state(net->rnn, net->states(), hx);
    const std::vector<float> c0 = read_state(net->rnn, net->states(), cx);
    std::vector<float> own(training ? 0 : net->problem.tape());
    if (training) poison(reserve, net->reserve_bytes());
    float* const tape = training ? static_cast<float*>(reserve) : own.data();
    std::vector<float> hT = room(hy, net->states());
    std::vector<float> cT = room(cy, net->states());
    forward(net->problem, read_weights(net->rnn, net->map, weights), input.data(), pointer(h0), pointer(c0), tape,
            pointer(hT), pointer(cT));
    const float* const last = tape_outputs(net->problem, tape, net->rnn.layers - 1);
    write(net->y, {last, last + net->problem.steps * net->problem.state()}, y);
    write_state(net->rnn, hT, hy);
    write_state(net->rnn, cT, cy);
    poison(workspace, net->workspace_bytes());
    if (!training) return;
    step->weights = fingerprint(weights, net->weight_bytes());
    step->input = fingerprint(input);
    step->output = fingerprint(read(net->y, y));
    step->hx = fingerprint(h0);
    step->cx = fingerprint(c0);
    step->reserve = fingerprint(reserve, net->reserve_bytes());
    step->ran = Stage::FORWARD;
  });
  return SUCCESS;
}

int cudnnRNNBackwardData_v8(void* handle, void* rnn, const int32_t* lengths, void* y_descriptor, const void* y,
                            const void* dy, void* x_descriptor, void* dx, void* h_descriptor, const void* hx,
                            const void* dhy, void* dhx, void* c_descriptor, const void* cx, const void* dcy, void* dcx,
                            size_t weight_bytes, const void* weights, size_t workspace_bytes, void* workspace,
                            size_t reserve_bytes, void* reserve) {
  Call call("cudnnRNNBackwardData_v8");
  const Handle* found = call.handle(handle);
  const std::shared_ptr<Network> net = network(call, rnn, x_descriptor, y_descriptor);
  if (!call.ok()) return call.status();
  check_states(call, *net, h_descriptor, "hDesc", hx != nullptr || dhy != nullptr || dhx != nullptr);
  check_states(call, *net, c_descriptor, "cDesc", cx != nullptr || dcy != nullptr || dcx != nullptr);
  call.require(y != nullptr && dy != nullptr && dx != nullptr && lengths != nullptr, BAD_PARAM,
               "y, dy, dx or devSeqLengths is null");
  check_space(call, "weightSpace", weights, weight_bytes, net->weight_bytes());
  check_space(call, "workSpace", workspace, workspace_bytes, net->workspace_bytes());
  check_space(call, "reserveSpace", reserve, reserve_bytes, net->reserve_bytes());
  const std::vector<Argument> arguments = {{"y", y, bytes_of(net->y), false},
                                           {"dy", dy, bytes_of(net->y), false},
                                           {"dx", dx, bytes_of(net->x), true},
                                           {"hx", hx, net->state_bytes(), false},
                                           {"dhy", dhy, net->state_bytes(), false},
                                           {"dhx", dhx, net->state_bytes(), true},
                                           {"cx", cx, net->state_bytes(), false},
                                           {"dcy", dcy, net->state_bytes(), false},
                                           {"dcx", dcx, net->state_bytes(), true},
                                           {"devSeqLengths", lengths, net->problem.batch * sizeof(int32_t), false},
                                           {"weightSpace", weights, weight_bytes, false},
                                           {"workSpace", workspace, workspace_bytes, true},
                                           {"reserveSpace", reserve, reserve_bytes, true}};
  check_arguments(call, *net, arguments);
  const std::shared_ptr<Step> step =
      continue_step(call, *net, reserve, Stage::FORWARD, "cudnnRNNForward in training mode", hx);
  call.require(!call.ok() || step->has_cx == (cx != nullptr), BAD_PARAM, "cx is null in one pass and not in the other");
  if (!call.ok()) return call.status();
  step->submitted = Stage::BACKWARD_DATA;
  device::submit(found->stream, call.name(), [=] {
    const char* const name = "cudnnRNNBackwardData_v8";
    check_lengths(name, *net, lengths, arguments);
    if (step->ran != Stage::FORWARD) spoil(name, arguments, "it ran before the forward pass did, or a second time");
    const std::vector<float> h0 = read_state(net->rnn, net->states(), hx);
    const std::vector<float> c0 = read_state(net->rnn, net->states(), cx);
    const Unchanged unchanged(name, arguments);
    unchanged("weightSpace", fingerprint(weights, net->weight_bytes()), step->weights);
    unchanged("y", fingerprint(read(net->y, y)), step->output);
    unchanged("hx", fingerprint(h0), step->hx);
    unchanged("cx", fingerprint(c0), step->cx);
    unchanged("reserveSpace", fingerprint(reserve, net->reserve_bytes()), step->reserve);
    const std::vector<float> dhT = read_state(net->rnn, net->states(), dhy);
    const std::vector<float> dcT = read_state(net->rnn, net->states(), dcy);
    std::vector<float> input(static_cast<size_t>(net->problem.steps) * net->problem.batch * net->problem.input);
    std::vector<float> dh0 = room(dhx, net->states());
    std::vector<float> dc0 = room(dcx, net->states());
    backward_data(net->problem, read_weights(net->rnn, net->map, weights), read(net->y, dy).data(), pointer(dhT),
                  pointer(dcT), pointer(c0), static_cast<float*>(reserve), input.data(), pointer(dh0), pointer(dc0));
    write(net->x, input, dx);
    write_state(net->rnn, dh0, dhx);
    write_state(net->rnn, dc0, dcx);
    poison(workspace, net->workspace_bytes());
    step->reserve = fingerprint(reserve, net->reserve_bytes());
    step->ran = Stage::BACKWARD_DATA;
  });
  return SUCCESS;
}

int cudnnRNNBackwardWeights_v8(void* handle, void* rnn, int mode, const int32_t* lengths, void* x_descriptor,
                               const void* x, void* h_descriptor, const void* hx, void* y_descriptor, const void* y,
                               size_t weight_bytes, void* gradients, size_t workspace_bytes, void* workspace,
                               size_t reserve_bytes, void* reserve) {
  Call call("cudnnRNNBackwardWeights_v8");
  const Handle* found = call.handle(handle);
  constexpr int WGRAD_MODE_ADD = 0;
  constexpr int WGRAD_MODE_SET = 1;
  call.require(mode == WGRAD_MODE_ADD || mode == WGRAD_MODE_SET, BAD_PARAM, "addGrad " + std::to_string(mode));
  call.require(mode == WGRAD_MODE_ADD, NOT_SUPPORTED,
               "CUDNN_WGRAD_MODE_SET; set dweightSpace to zero and use CUDNN_WGRAD_MODE_ADD (0)");
  const std::shared_ptr<Network> net = network(call, rnn, x_descriptor, y_descriptor);
  if (!call.ok()) return call.status();
  check_states(call, *net, h_descriptor, "hDesc", hx != nullptr);
  call.require(x != nullptr && y != nullptr && lengths != nullptr, BAD_PARAM, "x, y or devSeqLengths is null");
  check_space(call, "dweightSpace", gradients, weight_bytes, net->weight_bytes());
  check_space(call, "workSpace", workspace, workspace_bytes, net->workspace_bytes());
  check_space(call, "reserveSpace", reserve, reserve_bytes, net->reserve_bytes());
  const std::vector<Argument> arguments = {{"x", x, bytes_of(net->x), false},
                                           {"hx", hx, net->state_bytes(), false},
                                           {"y", y, bytes_of(net->y), false},
                                           {"devSeqLengths", lengths, net->problem.batch * sizeof(int32_t), false},
                                           {"dweightSpace", gradients, weight_bytes, true},
                                           {"workSpace", workspace, workspace_bytes, true},
                                           {"reserveSpace", reserve, reserve_bytes, true}};
  check_arguments(call, *net, arguments);
  const std::shared_ptr<Step> step =
      continue_step(call, *net, reserve, Stage::BACKWARD_DATA, "cudnnRNNBackwardData_v8", hx);
  if (!call.ok()) return call.status();
  step->submitted = Stage::BACKWARD_WEIGHTS;
  device::submit(found->stream, call.name(), [=] {
    const char* const name = "cudnnRNNBackwardWeights_v8";
    check_lengths(name, *net, lengths, arguments);
    if (step->ran != Stage::BACKWARD_DATA) {
      spoil(name, arguments, "it ran before cudnnRNNBackwardData_v8 did, or a second time");
    }
    const std::vector<float> input = read(net->x, x);
    const std::vector<float> h0 = read_state(net->rnn, net->states(), hx);
    const Unchanged unchanged(name, arguments);
    unchanged("x", fingerprint(input), step->input);
    unchanged("y", fingerprint(read(net->y, y)), step->output);
    unchanged("hx", fingerprint(h0), step->hx);
    unchanged("reserveSpace", fingerprint(reserve, net->reserve_bytes()), step->reserve);
    for (int layer = 0; layer < net->rnn.layers; layer++) {
      const Gradients of_layer =
          backward_weights(net->problem, input.data(), pointer(h0), static_cast<const float*>(reserve), layer);
      add_gradients(net->rnn, net->map, layer, of_layer, gradients);
    }
    poison(workspace, net->workspace_bytes());
    step->ran = Stage::BACKWARD_WEIGHTS;
  });
  return SUCCESS;
}

}  // extern "C"
