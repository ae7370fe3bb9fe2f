// Philox4x32-10 (Salmon et al. 2011) and the dropout masks drawn from it, bit for bit those of dev.tarn.backend.Philox and
// dev.tarn.backend.Mask: key = low and high word of the seed; counter = (element / 4, purpose | layer << 8, low word of the
// step, high word of the step); element e takes output word e % 4.
#pragma once

#include "common.cuh"

// How a kernel gets a mask, by value; the Java side packs these 40 bytes.
struct DropoutMask {
  const float* values;           // GIVEN: one entry per element
  unsigned key0, key1;           // DRAWN: the Philox key
  unsigned word1, word2, word3;  // DRAWN: counter words above the element
  int threshold;                 // DRAWN: kept where (word >> 8) >= threshold
  float scale;                   // DRAWN: what a kept element is multiplied by
  int kind;
};

enum MaskKind { MASK_NONE = 0, MASK_DRAWN = 1, MASK_GIVEN = 2 };

__device__ __forceinline__ uint4 philox(uint4 counter, unsigned key0, unsigned key1) {
#pragma unroll
  for (int round = 0; round < 10; round++) {
    const unsigned high0 = __umulhi(0xD2511F53u, counter.x);
    const unsigned low0 = 0xD2511F53u * counter.x;
    const unsigned high1 = __umulhi(0xCD9E8D57u, counter.z);
    const unsigned low1 = 0xCD9E8D57u * counter.z;
    counter = make_uint4(high1 ^ counter.y ^ key0, low1, high0 ^ counter.w ^ key1, low0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

__device__ __forceinline__ float kept(const DropoutMask& mask, unsigned word) {
  return static_cast<int>(word >> 8) >= mask.threshold ? mask.scale : 0.0f;
}

// The mask values of elements 4 * group to 4 * group + 3, for a drawn mask.
__device__ __forceinline__ Floats<4> drawn(const DropoutMask& mask, unsigned group) {
  const uint4 word = philox(make_uint4(group, mask.word1, mask.word2, mask.word3), mask.key0, mask.key1);
  return {{kept(mask, word.x), kept(mask, word.y), kept(mask, word.z), kept(mask, word.w)}};
}

// The mask values of W elements from `element` on, which is a multiple of W.
template <int W>
__device__ __forceinline__ Floats<W> mask_at(const DropoutMask& mask, long long element) {
  Floats<W> result;
  if (mask.kind == MASK_DRAWN) {
    const Floats<4> four = drawn(mask, static_cast<unsigned>(element >> 2));
#pragma unroll
    for (int k = 0; k < W; k++) {
      // A constant index for W = 4; for W = 1 a chain of selects, which keeps the array in registers.
      const int at = W == 4 ? k : static_cast<int>(element & 3);
      result.at[k] = at == 0 ? four.at[0] : at == 1 ? four.at[1] : at == 2 ? four.at[2] : four.at[3];
    }
  } else if (mask.kind == MASK_GIVEN) {
    result = load<W>(mask.values + element);
  } else {
#pragma unroll
    for (int k = 0; k < W; k++) {
      result.at[k] = 1.0f;
    }
  }
  return result;
}
