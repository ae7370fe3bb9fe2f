// Embedding lookup, its gradient, and locked dropout.
#include "../../kernels/embedding.cu"
#include "masks.h"

using namespace testing;

namespace {

struct Case {
  int steps, batch, width, vocabulary;
};

template <typename R>
std::vector<R> forward(const Case& c, const std::vector<float>& w, const std::vector<int>& ids,
                       const std::vector<float>& rows, const std::vector<float>& input) {
  std::vector<R> out;
  for (int p = 0; p < c.steps * c.batch; p++) {
    for (int e = 0; e < c.width; e++) {
      const R row = rows[ids[p]];
      const R locked = input[p % c.batch * c.width + e];
      out.push_back(R(w[ids[p] * c.width + e]) * (row * locked));
    }
  }
  return out;
}

template <typename R>
std::vector<R> backward(const Case& c, const std::vector<float>& before, const std::vector<float>& dOut,
                        const std::vector<int>& ids, const std::vector<float>& rows, const std::vector<float>& input,
                        int padding) {
  std::vector<R> dw(before.begin(), before.end());
  for (int p = 0; p < c.steps * c.batch; p++) {
    for (int e = 0; e < c.width && ids[p] != padding; e++) {
      const R locked = input[p % c.batch * c.width + e];
      dw[ids[p] * c.width + e] += R(dOut[p * c.width + e]) * (R(rows[ids[p]]) * locked);
    }
  }
  return dw;
}

void test(const Case& c, int kind, Random& random) {
  const size_t positions = static_cast<size_t>(c.steps) * c.batch;
  const std::string name = " " + shape({c.steps, c.batch, c.width, c.vocabulary}) + " mask " + std::to_string(kind);
  const auto w = random.normal(static_cast<size_t>(c.vocabulary) * c.width);
  const auto ids = random.ids(positions, c.vocabulary);
  const Mask rows = mask_of_kind(kind, c.vocabulary, 0.3f, random);
  const Mask input = mask_of_kind(kind, static_cast<size_t>(c.batch) * c.width, 0.4f, random);
  const int width = vec({c.width});
  Buffer<float> out(zeros<float>(positions * c.width));
  Buffer<float> table(w);
  Buffer<int> tokens(ids);
  LAUNCH(embedding_forward, grid(ceil_div(c.batch * c.width, 256 * width), ceil_div(c.steps, 8)), 0, out.device(),
         table.device(), tokens.device(), rows.argument, input.argument, c.steps, c.batch, c.width, width);
  check("embedding_forward" + name, out.read(), forward<double>(c, w, ids, rows.values, input.values),
        roundings([&] { return forward<float>(c, w, ids, rows.values, input.values); }));

  const auto dOut = random.normal(positions * c.width);
  const auto before = random.normal(w.size());
  const int padding = kind == MASK_GIVEN ? -1 : 1;
  Buffer<float> dw(before);
  Buffer<float> gradient(dOut);
  LAUNCH(embedding_backward, grid(positions), 0, dw.device(), gradient.device(), tokens.device(), rows.argument,
         input.argument, static_cast<int>(positions), c.batch, c.width, padding, width);
  check("embedding_backward" + name, dw.read(),
        backward<double>(c, before, dOut, ids, rows.values, input.values, padding),
        roundings([&] { return backward<float>(c, before, dOut, ids, rows.values, input.values, padding); }));
}

void run(unsigned seed) {
  Random random(seed);
  for (const Case& c : {Case{1, 1, 1, 3}, Case{3, 2, 5, 4}, Case{33, 3, 70, 40}, Case{9, 71, 8, 7},
                        Case{17, 5, 400, 2000}, Case{11, 1, 33, 2}}) {
    for (int kind : {MASK_NONE, MASK_DRAWN, MASK_GIVEN}) {
      test(c, kind, random);
    }
  }
}

}  // namespace

TEST_MAIN(run)
