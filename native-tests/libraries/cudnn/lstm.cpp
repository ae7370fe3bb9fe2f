#include "lstm.h"

#include <algorithm>
#include <cmath>

#include "product.h"

namespace cudnn {

namespace {

using math::Operand;
using math::Packed;

// The parts of the tape that belong to a layer, each [T][B][*].
struct Layer {
  float* gates;
  float* cells;
  float* outputs;
};

Layer layer_of(const Problem& problem, float* tape, int layer) {
  const size_t states = problem.steps * problem.state();
  float* const gates = tape + layer * states * (GATES + 2);
  return {gates, gates + GATES * states, gates + (GATES + 1) * states};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

float stored(const Problem& problem, double value) {
  const float narrow = static_cast<float>(value);
  return problem.half ? numbers::round(narrow, numbers::Rounding::F16) : narrow;
}

// Row-major [rows][columns] is column-major [columns][rows].
Operand operand(const Problem& problem, const float* data, long width, bool transposed = false) {
  return {data, width, transposed, numbers::Type::F32, problem.rounding};
}

std::vector<float> initial(const Problem& problem, const float* states, int layer) {
  const size_t size = problem.state();
  if (states == nullptr) return std::vector<float>(size, 0.0f);
  return {states + layer * size, states + (layer + 1) * size};
}

void forward_layer(const Problem& problem, const LayerWeights& weights, const float* x, const Layer& tape,
                   std::vector<float>& h, std::vector<float>& c, int width) {
  const long gates = GATES * static_cast<long>(problem.hidden);
  math::multiply(operand(problem, weights.input.data(), width, true), operand(problem, x, width), gates,
                 static_cast<long>(problem.steps) * problem.batch, width, 1, 0, {tape.gates, gates});
  const Packed recurrent(operand(problem, weights.recurrent.data(), problem.hidden, true), gates, problem.hidden);
  for (int t = 0; t < problem.steps; t++) {
    float* const step = tape.gates + t * GATES * problem.state();
    math::multiply(recurrent, operand(problem, h.data(), problem.hidden), problem.batch, 1, 1, {step, gates});
    for (int b = 0; b < problem.batch; b++) {
      float* const a = step + b * gates;
      const size_t row = static_cast<size_t>(b) * problem.hidden;
      const bool ended = t >= problem.lengths[b];
      for (int j = 0; j < problem.hidden; j++) {
        const size_t to = t * problem.state() + row + j;
        if (ended) {
          tape.cells[to] = c[row + j];
          tape.outputs[to] = 0;
          continue;
        }
        double activated[GATES];
        for (int gate = 0; gate < GATES; gate++) {
          const long at = gate * static_cast<long>(problem.hidden) + j;
          const double sum = static_cast<double>(a[at]) + weights.bias[at];
          activated[gate] = gate == 2 ? std::tanh(sum) : sigmoid(sum);
          a[at] = static_cast<float>(activated[gate]);
        }
        const double cell = activated[1] * c[row + j] + activated[0] * activated[2];
        c[row + j] = tape.cells[to] = static_cast<float>(cell);
        h[row + j] = tape.outputs[to] = stored(problem, activated[3] * std::tanh(cell));
      }
    }
  }
}

// dh and dc come in as the gradients of the last states and go out as those of the first.
void backward_layer(const Problem& problem, const LayerWeights& weights, const float* dy, const float* c0,
                    const Layer& tape, std::vector<float>& dh, std::vector<float>& dc) {
  const long gates = GATES * static_cast<long>(problem.hidden);
  const Packed recurrent(operand(problem, weights.recurrent.data(), problem.hidden), problem.hidden, gates);
  std::vector<float> before(problem.state());
  for (int t = problem.steps - 1; t >= 0; t--) {
    float* const step = tape.gates + t * GATES * problem.state();
    for (int b = 0; b < problem.batch; b++) {
      float* const a = step + b * gates;
      const size_t row = static_cast<size_t>(b) * problem.hidden;
      if (t >= problem.lengths[b]) {
        std::fill(a, a + gates, 0.0f);
        continue;
      }
      for (int j = 0; j < problem.hidden; j++) {
        const size_t at = t * problem.state() + row + j;
        const double i = a[j];
        const double f = a[problem.hidden + j];
        const double g = a[2 * problem.hidden + j];
        const double o = a[3 * problem.hidden + j];
        const double previous = t > 0 ? tape.cells[at - problem.state()] : c0 != nullptr ? c0[row + j] : 0.0;
        const double squashed = std::tanh(static_cast<double>(tape.cells[at]));
        const double to_output = static_cast<double>(dy[at]) + dh[row + j];
        const double to_cell = dc[row + j] + to_output * o * (1 - squashed * squashed);
        a[j] = stored(problem, to_cell * g * i * (1 - i));
        a[problem.hidden + j] = stored(problem, to_cell * previous * f * (1 - f));
        a[2 * problem.hidden + j] = stored(problem, to_cell * i * (1 - g * g));
        a[3 * problem.hidden + j] = stored(problem, to_output * squashed * o * (1 - o));
        dc[row + j] = static_cast<float>(to_cell * f);
      }
    }
    math::multiply(recurrent, operand(problem, step, gates), problem.batch, 1, 0, {before.data(), problem.hidden});
    for (int b = 0; b < problem.batch; b++) {
      // Behind its end a sequence has no step for the gradient to change in.
      if (t >= problem.lengths[b]) continue;
      const size_t row = static_cast<size_t>(b) * problem.hidden;
      std::copy_n(before.begin() + row, problem.hidden, dh.begin() + row);
    }
  }
}

}  // namespace

const float* tape_outputs(const Problem& problem, const float* tape, int layer) {
  return layer_of(problem, const_cast<float*>(tape), layer).outputs;
}

void forward(const Problem& problem, const std::vector<LayerWeights>& weights, const float* x, const float* h0,
             const float* c0, float* tape, float* hT, float* cT) {
  for (int layer = 0; layer < problem.layers; layer++) {
    std::vector<float> h = initial(problem, h0, layer);
    std::vector<float> c = initial(problem, c0, layer);
    const float* const from = layer == 0 ? x : tape_outputs(problem, tape, layer - 1);
    forward_layer(problem, weights[layer], from, layer_of(problem, tape, layer), h, c, problem.layer_input(layer));
    if (hT != nullptr) std::copy(h.begin(), h.end(), hT + layer * problem.state());
    if (cT != nullptr) std::copy(c.begin(), c.end(), cT + layer * problem.state());
  }
}

void backward_data(const Problem& problem, const std::vector<LayerWeights>& weights, const float* dy, const float* dhT,
                   const float* dcT, const float* c0, float* tape, float* dx, float* dh0, float* dc0) {
  const long gates = GATES * static_cast<long>(problem.hidden);
  const long rows = static_cast<long>(problem.steps) * problem.batch;
  std::vector<float> above(dy, dy + rows * problem.hidden);
  for (int layer = problem.layers - 1; layer >= 0; layer--) {
    std::vector<float> dh = initial(problem, dhT, layer);
    std::vector<float> dc = initial(problem, dcT, layer);
    const Layer part = layer_of(problem, tape, layer);
    backward_layer(problem, weights[layer], above.data(), c0 == nullptr ? nullptr : c0 + layer * problem.state(), part,
                   dh, dc);
    if (dh0 != nullptr) std::copy(dh.begin(), dh.end(), dh0 + layer * problem.state());
    if (dc0 != nullptr) std::copy(dc.begin(), dc.end(), dc0 + layer * problem.state());
    float* const below = layer > 0 ? above.data() : dx;
    if (below == nullptr) continue;
    const long width = problem.layer_input(layer);
    math::multiply(operand(problem, weights[layer].input.data(), width), operand(problem, part.gates, gates), width,
                   rows, gates, 1, 0, {below, width});
  }
}

Gradients backward_weights(const Problem& problem, const float* x, const float* h0, const float* tape, int layer) {
  const long gates = GATES * static_cast<long>(problem.hidden);
  const long rows = static_cast<long>(problem.steps) * problem.batch;
  const long width = problem.layer_input(layer);
  const Layer part = layer_of(problem, const_cast<float*>(tape), layer);
  const float* const from = layer == 0 ? x : tape_outputs(problem, tape, layer - 1);
  Gradients result{std::vector<float>(gates * width), std::vector<float>(gates * problem.hidden),
                   std::vector<float>(gates)};
  const Operand of_gates = operand(problem, part.gates, gates, true);
  math::multiply(operand(problem, from, width), of_gates, width, gates, rows, 1, 0, {result.input.data(), width});

  // The hidden state before each step: the initial one, then the outputs.
  std::vector<float> before = initial(problem, h0, layer);
  before.insert(before.end(), part.outputs, part.outputs + (problem.steps - 1) * problem.state());
  math::multiply(operand(problem, before.data(), problem.hidden), of_gates, problem.hidden, gates, rows, 1, 0,
                 {result.recurrent.data(), problem.hidden});

  std::vector<double> sums(gates, 0.0);
  for (long row = 0; row < rows; row++) {
    for (long gate = 0; gate < gates; gate++) sums[gate] += part.gates[row * gates + gate];
  }
  std::copy(sums.begin(), sums.end(), result.bias.begin());
  return result;
}

}  // namespace cudnn
