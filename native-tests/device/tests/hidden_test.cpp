// With TARN_DEVICE_HIDDEN=on, host code that touches device memory ends the process and the device says with what.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "testing.h"

using namespace testing;

namespace {

const char* const LOG = "hidden_test.log";

int touch() {
  Session s;
  const CUdeviceptr p = s.upload(std::vector<int>{1, 2, 3});
  WORKS(s.run("add_to", 1, 3, 0, p, 1, 3));
  EXPECT(s.download<int>(p, 3)[2] == 4);
  if (failures > 0) {
    return 1;
  }
  return *reinterpret_cast<volatile int*>(p + 4);
}

}  // namespace

int main(int, char** argv) {
  std::remove(LOG);
  setenv("TARN_DEVICE_LOG", LOG, 1);
  setenv("TARN_DEVICE_HIDDEN", "on", 1);
  const pid_t child = fork();
  if (child == 0) {
    _exit(touch());
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  std::ifstream log(LOG);
  std::string line;
  std::getline(log, line);
  EXPECT(line == "tarn device: host code touches byte 4 of allocation 1 (12 bytes) outside of any operation");
  return result(argv[0]);
}
