// Dropout masks for tests, computed on the host without the kernels' own code.
#pragma once

#include "../../kernels/philox.cuh"
#include "testing.h"

namespace testing {

// Philox4x32-10 in 64-bit arithmetic, as Salmon et al. 2011 define it.
inline std::vector<unsigned> philox_words(const unsigned counter[4], const unsigned key[2]) {
  uint64_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  uint64_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = 0xD2511F53ull * c[0];
    const uint64_t p1 = 0xCD9E8D57ull * c[2];
    const uint64_t next[4] = {(p1 >> 32) ^ c[1] ^ k0, p1 & 0xffffffffull, (p0 >> 32) ^ c[3] ^ k1, p0 & 0xffffffffull};
    std::copy(next, next + 4, c);
    k0 = (k0 + 0x9E3779B9ull) & 0xffffffffull;
    k1 = (k1 + 0xBB67AE85ull) & 0xffffffffull;
  }
  return {static_cast<unsigned>(c[0]), static_cast<unsigned>(c[1]), static_cast<unsigned>(c[2]),
          static_cast<unsigned>(c[3])};
}

// A mask and what it is at each element.
struct Mask {
  DropoutMask argument{};
  std::vector<float> values;
  std::unique_ptr<Buffer<float>> memory;
};

inline Mask no_mask(size_t size) {
  Mask mask;
  mask.argument.kind = MASK_NONE;
  mask.values.assign(size, 1.0f);
  return mask;
}

inline Mask drawn_mask(size_t size, float p, Random& random) {
  Mask mask;
  DropoutMask& m = mask.argument;
  m = {nullptr, random.word(), random.word(), random.word(), random.word(), random.word(),
       static_cast<int>(std::rint(p * 16777216.0)), static_cast<float>(1.0 / (1.0 - p)), MASK_DRAWN};
  for (size_t e = 0; e < size; e++) {
    const unsigned counter[4] = {static_cast<unsigned>(e / 4), m.word1, m.word2, m.word3};
    const unsigned key[2] = {m.key0, m.key1};
    const unsigned word = philox_words(counter, key)[e % 4];
    mask.values.push_back(static_cast<int>(word >> 8) >= m.threshold ? m.scale : 0.0f);
  }
  return mask;
}

inline Mask given_mask(size_t size, float p, Random& random) {
  Mask mask = drawn_mask(size, p, random);
  mask.memory = std::make_unique<Buffer<float>>(mask.values);
  mask.argument = DropoutMask{};
  mask.argument.values = mask.memory->device();
  mask.argument.kind = MASK_GIVEN;
  return mask;
}

inline Mask mask_of_kind(int kind, size_t size, float p, Random& random) {
  return kind == MASK_NONE ? no_mask(size) : kind == MASK_DRAWN ? drawn_mask(size, p, random)
                                                                : given_mask(size, p, random);
}

}  // namespace testing
