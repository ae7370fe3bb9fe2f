// Locked dropout.
#include "../../kernels/dropout.cu"
#include "masks.h"

using namespace testing;

namespace {

void run(unsigned seed) {
  Random random(seed);
  for (auto [steps, columns] : {std::pair{1, 1}, {3, 5}, {33, 71}, {8, 400}, {17, 1150}}) {
    for (int kind : {MASK_NONE, MASK_DRAWN, MASK_GIVEN}) {
      for (bool inPlace : {false, true}) {
        const auto x = random.normal(static_cast<size_t>(steps) * columns);
        const Mask mask = mask_of_kind(kind, columns, 0.25f, random);
        std::vector<double> exact;
        std::vector<float> plain;
        for (size_t i = 0; i < x.size(); i++) {
          exact.push_back(static_cast<double>(x[i]) * mask.values[i % columns]);
          plain.push_back(x[i] * mask.values[i % columns]);
        }
        Buffer<float> in(x);
        Buffer<float> out(zeros<float>(x.size()));
        float* target = inPlace ? in.device() : out.device();
        const int width = vec({columns});
        LAUNCH(locked_dropout, grid(ceil_div(columns, 256 * width), ceil_div(steps, 8)), 0, target, in.device(),
               mask.argument, steps, columns, width);
        check("locked_dropout " + shape({steps, columns}), inPlace ? in.read() : out.read(), exact, {plain});
      }
    }
  }
}

}  // namespace

TEST_MAIN(run)
