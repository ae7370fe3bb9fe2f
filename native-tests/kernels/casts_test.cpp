// Rounding to bfloat16.
#include "../../kernels/casts.cu"
#include "testing.h"

using namespace testing;

namespace {

void test(const std::string& name, const std::vector<float>& values) {
  Buffer<float> x(values);
  Buffer<Bf16> out(zeros<Bf16>(values.size()));
  const auto count = static_cast<long long>(values.size());
  const int width = vec({static_cast<int>(count)});
  LAUNCH(round_to_bf16, grid(ceil_div(count, 256 * width)), 0, out.device(), x.device(), count, width);
  check_equal("round_to_bf16 " + name, out.read(), nearest_bf16(values));
}

float of_bits(unsigned bits) {
  float v;
  std::memcpy(&v, &bits, sizeof(v));
  return v;
}

void run(unsigned seed) {
  Random random(seed);
  for (int count : {1, 3, 33, 70, 1024, 4099}) {
    test(std::to_string(count) + " numbers", random.normal(count, 3.0f));
  }
  // Every sign and exponent, with the fractions around a tie above an even and above an odd number.
  std::vector<float> edges;
  for (unsigned head = 0; head < 512; head++) {
    for (unsigned fraction : {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu, 0x10000u, 0x17fffu, 0x18000u, 0x18001u,
                              0x7effffu, 0x7f7fffu, 0x7f8000u, 0x7fffffu}) {
      edges.push_back(of_bits(head << 23 | fraction));
    }
  }
  test("edges", edges);
}

}  // namespace

TEST_MAIN(run)
