#include "region.h"

#include <algorithm>

namespace cublas {

namespace {

size_t span(const Region& region) {
  return ((region.columns - 1) * region.ld + region.rows) * region.element;
}

bool overlap(const Region& a, long batch_a, const Region& b, long batch_b) {
  const uintptr_t first_a = a.column(batch_a, 0);
  const uintptr_t first_b = b.column(batch_b, 0);
  if (first_a >= first_b + span(b) || first_b >= first_a + span(a)) return false;
  const intptr_t wide = b.ld * static_cast<intptr_t>(b.element);
  const intptr_t tall = b.rows * static_cast<intptr_t>(b.element);
  for (long j = 0; j < a.columns; j++) {
    const intptr_t from = static_cast<intptr_t>(a.column(batch_a, j)) - static_cast<intptr_t>(first_b);
    const intptr_t to = from + a.rows * static_cast<intptr_t>(a.element);
    if (to <= 0) continue;
    // The last column of b that begins before this one of a ends is the only one that can reach furthest.
    const intptr_t last = std::min<intptr_t>(b.columns - 1, (to - 1) / wide);
    if (last * wide + tall > from) return true;
  }
  return false;
}

}  // namespace

size_t Region::bytes() const {
  return empty() ? 0 : static_cast<size_t>(count - 1) * stride * element + span(*this);
}

uintptr_t Region::column(long batch, long index) const {
  return reinterpret_cast<uintptr_t>(data) + (batch * stride + static_cast<long long>(index) * ld) * element;
}

bool overlap(const Region& a, const Region& b) {
  if (a.empty() || b.empty()) return false;
  if (a.column(0, 0) >= b.column(0, 0) + b.bytes() || b.column(0, 0) >= a.column(0, 0) + a.bytes()) return false;
  for (long i = 0; i < a.count; i++) {
    for (long j = 0; j < b.count; j++) {
      if (overlap(a, i, b, j)) return true;
    }
  }
  return false;
}

bool overlaps_itself(const Region& a) {
  if (a.empty()) return false;
  for (long i = 1; i < a.count; i++) {
    for (long j = 0; j < i; j++) {
      if (overlap(a, i, a, j)) return true;
    }
  }
  return false;
}

}  // namespace cublas
