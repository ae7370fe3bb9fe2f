// Where the elements of a column-major matrix, or of a row of equal ones, lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cublas {

struct Region {
  const void* data;
  long rows;
  long columns;
  long ld;
  size_t element;
  long long stride = 0;
  long count = 1;

  bool empty() const { return rows == 0 || columns == 0 || count == 0; }
  // From the first byte to the last one of any of the matrices, gaps between columns included.
  size_t bytes() const;
  uintptr_t column(long batch, long index) const;
};

// Whether some element of one lies in some element of the other; matrices may interleave, as the halves of wider rows
// do.
bool overlap(const Region& a, const Region& b);
// Whether two of the region's own matrices share elements.
bool overlaps_itself(const Region& a);

}  // namespace cublas
