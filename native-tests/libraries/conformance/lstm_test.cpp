// cuDNN's LSTM against the textbook: outputs, states and every gradient.
#include <cmath>

#include "formats.h"
#include "network.h"
#include "reference_lstm.h"

using namespace libraries;

namespace {

using reference::Result;
using reference::Sizes;
using reference::Weights;

// In steps that have no place in a sequence; if a library reads it, results are far off.
constexpr float GARBAGE = 777.0f;
// What the gradients of the weights hold before they are added to.
constexpr float BEFORE = 0.25f;

float half(double value) { return formats::half(value); }

float keep(double value) { return static_cast<float>(value); }

struct Data {
  Sizes sizes;
  Weights<float> weights;
  std::vector<float> x, h0, c0, dy, dhT, dcT;

  Data(const Case& c, uint64_t seed) : sizes(sizes_of(c)), weights(sizes) {
    Random random(seed);
    const double scale = 1 / std::sqrt(static_cast<double>(c.hidden));
    auto round = [&](std::vector<float> values) {
      for (float& value : values) value = c.type == DATA_HALF ? formats::half(value) : value;
      return values;
    };
    for (int l = 0; l < c.layers; l++) {
      for (int gate = 0; gate < 4; gate++) {
        weights.w[l][gate] = round(random.normals(weights.w[l][gate].size(), scale));
        weights.r[l][gate] = round(random.normals(weights.r[l][gate].size(), scale));
        const bool input_bias = c.bias == DOUBLE_BIAS || c.bias == SINGLE_INP_BIAS;
        const bool recurrent_bias = c.bias == DOUBLE_BIAS || c.bias == SINGLE_REC_BIAS;
        weights.bw[l][gate] = round(random.normals(c.hidden, input_bias ? 0.5 : 0));
        weights.br[l][gate] = round(random.normals(c.hidden, recurrent_bias ? 0.5 : 0));
      }
    }
    const size_t steps = static_cast<size_t>(c.steps) * c.batch;
    const size_t states = static_cast<size_t>(c.layers) * c.batch * c.hidden;
    x = round(random.normals(steps * c.input));
    dy = round(random.normals(steps * c.hidden));
    h0 = round(random.normals(states, c.with_states ? 0.5 : 0));
    c0 = round(random.normals(states, c.with_states ? 1 : 0));
    dhT = round(random.normals(states, c.with_ends ? 1 : 0));
    dcT = round(random.normals(states, c.with_ends ? 1 : 0));
  }

