// Changes between the calls of a step, which only the work itself can find: it fails like an illegal access, and so the
// context is lost. Each case therefore has a process of its own.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

#include "network.h"

using namespace libraries;

namespace {

void prepare(Network& network) {
  for (Buffer* buffer : {network.weights.get(), network.gradients.get(), network.x.get(), network.dy.get(),
                         network.hx.get(), network.cx.get(), network.dhy.get(), network.dcy.get()}) {
    buffer->fill(0);
  }
}

struct Mistake {
  const char* name;
  bool fails;
  std::function<void(Network&)> after_forward;
  std::function<void(Network&)> after_data;
};

void nothing(Network&) {}

std::vector<float> ones(const Buffer& buffer) { return std::vector<float>(buffer.bytes() / sizeof(float), 1.0f); }

const std::vector<Mistake> MISTAKES = {
    {"no mistake", false, nothing, nothing},
    {"the weights change", true, [](Network& n) { n.weights->write(ones(*n.weights)); }, nothing},
    {"y changes", true, [](Network& n) { n.y->write(ones(*n.y)); }, nothing},
    {"hx changes", true, [](Network& n) { n.hx->write(ones(*n.hx)); }, nothing},
    {"cx changes", true, [](Network& n) { n.cx->write(ones(*n.cx)); }, nothing},
    {"the reserve space changes", true, [](Network& n) { n.reserve->fill(1); }, nothing},
    {"the lengths change", true, [](Network& n) { n.lengths->fill(0); }, nothing},
    {"the workspace changes", false, [](Network& n) { n.workspace->fill(1); }, nothing},
    {"x changes after the data pass", true, nothing, [](Network& n) { n.x->write(ones(*n.x)); }},
    {"the reserve space changes after the data pass", true, nothing, [](Network& n) { n.reserve->fill(1); }},
    {"the weights change after the data pass", false, nothing,
     [](Network& n) { n.weights->write(ones(*n.weights)); }},
};

// 0: the step went well, 1: it failed as a whole, 2: something else.
int outcome(const Mistake& mistake) {
  if (!open()) return 2;
  Network network({4, 3, 5, 6});
  prepare(network);
  if (network.forward(FWD_MODE_TRAINING) != 0) return 2;
  mistake.after_forward(network);
  if (network.backward_data() != 0) return 2;
  if (cuStreamSynchronize(nullptr) != 0) return 1;
  mistake.after_data(network);
  if (network.backward_weights() != 0) return 2;
  return cuStreamSynchronize(nullptr) != 0 ? 1 : 0;
}

}  // namespace

void test_faults() {
  check::group("cuDNN: changes between the passes");
  std::fflush(stdout);
  for (const Mistake& mistake : MISTAKES) {
    const pid_t child = fork();
    if (child == 0) {
      if (std::freopen("/dev/null", "w", stdout) == nullptr) _exit(2);
      _exit(outcome(mistake));
    }
    int status = 0;
    check::that(child > 0 && waitpid(child, &status, 0) == child, "there is no process for a case");
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    check::that(code == (mistake.fails ? 1 : 0), std::string(mistake.name) + ": outcome " + std::to_string(code));
  }
}
