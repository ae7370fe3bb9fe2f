// Parts of a flat tensor and how blocks find them: one launch serves all of them.
#pragma once

#include "common.cuh"

// Elements of a tile, the work of a block.
constexpr int TILE = 4 * 4 * BLOCK;

// As many as a launch takes; a longer list takes another launch.
constexpr int MAX_SEGMENTS = 48;
constexpr int MAX_GROUPS = 16;

struct Segment {
  long long offset;   // of its first element
  int count;          // of its elements
  int firstTile;      // how many tiles the segments before it have
  int group;          // which learning rate it has
  int vec;            // 4 where its offset is a multiple of 4, else 1
};

struct Segments {
  Segment at[MAX_SEGMENTS];
  int size;
};

// The segment of a block, which blockIdx.x counts tiles of, in shared memory.
__device__ __forceinline__ void find_segment(const Segments& segments, Segment* found) {
#pragma unroll 1
  for (int k = threadIdx.x; k < segments.size; k += BLOCK) {
    const int tiles = (segments.at[k].count + TILE - 1) / TILE;
    const int tile = static_cast<int>(blockIdx.x) - segments.at[k].firstTile;
    if (tile >= 0 && tile < tiles) {
      *found = segments.at[k];
    }
  }
  __syncthreads();
}
