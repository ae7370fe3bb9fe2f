// Concat pooling and batch normalisation, forward and backward.
#include "../../kernels/head.cu"
#include "masks.h"

using namespace testing;

namespace {

constexpr int TOKEN = 1;
constexpr float MARGIN = 1e-5f;
constexpr float MOMENTUM = 0.1f;

struct Window {
  int steps, batch, hidden;
};

enum class Padded { LEFT, RIGHT, NONE, ALL };

// Ids where each document has its own number of words, and one of them all steps.
std::vector<int> padded(const Window& w, Padded where, Random& random) {
  std::vector<int> ids(static_cast<size_t>(w.steps) * w.batch, TOKEN + 1);
  for (int b = 0; b < w.batch; b++) {
    const int words = where == Padded::NONE || b == 1 ? w.steps : where == Padded::ALL ? 0 : random.ids(1, w.steps)[0];
    for (int t = 0; t < w.steps; t++) {
      const bool isText = where == Padded::LEFT ? t >= w.steps - words : t < words;
      ids[static_cast<size_t>(t) * w.batch + b] = isText ? TOKEN + 1 : TOKEN;
    }
  }
  return ids;
}

template <typename R>
struct Pooled {
  std::vector<R> out;
  std::vector<int> chosen;
};

template <typename R>
Pooled<R> pool(const Window& w, const std::vector<float>& h, const std::vector<int>& ids) {
  Pooled<R> pooled{std::vector<R>(3 * w.batch * w.hidden), std::vector<int>(w.batch * w.hidden, -1)};
  for (int b = 0; b < w.batch; b++) {
    for (int j = 0; j < w.hidden; j++) {
      R sum = 0;
      R highest = 0;
      int words = 0;
      for (int t = 0; t < w.steps; t++) {
        const float v = h[(t * w.batch + b) * w.hidden + j];
        if (ids[t * w.batch + b] != TOKEN) {
          sum += R(v);
          if (words == 0 || v > highest) {
            highest = v;
            pooled.chosen[b * w.hidden + j] = t;
          }
          words++;
        }
      }
      R* row = &pooled.out[3 * b * w.hidden + j];
      row[0] = h[((w.steps - 1) * w.batch + b) * w.hidden + j];
      row[w.hidden] = highest;
      row[2 * w.hidden] = words == 0 ? R(0) : sum / R(words);
    }
  }
  return pooled;
}

template <typename R>
std::vector<R> pool_backward(const Window& w, const std::vector<float>& dOut, const std::vector<int>& chosen,
                             const std::vector<int>& ids) {
  std::vector<R> dh(static_cast<size_t>(w.steps) * w.batch * w.hidden, R(0));
  for (int b = 0; b < w.batch; b++) {
    int words = 0;
    for (int t = 0; t < w.steps; t++) {
      words += ids[t * w.batch + b] != TOKEN;
    }
    for (int j = 0; j < w.hidden; j++) {
      const float* row = &dOut[3 * b * w.hidden + j];
      auto at = [&](int t) -> R& { return dh[(t * w.batch + b) * w.hidden + j]; };
      for (int t = 0; t < w.steps; t++) {
        at(t) = ids[t * w.batch + b] != TOKEN ? R(row[2 * w.hidden]) / R(words) : R(0);
      }
      if (chosen[b * w.hidden + j] >= 0) {
        at(chosen[b * w.hidden + j]) += R(row[w.hidden]);
      }
      at(w.steps - 1) += R(row[0]);
    }
  }
  return dh;
}

void test_pooling(const Window& w, Padded where, bool hasTies, Random& random) {
  const std::string name = " " + shape({w.steps, w.batch, w.hidden}) + " padded " +
                           std::to_string(static_cast<int>(where)) + (hasTies ? " ties" : "");
  auto h = random.normal(static_cast<size_t>(w.steps) * w.batch * w.hidden);
  if (hasTies) {
    for (float& v : h) {
      v = std::round(v);
    }
  }
  const auto ids = padded(w, where, random);
  const auto dOut = random.normal(3 * static_cast<size_t>(w.batch) * w.hidden);
  Buffer<float> in(h), down(dOut), out(zeros<float>(dOut.size())), dh(zeros<float>(h.size()));
  Buffer<int> words(ids), chosen(zeros<int>(static_cast<size_t>(w.batch) * w.hidden));
  const int width = vec({w.hidden});
  const Grid blocks = grid(ceil_div(w.hidden, 32 * width), w.batch);
  const int token = TOKEN;
  LAUNCH(concat_pool, blocks, 0, out.device(), chosen.device(), in.device(), words.device(), token, w.steps, w.batch,
         w.hidden, width);
  LAUNCH(concat_pool_backward, blocks, 0, dh.device(), down.device(), chosen.device(), words.device(), token, w.steps,
         w.batch, w.hidden, width);
  const auto exact = pool<double>(w, h, ids);
  check("concat_pool" + name, out.read(), exact.out, roundings([&] { return pool<float>(w, h, ids).out; }));
  check_equal("concat_pool chosen" + name, chosen.read(), exact.chosen);
  check("concat_pool_backward" + name, dh.read(), pool_backward<double>(w, dOut, exact.chosen, ids),
        roundings([&] { return pool_backward<float>(w, dOut, exact.chosen, ids); }));
}

// What a batch normalisation starts from.
struct Layer {
  int rows, features;
  bool relu;
  std::vector<float> x, gamma, beta, mean, variance, mask;

