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
  const R arScale = R(c.alpha) / R(h.size());
  for (size_t i = 0; i < h.size(); i++) {
    const R m = c.onRaw ? 1 : mask[i % row];
    r.values[0] += arScale * (m * R(h[i])) * (m * R(h[i]));
    r.dh[i] += 2 * arScale * m * m * R(h[i]);
  }
  if (c.steps > 1) {
    const R scale = R(c.beta) / (R(c.steps - 1) * R(row));
    for (size_t i = row; i < h.size(); i++) {
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
  if (c.form == NORM_PAPER && (c.steps > 1 || c.initial)) {
    const R scale = R(c.gamma) / (R(c.batch) * R(c.initial ? c.steps : c.steps - 1));
    for (int t = c.initial ? 0 : 1; t < c.steps; t++) {
      for (int b = 0; b < c.batch; b++) {
        const int i = t * c.batch + b;
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
      late += i >= c.batch ? r.norms[i] * r.norms[i] : R(0);
      early += i < (c.steps - 1) * c.batch ? r.norms[i] * r.norms[i] : R(0);
    }
    late = std::sqrt(late);
    early = std::sqrt(early);
    const R scale = R(c.gamma) / R(c.steps);
    r.values[2] = scale * (late - early) * (late - early);
    for (int i = 0; i < c.steps * c.batch; i++) {
      const R share = (i >= c.batch ? inverse_of(late) : R(0)) - (i < (c.steps - 1) * c.batch ? inverse_of(early) : R(0));
      pull(i, 2 * scale * (late - early) * share);
    }
  }
  return r;
}

// The coefficients as the backend computes them.
ActivationReg coefficients(const Case& c) {
  const double elements = static_cast<double>(c.steps) * c.batch * c.hidden;
  const int differences = c.form == NORM_PAPER && c.initial ? c.steps : c.steps - 1;
  ActivationReg reg{};
  reg.ar = static_cast<float>(2.0 * c.alpha / elements);
  reg.tar = c.steps < 2 ? 0.0f : static_cast<float>(2.0 * c.beta / ((c.steps - 1.0) * c.batch * c.hidden));
  reg.arOnRaw = c.onRaw;
  reg.normForm = c.form;
  reg.initial = c.form == NORM_PAPER && c.initial;
  if (c.form == NORM_PAPER && differences > 0) {
    reg.norm = static_cast<float>(2.0 * c.gamma / (static_cast<double>(c.batch) * differences));
  } else if (c.form == NORM_SEED && c.steps > 1) {
    reg.norm = static_cast<float>(2.0 * c.gamma / c.steps);
  }
  return reg;
}

void test(const Case& c, int kind, int tile, bool inPlace, bool hasZeroRow, Random& random) {
  const size_t size = static_cast<size_t>(c.steps) * c.batch * c.hidden;
  const std::string name = " " + shape({c.steps, c.batch, c.hidden}) + " form " + std::to_string(c.form) +
                           (c.initial ? " with h0" : "") + (c.onRaw ? " raw" : "") + " mask " + std::to_string(kind) +
                           " tile " + std::to_string(tile);
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
  float* target = inPlace ? down.device() : out.device();
  const int width = vec({c.hidden});
  const size_t shared = sizeof(float) * (static_cast<size_t>(tile + 3) * c.hidden + tile + 2);
  const Grid blocks = grid(c.batch, ceil_div(c.steps, tile));
  const int first = c.form == NORM_SEED ? PHASE_SUMS : PHASE_ALL;
  LAUNCH(activation_reg, blocks, shared, target, norms.device(), ar.device(), tar.device(), initialNorms.device(),
         values.device(), down.device(), in.device(), initial.device(), mask.argument, reg, first, tile, c.steps,
         c.batch, c.hidden, width);
  if (c.form == NORM_SEED) {
    const int second = PHASE_GRADIENT;
    LAUNCH(activation_reg, blocks, shared, target, norms.device(), ar.device(), tar.device(), initialNorms.device(),
           values.device(), down.device(), in.device(), initial.device(), mask.argument, reg, second, tile, c.steps,
           c.batch, c.hidden, width);
  } else {
    LAUNCH(activation_reg_values, grid(1), 0, values.device(), ar.device(), tar.device(), norms.device(),
           initialNorms.device(), reg, c.steps, c.batch);
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
        test({s.steps, s.batch, s.hidden, 2.0f, 1.0f, 50.0f, onRaw, form, initial}, kind, s.tile, initial, form == NORM_PAPER,
             random);
      }
    }
  }
}

}  // namespace

TEST_MAIN(run)
