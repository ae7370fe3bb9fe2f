// Philox against the known answers of Random123, and masks against the host's.
#include "masks.h"

using namespace testing;

namespace {

// One thread per counter.
extern "C" __global__ void __launch_bounds__(BLOCK)
    philox_words_of(uint4* out, const uint4* counters, unsigned key0, unsigned key1, int count) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < count) {
    out[i] = philox(counters[i], key0, key1);
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK) masks_of(float* one, float* four, DropoutMask mask, int count) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < count) {
    one[i] = mask_at<1>(mask, i).at[0];
  }
  if (4 * i + 3 < count) {
    store(four + 4 * i, mask_at<4>(mask, 4 * i));
  }
}

void known_answer(uint4 counter, unsigned key0, unsigned key1, uint4 expected) {
  Buffer<uint4> in({counter});
  Buffer<uint4> out({uint4{}});
  LAUNCH(philox_words_of, grid(1), 0, out.device(), in.device(), key0, key1, 1);
  const uint4 got = out.read()[0];
  checks++;
  if (got.x != expected.x || got.y != expected.y || got.z != expected.z || got.w != expected.w) {
    fail("philox misses a known answer");
  }
}

void run(unsigned seed) {
  const unsigned ones = 0xffffffffu;
  known_answer({0, 0, 0, 0}, 0, 0, {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  known_answer({ones, ones, ones, ones}, ones, ones, {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  known_answer({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, 0xa4093822u, 0x299f31d0u,
               {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
  Random random(seed);
  for (float p : {0.02f, 0.5f, 0.98f}) {
    const int count = 1000;
    const Mask mask = drawn_mask(count, p, random);
    Buffer<float> one(zeros<float>(count));
    Buffer<float> four(zeros<float>(count));
    LAUNCH(masks_of, grid(4), 0, one.device(), four.device(), mask.argument, count);
    checks++;
    if (one.read() != mask.values || four.read() != mask.values) {
      fail("a drawn mask differs from the host's");
    }
  }
}

}  // namespace

TEST_MAIN(run)