  template <typename R>
  R activated(int n, int f) const {
    const R v = x[n * features + f];
    return relu && v < 0 ? R(0) : v;
  }
};

template <typename R>
struct Normalized {
  std::vector<R> y, saved, mean, variance;
};

template <typename R>
Normalized<R> normalize(const Layer& l) {
  Normalized<R> r{std::vector<R>(l.x.size()), std::vector<R>(2 * l.features), {}, {}};
  for (int f = 0; f < l.features; f++) {
    R sum = 0;
    for (int n = 0; n < l.rows; n++) {
      sum += l.activated<R>(n, f);
    }
    const R mean = sum / R(l.rows);
    R squares = 0;
    for (int n = 0; n < l.rows; n++) {
      const R deviation = l.activated<R>(n, f) - mean;
      squares += deviation * deviation;
    }
    const R inverse = R(1) / std::sqrt(squares / R(l.rows) + R(MARGIN));
    for (int n = 0; n < l.rows; n++) {
      r.y[n * l.features + f] = R(l.mask[n * l.features + f]) *
                                ((l.activated<R>(n, f) - mean) * inverse * R(l.gamma[f]) + R(l.beta[f]));
    }
    r.saved[f] = mean;
    r.saved[l.features + f] = inverse;
    r.mean.push_back(R(l.mean[f]) + R(MOMENTUM) * (mean - R(l.mean[f])));
    r.variance.push_back(R(l.variance[f]) + R(MOMENTUM) * (squares / R(l.rows - 1) - R(l.variance[f])));
  }
  return r;
}

template <typename R>
std::vector<R> evaluate(const Layer& l) {
  std::vector<R> y(l.x.size());
  for (int f = 0; f < l.features; f++) {
    const R inverse = R(1) / std::sqrt(R(l.variance[f]) + R(MARGIN));
    for (int n = 0; n < l.rows; n++) {
      y[n * l.features + f] = (l.activated<R>(n, f) - R(l.mean[f])) * inverse * R(l.gamma[f]) + R(l.beta[f]);
    }
  }
  return y;
}

template <typename R>
struct Gradients {
  std::vector<R> dx, dGamma, dBeta;
};

template <typename R>
Gradients<R> normalize_backward(const Layer& l, const std::vector<float>& saved, const std::vector<float>& dy,
                                const std::vector<float>& dGamma, const std::vector<float>& dBeta) {
  Gradients<R> r{std::vector<R>(l.x.size()), {}, {}};
  for (int f = 0; f < l.features; f++) {
    const R inverse = saved[l.features + f];
    auto gradient = [&](int n) { return R(l.mask[n * l.features + f]) * R(dy[n * l.features + f]); };
    auto normal = [&](int n) { return (l.activated<R>(n, f) - R(saved[f])) * inverse; };
    R sum = 0;
    R product = 0;
    for (int n = 0; n < l.rows; n++) {
      sum += gradient(n);
      product += gradient(n) * normal(n);
    }
    for (int n = 0; n < l.rows; n++) {
      const bool passes = !l.relu || l.x[n * l.features + f] > 0;
      r.dx[n * l.features + f] = passes ? R(l.gamma[f]) * inverse *
                                              (gradient(n) - sum / R(l.rows) - normal(n) * (product / R(l.rows)))
                                        : R(0);
    }
    r.dGamma.push_back(R(dGamma[f]) + product);
    r.dBeta.push_back(R(dBeta[f]) + sum);
  }
  return r;
}

void test_batch_norm(int rows, int features, bool relu, int kind, bool inPlace, Random& random) {
  const std::string name = " " + shape({rows, features}) + (relu ? " relu" : "") + " mask " + std::to_string(kind) +
                           (inPlace ? " in place" : "");
  const size_t size = static_cast<size_t>(rows) * features;
  const Mask mask = mask_of_kind(kind, size, 0.3f, random);
  Layer l{rows, features, relu, random.normal(size), random.normal(features), random.normal(features),
          random.normal(features), random.normal(features), mask.values};
  l.x[0] = 0.0f;
  for (float& v : l.variance) {
    v = std::abs(v);
  }
  Buffer<float> x(l.x), gamma(l.gamma), beta(l.beta), mean(l.mean), variance(l.variance);
  Buffer<float> y(zeros<float>(size)), saved(zeros<float>(2 * features));
  const Grid blocks = grid(ceil_div(features, 32));
  const int flag = relu;
  const float margin = MARGIN, momentum = MOMENTUM;
  LAUNCH(batch_norm_evaluate, blocks, 0, y.device(), x.device(), gamma.device(), beta.device(), mean.device(),
         variance.device(), flag, margin, rows, features);
  check("batch_norm_evaluate" + name, y.read(), evaluate<double>(l), roundings([&] { return evaluate<float>(l); }));
  if (rows < 2) {
    return;
  }
  LAUNCH(batch_norm, blocks, 0, y.device(), saved.device(), mean.device(), variance.device(), x.device(),
         gamma.device(), beta.device(), mask.argument, flag, margin, momentum, rows, features);
  const auto exact = normalize<double>(l);
  const auto plain = roundings([&] { return normalize<float>(l); });
  check("batch_norm" + name, y.read(), exact.y, plain, &Normalized<float>::y);
  check("batch_norm saved" + name, saved.read(), exact.saved, plain, &Normalized<float>::saved);
  check("batch_norm running mean" + name, mean.read(), exact.mean, plain, &Normalized<float>::mean);
  check("batch_norm running variance" + name, variance.read(), exact.variance, plain, &Normalized<float>::variance);

  const auto dy = random.normal(size);
  const auto dGamma = random.normal(features);
  const auto dBeta = random.normal(features);
  const auto statistics = as_float(exact.saved);
  Buffer<float> down(dy), dx(zeros<float>(size)), scale(dGamma), shift(dBeta), read(statistics);
  float* target = inPlace ? down.device() : dx.device();
  LAUNCH(batch_norm_backward, blocks, 0, target, scale.device(), shift.device(), x.device(), down.device(),
         gamma.device(), read.device(), mask.argument, flag, rows, features);
  const auto gradients = normalize_backward<double>(l, statistics, dy, dGamma, dBeta);
  const auto rounded = roundings([&] { return normalize_backward<float>(l, statistics, dy, dGamma, dBeta); });
  check("batch_norm_backward" + name, inPlace ? down.read() : dx.read(), gradients.dx, rounded, &Gradients<float>::dx);
  check("batch_norm_backward gamma" + name, scale.read(), gradients.dGamma, rounded, &Gradients<float>::dGamma);
  check("batch_norm_backward beta" + name, shift.read(), gradients.dBeta, rounded, &Gradients<float>::dBeta);
}

void run(unsigned seed) {
  Random random(seed);
  for (const Window& w : {Window{1, 1, 1}, Window{3, 2, 33}, Window{70, 3, 71}, Window{140, 2, 132},
                          Window{33, 1, 400}}) {
    for (Padded where : {Padded::LEFT, Padded::RIGHT, Padded::NONE, Padded::ALL}) {
      test_pooling(w, where, random.word() % 2 == 0, random);
    }
  }
  for (auto [rows, features] : {std::pair{1, 3}, {2, 1}, {3, 33}, {9, 64}, {33, 50}, {64, 71}}) {
    for (int kind : {MASK_NONE, MASK_DRAWN, MASK_GIVEN}) {
      const bool relu = random.word() % 2 == 0;
      test_batch_norm(rows, features, relu, kind, true, random);
      test_batch_norm(rows, features, !relu, kind, false, random);
    }
  }
}

}  // namespace

TEST_MAIN(run)