  static Sizes sizes_of(const Case& c) {
    Sizes sizes{c.steps, c.batch, c.input, c.hidden, c.layers, {}};
    for (int b = 0; b < c.batch; b++) sizes.lengths.push_back(c.length(b));
    return sizes;
  }
};

std::vector<double> wide(const std::vector<float>& values) { return {values.begin(), values.end()}; }

struct Expected {
  Result<double> exact;
  Result<float> plain;
};

Expected expect(const Case& c, const Data& d) {
  auto same = [](double value) { return value; };
  Result<double> exact =
      reference::run(d.sizes, Weights<double>(d.sizes, d.weights), wide(d.x), wide(d.h0), wide(d.c0), wide(d.dy),
                     wide(d.dhT), wide(d.dcT), same, same);
  auto plain = [&](auto factor, auto stored) {
    return reference::run(d.sizes, d.weights, d.x, d.h0, d.c0, d.dy, d.dhT, d.dcT, factor, stored);
  };
  if (c.type == DATA_HALF) return {exact, plain(keep, half)};
  // Below compute capability 8.0 there is no TF32.
  if (c.math == DEFAULT_MATH && capability() >= 80) return {exact, plain(formats::tf32, keep)};
  return {exact, plain(keep, keep)};
}

void upload(const Network& network, Buffer& to, const std::vector<float>& values) {
  if (network.of().type == DATA_FLOAT) {
    to.write(values);
    return;
  }
  std::vector<uint16_t> bits;
  for (const float value : values) bits.push_back(formats::half_bits(formats::half(value)));
  cuMemcpyHtoD_v2(reinterpret_cast<Address>(to.at()), bits.data(), bits.size() * sizeof(uint16_t));
}

std::vector<float> download(const Network& network, const Buffer& from) {
  if (network.of().type == DATA_FLOAT) return from.floats();
  std::vector<float> values;
  for (const uint16_t bits : from.shorts()) values.push_back(formats::from_half_bits(bits));
  return values;
}

// From [T][B][*] to the layout of the network.
std::vector<float> laid_out(const Network& network, const std::vector<float>& values, int width) {
  const Case& c = network.of();
  std::vector<float> result(network.rows() * width, GARBAGE);
  for (int b = 0; b < c.batch; b++) {
    for (int t = 0; t < c.length(b); t++) {
      for (int i = 0; i < width; i++) {
        result[network.row(t, b) * width + i] = values[(static_cast<size_t>(t) * c.batch + b) * width + i];
      }
    }
  }
  return result;
}

// And back, with zeros where a sequence has ended.
std::vector<float> taken_out(const Network& network, const std::vector<float>& values, int width) {
  const Case& c = network.of();
  std::vector<float> result(static_cast<size_t>(c.steps) * c.batch * width, 0.0f);
  for (int b = 0; b < c.batch; b++) {
    for (int t = 0; t < c.length(b); t++) {
      for (int i = 0; i < width; i++) {
        result[(static_cast<size_t>(t) * c.batch + b) * width + i] = values[network.row(t, b) * width + i];
      }
    }
  }
  return result;
}

void load(Network& network, const Data& d) {
  const Case& c = network.of();
  std::vector<float> space(network.weight_bytes() / network.element(), NAN);
  auto place = [&](const Place& to, const std::vector<float>& values) {
    if (to.columns != 0) std::copy(values.begin(), values.end(), space.begin() + to.offset);
  };
  for (int l = 0; l < c.layers; l++) {
    for (int gate = 0; gate < 4; gate++) {
      place(network.matrices()[l][gate], d.weights.w[l][gate]);
      place(network.matrices()[l][gate + 4], d.weights.r[l][gate]);
      place(network.biases()[l][gate], d.weights.bw[l][gate]);
      place(network.biases()[l][gate + 4], d.weights.br[l][gate]);
    }
  }
  upload(network, *network.weights, space);
  upload(network, *network.gradients, std::vector<float>(space.size(), BEFORE));
  upload(network, *network.x, laid_out(network, d.x, c.input));
  upload(network, *network.dy, laid_out(network, d.dy, c.hidden));
  if (c.with_states) {
    upload(network, *network.hx, d.h0);
    upload(network, *network.cx, d.c0);
  }
  if (!c.with_ends) return;
  upload(network, *network.dhy, d.dhT);
  upload(network, *network.dcy, d.dcT);
}

void compare_outputs(const Network& network, const Expected& e, const std::string& name) {
  const Case& c = network.of();
  check::close(taken_out(network, download(network, *network.y), c.hidden), e.exact.y, e.plain.y, name + ", y");
  if (!c.with_ends) return;
  check::close(download(network, *network.hy), e.exact.hT, e.plain.hT, name + ", hy");
  check::close(download(network, *network.cy), e.exact.cT, e.plain.cT, name + ", cy");
}

void compare_weight_gradients(const Network& network, const Expected& e, int times, const std::string& name) {
  const std::vector<float> space = download(network, *network.gradients);
  const bool is_half = network.of().type == DATA_HALF;
  auto compare = [&](const Place& from, const std::vector<double>& exact, const std::vector<float>& plain,
                     const std::string& what) {
    if (from.columns == 0) return;
    const std::vector<float> got(space.begin() + from.offset, space.begin() + from.offset + exact.size());
    std::vector<double> sums;
    std::vector<float> plain_sums;
    for (size_t i = 0; i < exact.size(); i++) {
      sums.push_back(BEFORE + times * exact[i]);
      float sum = BEFORE;
      for (int k = 0; k < times; k++) sum = is_half ? half(sum + plain[i]) : sum + plain[i];
      plain_sums.push_back(sum);
    }
    check::close(got, sums, plain_sums, name + ", " + what);
  };
  for (int l = 0; l < network.of().layers; l++) {
    for (int gate = 0; gate < 4; gate++) {
      const std::string what = " of layer " + std::to_string(l) + ", gate " + std::to_string(gate);
      compare(network.matrices()[l][gate], e.exact.d.w[l][gate], e.plain.d.w[l][gate], "dW" + what);
      compare(network.matrices()[l][gate + 4], e.exact.d.r[l][gate], e.plain.d.r[l][gate], "dR" + what);
      compare(network.biases()[l][gate], e.exact.d.bw[l][gate], e.plain.d.bw[l][gate], "dbW" + what);
      compare(network.biases()[l][gate + 4], e.exact.d.br[l][gate], e.plain.d.br[l][gate], "dbR" + what);
    }
  }
}

// One step of training; `times` such steps add to the same gradients.
void train(Network& network, const Expected& e, int times = 1) {
  const Case& c = network.of();
  const std::string name = c.name();
  for (int i = 0; i < times; i++) {
    int status = network.forward(FWD_MODE_TRAINING);
    check::that(status == 0, name + ": " + cudnn_says(status, "cudnnRNNForward"));
    status = network.backward_data();
    check::that(status == 0, name + ": " + cudnn_says(status, "cudnnRNNBackwardData_v8"));
    status = network.backward_weights();
    check::that(status == 0, name + ": " + cudnn_says(status, "cudnnRNNBackwardWeights_v8"));
  }
  compare_outputs(network, e, name);
  check::close(taken_out(network, download(network, *network.dx), c.input), e.exact.dx, e.plain.dx, name + ", dx");
  if (c.with_states) {
    check::close(download(network, *network.dhx), e.exact.dh0, e.plain.dh0, name + ", dhx");
    check::close(download(network, *network.dcx), e.exact.dc0, e.plain.dc0, name + ", dcx");
  }
  compare_weight_gradients(network, e, times, name);

  const std::vector<float> trained = download(network, *network.y);
  network.y->fill(0xff);
  const int status = network.forward(FWD_MODE_INFERENCE);
  check::that(status == 0, name + ": " + cudnn_says(status, "cudnnRNNForward for inference"));
  compare_outputs(network, e, name + " inference");
  if (taken_out(network, download(network, *network.y), c.hidden) != taken_out(network, trained, c.hidden)) {
    check::note("inference and training give different bits");
  }
}

void train(const Case& c, int times = 1) {
  static uint64_t seed = 100;
  const Data d(c, ++seed);
  Network network(c);
  load(network, d);
  train(network, expect(c, d), times);
}

const std::vector<int> RAGGED = {7, 4, 4, 1};

void reshaped() {
  check::group("cuDNN LSTM: shorter sequences, smaller batches");
  const Case largest = {35, 6, 20, 33};
  Network network(largest);
  for (const Case& c : {Case{35, 6, 20, 33}, Case{34, 6, 20, 33}, Case{5, 6, 20, 33}, Case{1, 6, 20, 33},
                        Case{35, 2, 20, 33}, Case{35, 6, 20, 33}}) {
    const Data d(c, 40 + c.steps);
    network.reshape(c);
    load(network, d);
    train(network, expect(c, d));
  }
}

void padding() {
  check::group("cuDNN LSTM: paddingFill in y");
  for (const int layout : {SEQ_MAJOR_UNPACKED, BATCH_MAJOR_UNPACKED}) {
    Case c = {7, 4, 5, 6, 1, DOUBLE_BIAS, layout};
    c.lengths = RAGGED;
    c.with_fill = true;
    const Data d(c, 60);
    Network network(c);
    load(network, d);
    check::succeeded(network.forward(FWD_MODE_TRAINING), "cudnnRNNForward");
    compare_outputs(network, expect(c, d), c.name());
    const std::vector<float> y = network.y->floats();
    bool filled = true;
    for (int b = 0; b < c.batch; b++) {
      for (int t = c.length(b); t < c.steps; t++) {
        for (int i = 0; i < c.hidden; i++) filled = filled && y[network.row(t, b) * c.hidden + i] == 0;
      }
    }
    check::that(filled, "steps behind the end of a sequence are not filled, layout " + std::to_string(layout));
  }
}

// The state of one window is the start of the next: two halves are the whole.
void carried() {
  check::group("cuDNN LSTM: states carried from window to window");
  const Case whole = {12, 3, 10, 17, 2};
  const Data d(whole, 70);
  const Expected e = expect(whole, d);
  Case part = whole;
  part.steps = 6;
  Network network(part);
  Data first = d;
  first.x.resize(static_cast<size_t>(part.steps) * part.batch * part.input);
  first.dy.resize(static_cast<size_t>(part.steps) * part.batch * part.hidden);
  load(network, first);
  check::succeeded(network.forward(FWD_MODE_TRAINING), "cudnnRNNForward");
  std::vector<float> y = network.y->floats();
  network.hx->write(network.hy->floats());
  network.cx->write(network.cy->floats());
  network.x->write({d.x.begin() + first.x.size(), d.x.end()});
  check::succeeded(network.forward(FWD_MODE_TRAINING), "cudnnRNNForward");
  const std::vector<float> rest = network.y->floats();
  y.insert(y.end(), rest.begin(), rest.end());
  check::close(y, e.exact.y, e.plain.y, "y");
  check::close(network.hy->floats(), e.exact.hT, e.plain.hT, "hy");
  check::close(network.cy->floats(), e.exact.cT, e.plain.cT, "cy");
}

}  // namespace

