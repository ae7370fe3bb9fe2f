// Whether cuBLAS and cuDNN do what Tarn relies on. Runs against the software device and, unchanged, against a GPU:
//
//   g++ -std=c++17 -O2 -o conformance native-tests/libraries/conformance/*.cpp -ldl && ./conformance
//
// with the folders of NVIDIA's libraries in LD_LIBRARY_PATH if the loader does not know them.
#include "check.h"

void test_products();
void test_vectors();
void test_weight_space();
void test_lstm();
void test_graphs();

int main() {
  if (!libraries::open()) return 1;
  test_products();
  test_vectors();
  test_weight_space();
  test_lstm();
  test_graphs();
  return check::finish() ? 0 : 1;
}
