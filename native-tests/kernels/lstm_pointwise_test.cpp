// The pointwise halves of an LSTM step, and column sums.
#include "../../kernels/column_sums.cu"
#include "../../kernels/lstm_pointwise.cu"
#include "testing.h"

using namespace testing;

namespace {

template <typename R>
struct Forward {
  std::vector<R> h, c, gates;
};

template <typename R>
Forward<R> forward(int batch, int hidden, const std::vector<float>& a, const std::vector<float>& before,
                   const std::vector<float>& bIh, const std::vector<float>& bHh) {
  Forward<R> out;
  out.gates.resize(a.size());
  for (int b = 0; b < batch; b++) {
    for (int j = 0; j < hidden; j++) {
      R g[4];
      for (int k = 0; k < 4; k++) {
        const int at = (b * 4 + k) * hidden + j;
        const R sum = R(a[at]) + R(bIh[k * hidden + j]) + R(bHh[k * hidden + j]);
        g[k] = k == 2 ? std::tanh(sum) : 1 / (1 + std::exp(-sum));
        out.gates[at] = g[k];
      }
      const R c = g[1] * R(before[b * hidden + j]) + g[0] * g[2];
      out.c.push_back(c);
      out.h.push_back(g[3] * std::tanh(c));
    }
  }
  return out;
}

template <typename R>
struct Backward {
  std::vector<R> da, dc;
};

template <typename R>
Backward<R> backward(int batch, int hidden, const std::vector<float>& gates, const std::vector<float>& c,
                     const std::vector<float>& before, const std::vector<float>& dy, const std::vector<float>& dh,
                     const std::vector<float>& dcAfter) {
  Backward<R> out;
  out.da.resize(gates.size());
  for (int b = 0; b < batch; b++) {
    for (int j = 0; j < hidden; j++) {
      const int unit = b * hidden + j;
      R g[4];
      for (int k = 0; k < 4; k++) {
        g[k] = gates[(b * 4 + k) * hidden + j];
      }
      const R d = R(dy[unit]) + R(dh[unit]);
      const R t = std::tanh(R(c[unit]));
      const R q = R(dcAfter[unit]) + d * g[3] * (1 - t * t);
      const R da[4] = {q * g[2] * g[0] * (1 - g[0]), q * R(before[unit]) * g[1] * (1 - g[1]),
                       q * g[0] * (1 - g[2] * g[2]), d * t * g[3] * (1 - g[3])};
      for (int k = 0; k < 4; k++) {
        out.da[(b * 4 + k) * hidden + j] = da[k];
      }
      out.dc.push_back(q * g[1]);
    }
  }
  return out;
}

void test_step(int batch, int hidden, bool isRounded, Random& random) {
  const std::string name = " " + shape({batch, hidden}) + (isRounded ? " rounded" : "");
  const size_t units = static_cast<size_t>(batch) * hidden;
  const auto a = random.normal(4 * units, 2.0f);
  const auto before = random.normal(units);
  const auto bIh = random.normal(4 * hidden, 0.3f);
  const auto bHh = random.normal(4 * hidden, 0.3f);
  const int width = vec({hidden});
  const Grid blocks = grid(ceil_div(static_cast<long long>(units), 256 * width));
  Buffer<float> h(zeros<float>(units)), c(zeros<float>(units)), gates(a), earlier(before), b0(bIh), b1(bHh);
  Buffer<Bf16> rounded(zeros<Bf16>(units)), roundedGates(zeros<Bf16>(4 * units));
  LAUNCH(lstm_step_forward, blocks, 0, h.device(), isRounded ? rounded.device() : nullptr, c.device(), gates.device(),
         earlier.device(), b0.device(), b1.device(), batch, hidden, width);
  if (isRounded) {
    check_equal("lstm_step_forward rounded" + name, rounded.read(), nearest_bf16(h.read()));
  }
  const auto exact = forward<double>(batch, hidden, a, before, bIh, bHh);
  const auto plain = roundings([&] { return forward<float>(batch, hidden, a, before, bIh, bHh); });
  check("lstm_step_forward h" + name, h.read(), exact.h, plain, &Forward<float>::h);
  check("lstm_step_forward c" + name, c.read(), exact.c, plain, &Forward<float>::c);
  check("lstm_step_forward gates" + name, gates.read(), exact.gates, plain, &Forward<float>::gates);

  const auto saved = gates.read();
  const auto cells = c.read();
  const auto dy = random.normal(units), dh = random.normal(units), dcAfter = random.normal(units);
  Buffer<float> down(dy), carried(dh), dc(dcAfter);
  LAUNCH(lstm_step_backward, blocks, 0, gates.device(), isRounded ? roundedGates.device() : nullptr, dc.device(),
         c.device(), earlier.device(), down.device(), carried.device(), batch, hidden, width);
  if (isRounded) {
    check_equal("lstm_step_backward rounded" + name, roundedGates.read(), nearest_bf16(gates.read()));
  }
  const auto exactBack = backward<double>(batch, hidden, saved, cells, before, dy, dh, dcAfter);
  const auto plainBack =
      roundings([&] { return backward<float>(batch, hidden, saved, cells, before, dy, dh, dcAfter); });
  check("lstm_step_backward da" + name, gates.read(), exactBack.da, plainBack, &Backward<float>::da);
  check("lstm_step_backward dc" + name, dc.read(), exactBack.dc, plainBack, &Backward<float>::dc);
}

template <typename R>
std::vector<R> sums(const std::vector<float>& before, const std::vector<float>& x, int columns) {
  std::vector<R> sum(columns, R(0));
  for (size_t i = 0; i < x.size(); i++) {
    sum[i % columns] += x[i];
  }
  for (int j = 0; j < columns; j++) {
    sum[j] += before[j];
  }
  return sum;
}

void test_sums(int rows, int columns, Random& random) {
  const auto x = random.normal(static_cast<size_t>(rows) * columns);
  const auto first = random.normal(columns), second = random.normal(columns);
  Buffer<float> in(x), one(first), two(second);
  const std::string name = "column_sums " + shape({rows, columns});
  LAUNCH(column_sums, grid(ceil_div(columns, 32)), 0, one.device(), two.device(), in.device(), rows, columns, 1);
  check(name, one.read(), sums<double>(first, x, columns),
        roundings([&] { return sums<float>(first, x, columns); }));
  check(name, two.read(), sums<double>(second, x, columns),
        roundings([&] { return sums<float>(second, x, columns); }));
  float* nothing = nullptr;
  Buffer<float> fresh(std::vector<float>(columns, NAN));
  LAUNCH(column_sums, grid(ceil_div(columns, 32)), 0, fresh.device(), nothing, in.device(), rows, columns, 0);
  const auto zero = zeros<float>(columns);
  check(name + " not added", fresh.read(), sums<double>(zero, x, columns),
        roundings([&] { return sums<float>(zero, x, columns); }));
}

void run(unsigned seed) {
  Random random(seed);
  for (auto [batch, hidden] : {std::pair{1, 1}, {3, 5}, {2, 71}, {7, 64}, {33, 70}, {1, 1150}}) {
    test_step(batch, hidden, false, random);
    test_step(batch, hidden, true, random);
  }
  for (auto [rows, columns] : {std::pair{1, 1}, {70, 33}, {500, 132}}) {
    test_sums(rows, columns, random);
  }
}

}  // namespace

TEST_MAIN(run)
