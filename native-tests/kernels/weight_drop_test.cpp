// Weights into a weight space with shuffled chunks and gaps, and gradients out of it.
#include "../../kernels/weight_drop.cu"
#include "masks.h"

#include <array>
#include <numeric>

using namespace testing;

namespace {

using Layer = std::array<std::vector<float>, 4>;

struct Space {
  WeightSpace starts{};
  size_t size = 0;
};

size_t chunk_size(int tensor, int hidden, int inputs) {
  return static_cast<size_t>(hidden) * (tensor == 0 ? inputs : tensor == 1 ? hidden : 1);
}

Space shuffled(int hidden, int inputs, Random& random) {
  std::vector<int> order(CHUNKS);
  std::iota(order.begin(), order.end(), 0);
  for (int i = CHUNKS - 1; i > 0; i--) {
    std::swap(order[i], order[random.word() % (i + 1)]);
  }
  Space space;
  for (int chunk : order) {
    space.size += 4 * (random.word() % 3);
    space.starts.starts[chunk] = static_cast<long long>(space.size);
    space.size += (chunk_size(chunk / 4, hidden, inputs) + 3) / 4 * 4;
  }
  return space;
}

Layer layer(int hidden, int inputs, Random& random) {
  Layer tensors;
  for (int t = 0; t < 4; t++) {
    tensors[t] = random.normal(4 * chunk_size(t, hidden, inputs));
  }
  return tensors;
}

void test(int hidden, int inputs, int kind, Random& random) {
  const std::string name = " " + shape({hidden, inputs}) + " mask " + std::to_string(kind);
  const Space space = shuffled(hidden, inputs, random);
  const Layer weights = layer(hidden, inputs, random);
  const Mask mask = mask_of_kind(kind, weights[1].size(), 0.5f, random);
  const int width = vec({hidden, inputs});
  const Grid blocks = grid(3, CHUNKS);

  std::vector<double> exact(space.size, -7.0);
  for (int t = 0; t < 4; t++) {
    const size_t size = chunk_size(t, hidden, inputs);
    for (size_t i = 0; i < weights[t].size(); i++) {
      const float m = t == 1 ? mask.values[i] : 1.0f;
      exact[space.starts.starts[4 * t + i / size] + i % size] = static_cast<double>(weights[t][i]) * m;
    }
  }
  Buffer<float> target(std::vector<float>(space.size, -7.0f));
  Buffer<float> wIh(weights[0]), wHh(weights[1]), bIh(weights[2]), bHh(weights[3]);
  LAUNCH(lstm_weights_load, blocks, 0, target.device(), wIh.device(), wHh.device(), bIh.device(), bHh.device(),
         space.starts, mask.argument, hidden, inputs, width);
  check("lstm_weights_load" + name, target.read(), exact, {as_float(exact)});

  const auto gradient = random.normal(space.size);
  Buffer<float> source(gradient);
  for (int adds : {0, 1}) {
    Layer before = layer(hidden, inputs, random);
    if (!adds) {
      for (auto& tensor : before) {
        std::fill(tensor.begin(), tensor.end(), NAN);
      }
    }
    Buffer<float> dwIh(before[0]), dwHh(before[1]), dbIh(before[2]), dbHh(before[3]);
    LAUNCH(lstm_weights_gradient, blocks, 0, dwIh.device(), dwHh.device(), dbIh.device(), dbHh.device(),
           source.device(), adds, space.starts, mask.argument, hidden, inputs, width);
    const Buffer<float>* results[] = {&dwIh, &dwHh, &dbIh, &dbHh};
    for (int t = 0; t < 4; t++) {
      const size_t size = chunk_size(t, hidden, inputs);
      std::vector<double> sums;
      std::vector<float> plain;
      for (size_t i = 0; i < before[t].size(); i++) {
        const float m = t == 1 ? mask.values[i] : 1.0f;
        const float v = gradient[space.starts.starts[4 * t + i / size] + i % size];
        const float base = adds ? before[t][i] : 0.0f;
        sums.push_back(base + static_cast<double>(v) * m);
        plain.push_back(base + v * m);
      }
      check("lstm_weights_gradient" + name + (adds ? " added" : "") + " tensor " + std::to_string(t), results[t]->read(),
            sums, {plain});
    }
  }
}

void test_add(int count, int kind, Random& random) {
  const Mask mask = mask_of_kind(kind, count, 0.5f, random);
  const auto before = random.normal(count), added = random.normal(count);
  std::vector<double> exact;
  std::vector<float> plain;
  for (int k = 0; k < count; k++) {
    exact.push_back(before[k] + static_cast<double>(added[k]) * mask.values[k]);
    plain.push_back(before[k] + added[k] * mask.values[k]);
  }
  Buffer<float> target(before), source(added);
  const int width = vec({count});
  LAUNCH(masked_add, grid(ceil_div(count, 256 * width)), 0, target.device(), source.device(), mask.argument,
         static_cast<long long>(count), width);
  check("masked_add " + std::to_string(count) + " mask " + std::to_string(kind), target.read(), exact, {plain});
}

void run(unsigned seed) {
  Random random(seed);
  for (int count : {1, 3, 33, 1150, 4096}) {
    for (int kind : {MASK_NONE, MASK_DRAWN, MASK_GIVEN}) {
      test_add(count, kind, random);
    }
  }
  for (auto [hidden, inputs] : {std::pair{1, 1}, {3, 5}, {33, 70}, {8, 12}, {71, 4}, {64, 100}}) {
    for (int kind : {MASK_NONE, MASK_DRAWN, MASK_GIVEN}) {
      test(hidden, inputs, kind, random);
    }
  }
}

}  // namespace

TEST_MAIN(run)
