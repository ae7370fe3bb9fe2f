// Cross-entropy, its gradient in place, the bias gradient and the count of hits.
#include "../../kernels/softmax_xent.cu"
#include "testing.h"

using namespace testing;

namespace {

template <typename R>
struct Result {
  std::vector<R> gradient, bias, loss;
  double correct = 0;
};

template <typename R>
Result<R> reference(int rows, int vocabulary, const std::vector<float>& x, const std::vector<int>& targets,
                    const std::vector<float>& db) {
  Result<R> r;
  R total = 0;
  std::vector<R> sums(vocabulary, R(0));
  for (int row = 0; row < rows; row++) {
    const float* at = x.data() + static_cast<size_t>(row) * vocabulary;
    const float largest = *std::max_element(at, at + vocabulary);
    R sum = 0;
    for (int v = 0; v < vocabulary; v++) {
      sum += std::exp(R(at[v]) - R(largest));
    }
    total += std::log(sum) + R(largest) - R(at[targets[row]]);
    r.correct += std::max_element(at, at + vocabulary) - at == targets[row];
    for (int v = 0; v < vocabulary; v++) {
      const R p = std::exp(R(at[v]) - R(largest)) / sum;
      r.gradient.push_back((p - (v == targets[row] ? 1 : 0)) / R(rows));
      sums[v] += r.gradient.back();
    }
  }
  r.loss = {total / R(rows)};
  for (int v = 0; v < vocabulary; v++) {
    r.bias.push_back(R(db[v]) + sums[v]);
  }
  return r;
}

void test(int rows, int vocabulary, float deviation, bool isBiased, Random& random) {
  const std::string name =
      " " + shape({rows, vocabulary}) + " deviation " + std::to_string(deviation) + (isBiased ? " biased" : "");
  auto x = random.normal(static_cast<size_t>(rows) * vocabulary, deviation);
  const auto targets = random.ids(rows, vocabulary);
  // Half of the rows are hits; one in four shares its largest logit with an earlier or later entry.
  for (int row = 0; row < rows; row += 2) {
    float* at = x.data() + static_cast<size_t>(row) * vocabulary;
    at[targets[row]] = *std::max_element(at, at + vocabulary) + (row % 4 == 0 ? 1.0f : 0.0f);
  }
  const auto db = random.normal(vocabulary, 0.01f);
  // What stands in memory lacks the bias, and x is what their sum rounds to.
  const auto offsets = isBiased ? random.normal(vocabulary, 1.0f) : zeros<float>(vocabulary);
  auto stored = x;
  for (size_t k = 0; k < x.size(); k++) {
    stored[k] -= offsets[k % vocabulary];
    x[k] = stored[k] + offsets[k % vocabulary];
  }
  Buffer<float> logits(stored), offset(offsets), largest(zeros<float>(rows)), sums(zeros<float>(rows)), losses(zeros<float>(rows));
  Buffer<float> stats(zeros<float>(2)), bias(db);
  Buffer<int> ids(targets), correct(zeros<int>(rows));
  const float* added = isBiased ? offset.device() : nullptr;
  const int width = vec({vocabulary});
  LAUNCH(xent_rows, grid(rows), 0, largest.device(), sums.device(), losses.device(), correct.device(),
         logits.device(), added, ids.device(), vocabulary, width);
  LAUNCH(xent_stats, grid(1), 0, stats.device(), losses.device(), correct.device(), rows);
  const auto exact = reference<double>(rows, vocabulary, x, targets, db);
  const auto plain = roundings([&] { return reference<float>(rows, vocabulary, x, targets, db); });
  check("xent loss" + name, std::vector<float>{stats.read()[0]}, exact.loss, plain, &Result<float>::loss);
  check("xent hits" + name, std::vector<float>{stats.read()[1]}, {exact.correct},
        {{static_cast<float>(exact.correct)}});

  int* none = nullptr;
  LAUNCH(xent_rows, grid(rows), 0, largest.device(), sums.device(), losses.device(), none, logits.device(),
         added, ids.device(), vocabulary, width);
  LAUNCH(xent_stats, grid(1), 0, stats.device(), losses.device(), none, rows);
  checks++;
  if (!std::isnan(stats.read()[1])) {
    fail("xent hits that nobody counted are a number" + name);
  }
  Bf16* unrounded = nullptr;
  const int groups = static_cast<int>(ceil_div(rows, 64));
  Buffer<float> partial(zeros<float>(static_cast<size_t>(groups) * vocabulary));
  LAUNCH(xent_gradient, grid(ceil_div(vocabulary, 256 * width), groups), 0, logits.device(), unrounded,
         partial.device(), added, ids.device(), largest.device(), sums.device(), 1.0f / rows, rows, vocabulary, width);
  LAUNCH(xent_bias, grid(ceil_div(vocabulary, 256)), 0, bias.device(), partial.device(), groups, vocabulary, 1);
  Buffer<float> fresh(std::vector<float>(vocabulary, NAN)), sumOfGroups(zeros<float>(vocabulary));
  LAUNCH(xent_bias, grid(ceil_div(vocabulary, 256)), 0, fresh.device(), partial.device(), groups, vocabulary, 0);
  LAUNCH(xent_bias, grid(ceil_div(vocabulary, 256)), 0, sumOfGroups.device(), partial.device(), groups, vocabulary, 1);
  check_equal("xent bias, not added" + name, fresh.read(), sumOfGroups.read());
  Buffer<float> again(stored), partialAgain(zeros<float>(partial.read().size()));
  Buffer<Bf16> rounded(zeros<Bf16>(x.size()));
  LAUNCH(xent_gradient, grid(ceil_div(vocabulary, 256 * width), groups), 0, again.device(), rounded.device(),
         partialAgain.device(), added, ids.device(), largest.device(), sums.device(), 1.0f / rows, rows, vocabulary,
         width);
  check_equal("xent gradient, rounded" + name, rounded.read(), nearest_bf16(logits.read()));
  check_equal("xent logits under a rounded gradient" + name, again.read(), stored);
  check_equal("xent sums of a rounded gradient" + name, partialAgain.read(), partial.read());
  check("xent gradient" + name, logits.read(), exact.gradient, plain, &Result<float>::gradient);
  check("xent bias" + name, bias.read(), exact.bias, plain, &Result<float>::bias);

  Buffer<float> sum(stored);
  LAUNCH(add_bias, grid(ceil_div(vocabulary, 256), rows), 0, sum.device(), offset.device(), vocabulary);
  checks++;
  if (sum.read() != x) {
    fail("add_bias is not the sum" + name);
  }
}

void run(unsigned seed) {
  Random random(seed);
  for (auto [rows, vocabulary] : {std::pair{1, 1}, {3, 2}, {5, 33}, {70, 71}, {129, 400}, {9, 2051}, {4, 5000}}) {
    for (float deviation : {1.0f, 20.0f}) {
      test(rows, vocabulary, deviation, false, random);
      test(rows, vocabulary, deviation, true, random);
    }
  }
}

}  // namespace

TEST_MAIN(run)
