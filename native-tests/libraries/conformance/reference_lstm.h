// A stack of LSTM layers as the textbook has it, in loops: in double it is the truth, in float it measures what a
// precision costs. Gates in the order i, f, g, o:
//
//   i, f, o = sigmoid(W x + bW + R h + bR)   g = tanh(...)   c' = f c + i g   h' = o tanh(c')
#pragma once

#include <cmath>
#include <vector>

namespace reference {

struct Sizes {
  int steps;
  int batch;
  int input;
  int hidden;
  int layers;
  std::vector<int> lengths;

  int width(int layer) const { return layer == 0 ? input : hidden; }
};

// [layer][gate]: w is [H][I], r is [H][H], biases are [H].
template <typename Real>
struct Weights {
  std::vector<std::vector<std::vector<Real>>> w;
  std::vector<std::vector<std::vector<Real>>> r;
  std::vector<std::vector<std::vector<Real>>> bw;
  std::vector<std::vector<std::vector<Real>>> br;

  explicit Weights(const Sizes& sizes) {
    for (int l = 0; l < sizes.layers; l++) {
      w.emplace_back(4, std::vector<Real>(sizes.hidden * sizes.width(l)));
      r.emplace_back(4, std::vector<Real>(sizes.hidden * sizes.hidden));
      bw.emplace_back(4, std::vector<Real>(sizes.hidden));
      br.emplace_back(4, std::vector<Real>(sizes.hidden));
    }
  }
  template <typename Other>
  Weights(const Sizes& sizes, const Weights<Other>& other) : Weights(sizes) {
    for (int l = 0; l < sizes.layers; l++) {
      for (int gate = 0; gate < 4; gate++) {
        w[l][gate].assign(other.w[l][gate].begin(), other.w[l][gate].end());
        r[l][gate].assign(other.r[l][gate].begin(), other.r[l][gate].end());
        bw[l][gate].assign(other.bw[l][gate].begin(), other.bw[l][gate].end());
        br[l][gate].assign(other.br[l][gate].begin(), other.br[l][gate].end());
      }
    }
  }
};

// Sequences are [T][B][*], states [L][B][H].
template <typename Real>
struct Result {
  std::vector<Real> y, hT, cT, dx, dh0, dc0;
  Weights<Real> d;
};

// `factor` is what happens to a number before it is multiplied in a matrix product, `stored` to one that is put down.
template <typename Real, typename Factor, typename Stored>
Result<Real> run(const Sizes& s, const Weights<Real>& weights, const std::vector<Real>& x, const std::vector<Real>& h0,
                 const std::vector<Real>& c0, const std::vector<Real>& dy, const std::vector<Real>& dhT,
                 const std::vector<Real>& dcT, Factor factor, Stored stored) {
  const int T = s.steps;
  const int B = s.batch;
  const int H = s.hidden;
  Result<Real> result{{}, h0, c0, {}, dhT, dcT, Weights<Real>(s)};
  std::vector<std::vector<Real>> inputs{x};
  std::vector<std::vector<Real>> gates;
  std::vector<std::vector<Real>> cells;
  auto state = [&](int l, int b, int j) { return (static_cast<size_t>(l) * B + b) * H + j; };
  auto at = [&](int t, int b, int j) { return (static_cast<size_t>(t) * B + b) * H + j; };
  for (int l = 0; l < s.layers; l++) {
    const int I = s.width(l);
    gates.emplace_back(static_cast<size_t>(T) * B * H * 4);
    cells.emplace_back(static_cast<size_t>(T) * B * H);
    std::vector<Real> out(static_cast<size_t>(T) * B * H);
    for (int b = 0; b < B; b++) {
      for (int t = 0; t < s.lengths[b]; t++) {
        const std::vector<Real> before(result.hT.begin() + state(l, b, 0), result.hT.begin() + state(l, b, 0) + H);
        for (int j = 0; j < H; j++) {
          Real a[4];
          for (int gate = 0; gate < 4; gate++) {
            Real sum = 0;
            const Real* const input = &inputs[l][(static_cast<size_t>(t) * B + b) * I];
            for (int i = 0; i < I; i++) sum += factor(weights.w[l][gate][j * I + i]) * factor(input[i]);
            for (int i = 0; i < H; i++) sum += factor(weights.r[l][gate][j * H + i]) * factor(before[i]);
            sum += weights.bw[l][gate][j] + weights.br[l][gate][j];
            a[gate] = gate == 2 ? std::tanh(sum) : 1 / (1 + std::exp(-sum));
            gates[l][at(t, b, j) * 4 + gate] = a[gate] = stored(a[gate]);
          }
          Real& c = result.cT[state(l, b, j)];
          c = stored(a[1] * c + a[0] * a[2]);
          cells[l][at(t, b, j)] = c;
          out[at(t, b, j)] = result.hT[state(l, b, j)] = stored(a[3] * std::tanh(c));
        }
      }
    }
    inputs.push_back(out);
  }
  result.y = inputs.back();

  std::vector<Real> above = dy;
  for (int l = s.layers - 1; l >= 0; l--) {
    const int I = s.width(l);
    std::vector<Real> below(static_cast<size_t>(T) * B * I);
    for (int b = 0; b < B; b++) {
      for (int t = s.lengths[b] - 1; t >= 0; t--) {
        std::vector<Real> dh(H);
        for (int j = 0; j < H; j++) {
          const Real* const a = &gates[l][at(t, b, j) * 4];
          const Real previous = t > 0 ? cells[l][at(t - 1, b, j)] : c0[state(l, b, j)];
          const Real squashed = std::tanh(cells[l][at(t, b, j)]);
          const Real out = above[at(t, b, j)] + result.dh0[state(l, b, j)];
          const Real cell = result.dc0[state(l, b, j)] + out * a[3] * (1 - squashed * squashed);
          const Real da[4] = {stored(cell * a[2] * a[0] * (1 - a[0])), stored(cell * previous * a[1] * (1 - a[1])),
                              stored(cell * a[0] * (1 - a[2] * a[2])), stored(out * squashed * a[3] * (1 - a[3]))};
          result.dc0[state(l, b, j)] = cell * a[1];
          for (int gate = 0; gate < 4; gate++) {
            for (int i = 0; i < I; i++) {
              const size_t from = (static_cast<size_t>(t) * B + b) * I + i;
              below[from] += factor(weights.w[l][gate][j * I + i]) * factor(da[gate]);
              result.d.w[l][gate][j * I + i] += factor(inputs[l][from]) * factor(da[gate]);
            }
            for (int i = 0; i < H; i++) {
              const Real h = t > 0 ? inputs[l + 1][at(t - 1, b, i)] : h0[state(l, b, i)];
              dh[i] += factor(weights.r[l][gate][j * H + i]) * factor(da[gate]);
              result.d.r[l][gate][j * H + i] += factor(h) * factor(da[gate]);
            }
            result.d.bw[l][gate][j] += da[gate];
            result.d.br[l][gate][j] += da[gate];
          }
        }
        for (int j = 0; j < H; j++) result.dh0[state(l, b, j)] = dh[j];
      }
    }
    above = below;
  }
  result.dx = above;
  return result;
}

}  // namespace reference
