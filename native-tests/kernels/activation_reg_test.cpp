// AR, TAR and both forms of the norm-stabilizer, in values and gradients.
#include "../../kernels/activation_reg.cu"
#include "masks.h"

using namespace testing;

namespace {

struct Case {
  int steps, batch, hidden;
  float alpha, beta, gamma;
  bool onRaw;
  int form;
  bool initial;
  std::vector<bool> text;   // by row; no padding where it is empty

  bool is_text(int row) const { return text.empty() || text[row]; }

  bool is_pair(int row) const { return row >= batch && is_text(row) && is_text(row - batch); }

  int count_text() const { return count([this](int row) { return is_text(row); }); }

  int count_pairs() const { return count([this](int row) { return is_pair(row); }); }

  // What NS in the paper's form divides by.
  int differences() const {
    return count([this](int row) { return is_pair(row) || (initial && row < batch && is_text(row)); });
  }

 private:
  template <typename F>
  int count(F wanted) const {
    int sum = 0;
    for (int row = 0; row < steps * batch; row++) {
      sum += wanted(row);
    }
    return sum;
  }
};

template <typename R>
struct Result {
  std::vector<R> dh, values, norms;
};

template <typename R>
R inverse_of(R x) {
  return x > 0 ? 1 / x : 0;
}

// One after the other as the formulas stand, with their sums in the order of the elements.
template <typename R>
Result<R> regularize(const Case& c, const std::vector<float>& h, const std::vector<float>& h0,
                     const std::vector<float>& mask, const std::vector<float>& dDropped) {
  const int row = c.batch * c.hidden;
  Result<R> r;
  r.values.assign(3, R(0));
  for (size_t i = 0; i < h.size(); i++) {
    r.dh.push_back(R(mask[i % row]) * R(dDropped[i]));
  }
  const R arScale = R(c.alpha) / (R(c.count_text()) * R(c.hidden));
  for (size_t i = 0; i < h.size(); i++) {
    if (!c.is_text(static_cast<int>(i) / c.hidden)) {
      continue;
    }
    const R m = c.onRaw ? 1 : mask[i % row];
    r.values[0] += arScale * (m * R(h[i])) * (m * R(h[i]));
    r.dh[i] += 2 * arScale * m * m * R(h[i]);
  }
  if (c.count_pairs() > 0) {
    const R scale = R(c.beta) / (R(c.count_pairs()) * R(c.hidden));
    for (size_t i = row; i < h.size(); i++) {
      if (!c.is_pair(static_cast<int>(i) / c.hidden)) {
        continue;
      }
      const R d = R(h[i]) - R(h[i - row]);
      r.values[1] += scale * d * d;
      r.dh[i] += 2 * scale * d;
      r.dh[i - row] -= 2 * scale * d;
    }
  }
  auto norm_of = [&](const std::vector<float>& x, int index) {
    R sum = 0;
    for (int j = 0; j < c.hidden; j++) {
      sum += R(x[index * c.hidden + j]) * R(x[index * c.hidden + j]);
    }
    return std::sqrt(sum);
  };
  for (int i = 0; i < c.steps * c.batch; i++) {
    r.norms.push_back(norm_of(h, i));
  }
  auto pull = [&](int index, R factor) {
    for (int j = 0; j < c.hidden; j++) {
      r.dh[index * c.hidden + j] += factor * R(h[index * c.hidden + j]);
    }
  };
  if (c.form == NORM_PAPER && c.differences() > 0) {
    const R scale = R(c.gamma) / R(c.differences());
    for (int t = c.initial ? 0 : 1; t < c.steps; t++) {
      for (int b = 0; b < c.batch; b++) {
        const int i = t * c.batch + b;
        if (t > 0 ? !c.is_pair(i) : !c.is_text(i)) {
          continue;
        }
        const R d = r.norms[i] - (t > 0 ? r.norms[i - c.batch] : norm_of(h0, b));
        r.values[2] += scale * d * d;
        pull(i, 2 * scale * d * inverse_of(r.norms[i]));
        if (t > 0) {
          pull(i - c.batch, -2 * scale * d * inverse_of(r.norms[i - c.batch]));
        }
      }
    }
  }
  if (c.form == NORM_SEED && c.steps > 1) {
    R late = 0, early = 0;
    for (int i = 0; i < c.steps * c.batch; i++) {
      if (!c.is_text(i)) {
        continue;
      }
      late += i >= c.batch ? r.norms[i] * r.norms[i] : R(0);
      early += i < (c.steps - 1) * c.batch ? r.norms[i] * r.norms[i] : R(0);
    }
    late = std::sqrt(late);
    early = std::sqrt(early);
    const R scale = R(c.gamma) / R(c.steps);
    r.values[2] = scale * (late - early) * (late - early);
    for (int i = 0; i < c.steps * c.batch; i++) {
      const R share = (i >= c.batch ? inverse_of(late) : R(0)) - (i < (c.steps - 1) * c.batch ? inverse_of(early) : R(0));
      pull(i, c.is_text(i) ? 2 * scale * (late - early) * share : R(0));
    }
  }
  return r;
}

// The coefficients as the backend computes them.
ActivationReg coefficients(const Case& c) {
  const auto coefficient = [](double weight, double divisor) {
    return divisor == 0 ? 0.0f : static_cast<float>(2.0 * weight / divisor);
  };
  ActivationReg reg{};
  reg.ar = coefficient(c.alpha, static_cast<double>(c.count_text()) * c.hidden);
  reg.tar = coefficient(c.beta, static_cast<double>(c.count_pairs()) * c.hidden);
  reg.arOnRaw = c.onRaw;
  reg.normForm = c.form;
  reg.initial = c.form == NORM_PAPER && c.initial;
  if (c.form == NORM_PAPER) {
    reg.norm = coefficient(c.gamma, c.differences());
  } else if (c.form == NORM_SEED && c.steps > 1) {
    reg.norm = static_cast<float>(2.0 * c.gamma / c.steps);
  }
  return reg;
}

// Tokens whose padding is where the case has it.
constexpr int PAD = 1;

std::vector<int> tokens(const Case& c, Random& random) {
  std::vector<int> ids;
  for (bool isText : c.text) {
    ids.push_back(isText ? 2 + static_cast<int>(random.word() % 9) : PAD);
  }
  return ids;
}

enum Where { NOWHERE, LEFT, RIGHT, SCATTERED, EVERYWHERE };

// Every sequence with padding of a length of its own, the last of them with none unless it is everywhere.
std::vector<bool> text(int steps, int batch, Where where, Random& random) {
  std::vector<bool> text;
  if (where == NOWHERE) {
    return text;
  }
  for (int t = 0; t < steps; t++) {
    for (int b = 0; b < batch; b++) {
      const int length = steps * (batch - 1 - b) / batch;
      const bool isPadding = where == LEFT        ? t < length
                             : where == RIGHT     ? t >= steps - length
                             : where == SCATTERED ? random.word() % 3 == 0
                                                  : true;
      text.push_back(!isPadding);
    }
  }
  return text;
}

void test(const Case& c, int kind, int tile, bool inPlace, bool hasZeroRow, Random& random) {
  const size_t size = static_cast<size_t>(c.steps) * c.batch * c.hidden;
  const std::string name = " " + shape({c.steps, c.batch, c.hidden}) + " form " + std::to_string(c.form) +
                           (c.initial ? " with h0" : "") + (c.onRaw ? " raw" : "") + " mask " + std::to_string(kind) +
                           " tile " + std::to_string(tile) + " text " + std::to_string(c.count_text());
  auto h = random.normal(size);
  if (hasZeroRow) {
    std::fill(h.begin(), h.begin() + c.hidden, 0.0f);
  }
  const auto h0 = random.normal(static_cast<size_t>(c.batch) * c.hidden);
  const auto dDropped = random.normal(size, 0.01f);
  const Mask mask = mask_of_kind(kind, h0.size(), 0.3f, random);
  const ActivationReg reg = coefficients(c);
  const size_t rows = static_cast<size_t>(c.steps) * c.batch;
  Buffer<float> in(h), initial(h0), down(dDropped), out(zeros<float>(size));
  Buffer<float> norms(zeros<float>(rows)), ar(zeros<float>(rows)), tar(zeros<float>(rows));
  Buffer<float> initialNorms(zeros<float>(c.batch)), values(zeros<float>(3));
  Buffer<int> ids(tokens(c, random));
  const int* where = c.text.empty() ? nullptr : ids.device();
  const int token = PAD;
  float* target = inPlace ? down.device() : out.device();
  const int width = vec({c.hidden});
  const size_t shared = sizeof(float) * (static_cast<size_t>(tile + 3) * c.hidden + 3 * (tile + 2));
  const Grid blocks = grid(c.batch, ceil_div(c.steps, tile));
  const int first = c.form == NORM_SEED ? PHASE_SUMS : PHASE_ALL;
  LAUNCH(activation_reg, blocks, shared, target, norms.device(), ar.device(), tar.device(), initialNorms.device(),
         values.device(), down.device(), in.device(), initial.device(), mask.argument, reg, where, token, first, tile, c.steps,
         c.batch, c.hidden, width);
  if (c.form == NORM_SEED) {
    const int second = PHASE_GRADIENT;
    LAUNCH(activation_reg, blocks, shared, target, norms.device(), ar.device(), tar.device(), initialNorms.device(),
           values.device(), down.device(), in.device(), initial.device(), mask.argument, reg, where, token, second, tile, c.steps,
           c.batch, c.hidden, width);
  } else {
    LAUNCH(activation_reg_values, grid(1), 0, values.device(), ar.device(), tar.device(), norms.device(),
           initialNorms.device(), reg, where, token, c.steps, c.batch);
  }
  const auto exact = regularize<double>(c, h, h0, mask.values, dDropped);
  const auto plain = roundings([&] { return regularize<float>(c, h, h0, mask.values, dDropped); });
  check("activation_reg dh" + name, inPlace ? down.read() : out.read(), exact.dh, plain,
        &Result<float>::dh);
  check("activation_reg norms" + name, norms.read(), exact.norms, plain, &Result<float>::norms);
  for (int k = 0; k < 3; k++) {
    std::vector<std::vector<float>> rounded;
    for (const auto& one : plain) {
      rounded.push_back({one.values[k]});
    }
    check("activation_reg value " + std::to_string(k) + name, std::vector<float>{values.read()[k]}, {exact.values[k]},
          rounded);
  }
}

void run(unsigned seed) {
  Random random(seed);
  struct Size {
    int steps, batch, hidden, tile;
  };
  for (const Size& s : {Size{1, 1, 1, 8}, Size{2, 3, 5, 8}, Size{17, 2, 33, 8}, Size{9, 3, 70, 1}, Size{70, 2, 64, 8},
                        Size{11, 1, 400, 3}}) {
    for (int form : {NORM_NONE, NORM_PAPER, NORM_SEED}) {
      for (bool initial : {false, true}) {
        if (initial && form != NORM_PAPER) {
          continue;
        }
        const int kind = static_cast<int>(random.word() % 3);
        const bool onRaw = random.word() % 2 == 0;
        for (Where where : {NOWHERE, LEFT, RIGHT, SCATTERED, EVERYWHERE}) {
          test({s.steps, s.batch, s.hidden, 2.0f, 1.0f, 50.0f, onRaw, form, initial, text(s.steps, s.batch, where, random)},
               kind, s.tile, initial, form == NORM_PAPER, random);
        }
      }
    }
  }
}

}  // namespace

TEST_MAIN(run)