void test_lstm() {
  check::group("cuDNN LSTM: one layer, many sizes");
  for (const Case& c : {Case{1, 1, 1, 1}, Case{4, 3, 3, 5}, Case{9, 2, 33, 33}, Case{5, 1, 7, 70}, Case{70, 5, 12, 20},
                        Case{6, 64, 40, 16}, Case{10, 8, 64, 96}}) {
    train(c);
  }
  check::group("cuDNN LSTM: layers on top of one another");
  train({6, 3, 5, 8, 2});
  train({12, 4, 16, 9, 3});
  check::group("cuDNN LSTM: bias modes");
  for (const int bias : {NO_BIAS, SINGLE_INP_BIAS, SINGLE_REC_BIAS}) train({5, 3, 6, 7, 2, bias});
  check::group("cuDNN LSTM: layouts of full sequences");
  for (const int layout : {SEQ_MAJOR_PACKED, BATCH_MAJOR_UNPACKED}) {
    train({5, 3, 6, 7, 1, DOUBLE_BIAS, layout});
    train({11, 6, 9, 20, 2, DOUBLE_BIAS, layout});
  }
  check::group("cuDNN LSTM: sequences of different lengths");
  for (const int layout : {SEQ_MAJOR_UNPACKED, SEQ_MAJOR_PACKED, BATCH_MAJOR_UNPACKED}) {
    for (const bool sorted : {true, false}) {
      if (!sorted && layout == SEQ_MAJOR_PACKED) continue;
      Case c = {7, 4, 6, 9, 2, DOUBLE_BIAS, layout};
      c.lengths = sorted ? RAGGED : std::vector<int>{1, 7, 3, 5};
      train(c);
    }
  }
  check::group("cuDNN LSTM: hx, cx or hy, cy are null");
  for (const bool starts : {false, true}) {
    for (const bool ends : {false, true}) {
      Case without = {8, 3, 6, 10, 2};
      without.with_states = starts;
      without.with_ends = ends;
      train(without);
    }
  }
  check::group("cuDNN LSTM: gradients are added to");
  train({6, 4, 7, 11, 2}, 3);
  check::group("cuDNN LSTM: default math");
  train({20, 8, 32, 48, 1, DOUBLE_BIAS, SEQ_MAJOR_UNPACKED, DEFAULT_MATH});
  check::group("cuDNN LSTM: half data, float math");
  train({8, 4, 16, 24, 1, DOUBLE_BIAS, SEQ_MAJOR_UNPACKED, DEFAULT_MATH, DATA_HALF});
  reshaped();
  padding();
  carried();
}
