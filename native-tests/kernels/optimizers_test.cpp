// Norm and clip, Adam, SGD and averaging over segments.
#include "../../kernels/optimizers.cu"
#include "testing.h"

using namespace testing;

namespace {

constexpr double LR[] = {3e-3, 1e-2};
constexpr double WD[] = {0.01, 0.2};

// Segments with holes between them; what lies in a hole must not change.
Segments segments(const std::vector<int>& sizes, size_t* total, int* tiles) {
  Segments s{};
  long long offset = 3;
  *tiles = 0;
  for (size_t k = 0; k < sizes.size(); k++) {
    offset = k % 2 == 0 ? (offset + 3) / 4 * 4 : offset;
    s.at[k] = {offset, sizes[k], *tiles, static_cast<int>(k % 2), offset % 4 == 0 ? 4 : 1};
    *tiles += static_cast<int>(ceil_div(sizes[k], TILE));
    offset += sizes[k] + 5;
  }
  s.size = static_cast<int>(sizes.size());
  *total = static_cast<size_t>(offset);
  return s;
}

template <typename R>
struct State {
  std::vector<R> p, m, v;
};

template <typename R, typename Update>
void for_each(const Segments& s, Update update) {
  for (int k = 0; k < s.size; k++) {
    for (long long e = s.at[k].offset; e < s.at[k].offset + s.at[k].count; e++) {
      update(static_cast<size_t>(e), R(LR[s.at[k].group]), R(WD[s.at[k].group]));
    }
  }
}

template <typename R>
State<R> start(const std::vector<float>& p, const std::vector<float>& m, const std::vector<float>& v) {
  return {{p.begin(), p.end()}, {m.begin(), m.end()}, {v.begin(), v.end()}};
}

template <typename R>
State<R> adam_of(const Segments& s, State<R> x, const std::vector<float>& g, R scale, bool decoupled, int step) {
  const R b1 = R(0.8), b2 = R(0.99), eps = R(1e-8);
  for_each<R>(s, [&](size_t e, R lr, R wd) {
    const R d = R(g[e]) * scale + (decoupled ? R(0) : wd * x.p[e]);
    x.m[e] = b1 * x.m[e] + (1 - b1) * d;
    x.v[e] = b2 * x.v[e] + (1 - b2) * d * d;
    const R denominator = std::sqrt(x.v[e]) / std::sqrt(1 - R(std::pow(b2, R(step)))) + eps;
    x.p[e] -= (decoupled ? lr * wd * x.p[e] : R(0)) + lr / (1 - R(std::pow(b1, R(step)))) * x.m[e] / denominator;
  });
  return x;
}

template <typename R>
State<R> sgd_of(const Segments& s, State<R> x, const std::vector<float>& g, R scale, bool decoupled, R momentum,
                bool isFirst) {
  for_each<R>(s, [&](size_t e, R lr, R wd) {
    R d = R(g[e]) * scale + (decoupled ? R(0) : wd * x.p[e]);
    if (momentum != 0) {
      d = isFirst ? d : momentum * x.m[e] + d;
      x.m[e] = d;
    }
    x.p[e] -= (decoupled ? lr * wd * x.p[e] : R(0)) + lr * d;
  });
  return x;
}

void test(const std::vector<int>& sizes, bool decoupled, Random& random) {
  size_t total = 0;
  int tiles = 0;
  const Segments s = segments(sizes, &total, &tiles);
  const std::string name = " of " + std::to_string(sizes.size()) + " segments" + (decoupled ? "" : ", coupled");
  const auto p = random.normal(total), g = random.normal(total), m = random.normal(total, 0.1f);
  auto v = random.normal(total, 0.1f);
  for (float& x : v) {
    x *= x;
  }
  const Grid blocks = grid(tiles);

  Buffer<float> gradients(g), clip(zeros<float>(2));
  Buffer<double> sums(zeros<double>(tiles));
  LAUNCH(gradient_squares, blocks, 0, sums.device(), gradients.device(), s);
  LAUNCH(gradient_clip, grid(1), 0, clip.device(), sums.device(), tiles, 0.25);
  double square = 0.0;
  for_each<double>(s, [&](size_t e, double, double) { square += static_cast<double>(g[e]) * g[e]; });
  const double norm = std::sqrt(square);
  const std::vector<double> exact = {norm, std::min(1.0, 0.25 / (norm + 1e-6))};
  check("gradient_clip" + name, clip.read(), exact, {as_float(exact)});
  const float scale = clip.read()[1];

  const int step = 3;
  Adam adam{};
  Sgd sgd{};
  for (int k = 0; k < 2; k++) {
    adam.rate[k] = static_cast<float>(LR[k] / (1 - std::pow(0.8, step)));
    adam.decay[k] = sgd.decay[k] = decoupled ? static_cast<float>(LR[k] * WD[k]) : 0.0f;
    adam.l2[k] = sgd.l2[k] = decoupled ? 0.0f : static_cast<float>(WD[k]);
    sgd.rate[k] = static_cast<float>(LR[k]);
  }
  adam.beta1 = 0.8f;
  adam.rest1 = static_cast<float>(1 - 0.8);
  adam.beta2 = 0.99f;
  adam.rest2 = static_cast<float>(1 - 0.99);
  adam.correction2 = static_cast<float>(1 / std::sqrt(1 - std::pow(0.99, step)));
  adam.eps = 1e-8f;
  for (bool clipped : {false, true}) {
    Buffer<float> parameters(p), means(m), squares(v);
    const float* factor = clipped ? clip.device() : nullptr;
    LAUNCH(adam_step, blocks, 0, parameters.device(), gradients.device(), means.device(), squares.device(), factor, adam,
           s);
    const auto want = adam_of<double>(s, start<double>(p, m, v), g, clipped ? scale : 1.0, decoupled, step);
    const auto plain = roundings(
        [&] { return adam_of<float>(s, start<float>(p, m, v), g, clipped ? scale : 1.0f, decoupled, step); });
    check("adam p" + name, parameters.read(), want.p, plain, &State<float>::p);
    check("adam m" + name, means.read(), want.m, plain, &State<float>::m);
    check("adam v" + name, squares.read(), want.v, plain, &State<float>::v);
  }
  for (float momentum : {0.0f, 0.9f}) {
    for (int isFirst : {0, 1}) {
      sgd.momentum = momentum;
      sgd.isFirst = isFirst;
      const float unread = isFirst ? NAN : 0.0f;
      std::vector<float> buffer = m;
      for (float& x : buffer) {
        x += unread;
      }
      Buffer<float> parameters(p), velocity(buffer);
      float* kept = momentum == 0.0f ? nullptr : velocity.device();
      LAUNCH(sgd_step, blocks, 0, parameters.device(), gradients.device(), kept, clip.device(), sgd, s);
      const auto want = sgd_of<double>(s, start<double>(p, m, v), g, scale, decoupled, momentum, isFirst);
      const auto plain =
          roundings([&] { return sgd_of<float>(s, start<float>(p, m, v), g, scale, decoupled, momentum, isFirst); });
      check("sgd p" + name, parameters.read(), want.p, plain, &State<float>::p);
    }
  }
  Buffer<float> parameters(p), mean(m);
  LAUNCH(average_step, blocks, 0, mean.device(), parameters.device(), 0.25f, s);
  std::vector<double> want(m.begin(), m.end());
  std::vector<float> plain = m;
  for_each<double>(s, [&](size_t e, double, double) {
    want[e] += (static_cast<double>(p[e]) - m[e]) * 0.25;
    plain[e] += (p[e] - m[e]) * 0.25f;
  });
  check("average" + name, mean.read(), want, {plain});
}

void run(unsigned seed) {
  Random random(seed);
  for (bool decoupled : {true, false}) {
    test({1}, decoupled, random);
    test({3, 33, 70, 71}, decoupled, random);
    test({4096, 4097, 1150, 8192, 5}, decoupled, random);
    test(std::vector<int>(MAX_SEGMENTS, 37), decoupled, random);
  }
}

}  // namespace

TEST_MAIN(run)
