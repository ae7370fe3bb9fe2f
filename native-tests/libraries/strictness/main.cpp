// What the software device refuses and NVIDIA's libraries would take without a word, or answer with another number.
#include <cstdio>

#include "check.h"

void test_strict_cublas();
void test_strict_steps();
void test_strict_arguments();
void test_faults();

int main() {
  if (!libraries::open()) return 1;
  if (!libraries::is_software()) {
    std::printf("this is not the software device\n");
    return 1;
  }
  test_strict_cublas();
  test_strict_arguments();
  test_strict_steps();
  test_faults();
  return check::finish() ? 0 : 1;
}
