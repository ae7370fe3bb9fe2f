#include "faults.h"

#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <cstring>

#include "engine.h"
#include "failure.h"
#include "memory.h"

namespace device {
namespace {

struct Fault {
  int signal = 0;
  const void* address = nullptr;
  bool isWrite = false;
  bool hasAddress = false;
  CUresult code = CUDA_SUCCESS;   // of fail_kernel
};

// Only one thread at a time runs work, so these need no more than this; a thread-local variable is not safe to touch in a
// handler.
std::atomic<bool> armed{false};
pthread_t runner;
Fault fault;
bool inKernel = false;

alignas(64) char landingStack[64 * 1024];
struct sigaction before[NSIG];

void land() { host::abandon("fault"); }

// The handler returns into land(), on a stack of its own: that of the work may be what is broken.
void redirect(ucontext_t* context) {
  auto top = reinterpret_cast<uintptr_t>(landingStack + sizeof landingStack - 128);
  top = (top & ~uintptr_t{15}) - 8;   // as after a call
  context->uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(top);
  context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(&land);
}

void handle(int signal, siginfo_t* info, void* opaque) {
  auto* context = static_cast<ucontext_t*>(opaque);
  if (armed && pthread_equal(runner, pthread_self())) {
    armed = false;
    fault.signal = signal;
    fault.address = info->si_addr;
    fault.isWrite = (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
    fault.hasAddress = info->si_code != SI_KERNEL;
    redirect(context);
    return;
  }
  if (signal == SIGSEGV && is_ours(info->si_addr)) {
    // The process is about to end, so that it is not safe to build the text matters little.
    log(text("host code touches ", describe(info->si_addr), " outside of any operation"));
  }
  const struct sigaction& old = before[signal];
  if ((old.sa_flags & SA_SIGINFO) != 0) {
    old.sa_sigaction(signal, info, opaque);
  } else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) {
    old.sa_handler(signal);
  } else {
    ::signal(signal, SIG_DFL);   // and the instruction faults again
  }
}

std::string place(const host::Dim3& at) { return text("(", at.x, ",", at.y, ",", at.z, ")"); }

[[noreturn]] void report(const std::string& name, const std::string& why) {
  if (fault.signal == 0 && fault.code == CUDA_SUCCESS) {
    fail(CUDA_ERROR_LAUNCH_FAILED, inKernel ? "kernel " : "", name, ": ", why);
  }
  const std::string who =
      inKernel ? text("kernel ", name, ", block ", place(host::position.block), ", thread ",
                      place(host::running().index))
               : name;
  if (fault.code != CUDA_SUCCESS) {
    fail(fault.code, who, " ", why);
  }
  if (fault.signal == SIGFPE) {
    fail(CUDA_ERROR_LAUNCH_FAILED, who, ": a division of integers by zero");
  }
  if (!fault.hasAddress) {
    fail(CUDA_ERROR_MISALIGNED_ADDRESS, who, ": a misaligned access, or one to an address that no memory can have");
  }
  fail(CUDA_ERROR_ILLEGAL_ADDRESS, who, fault.isWrite ? " writes to " : " reads ", describe(fault.address));
}

}  // namespace

void catch_faults() {
  struct sigaction ours;
  std::memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE}) {
    sigaction(signal, &ours, &before[signal]);
  }
}

void fail_kernel(CUresult code, const std::string& why) {
  fault.code = code;
  host::abandon(why);
}

void run_guarded(const std::string& name, bool kernel, const std::function<void()>& work) {
  fault = Fault{};
  inKernel = kernel;
  runner = pthread_self();
  armed = true;
  try {
    work();
    armed = false;
  } catch (const host::KernelFault& why) {
    armed = false;
    report(name, why.what());
  } catch (const Failure&) {
    armed = false;
    throw;
  } catch (const std::exception& e) {
    armed = false;
    fail(CUDA_ERROR_LAUNCH_FAILED, name, ": ", e.what());
  }
}

}  // namespace device
