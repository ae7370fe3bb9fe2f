// Matrix products on the host: float32 sums in a fixed order, so that the same call gives the same bits on any number
// of threads, with about the error of a GPU's product.
#pragma once

#include <memory>

#include "numbers.h"

namespace math {

// A column-major operand as it enters the product: element (i, j) is data[i + j * ld], or data[j + i * ld] if
// transposed.
struct Operand {
  const void* data;
  long ld;
  bool transposed = false;
  numbers::Type type = numbers::Type::F32;
  numbers::Rounding rounding = numbers::Rounding::NONE;
};

struct Result {
  void* data;
  long ld;
  numbers::Type type = numbers::Type::F32;
};

// The left operand [rows, depth] in the order in which the innermost loop reads it; worth keeping when many products
// share it, as the steps of a recurrent layer do.
class Packed {
 public:
  Packed(const Operand& a, long rows, long depth);

  long rows() const { return rows_; }
  long depth() const { return depth_; }
  const float* panel(long row, long from, long length) const;

 private:
  struct Free {
    void operator()(float* memory) const;
  };
  long rows_;
  long depth_;
  long padded_;
  std::unique_ptr<float[], Free> values_;
};

// c = alpha a b + beta c with b [depth, columns]; c is not read if beta is 0, and a and b are not if alpha is 0.
void multiply(const Packed& a, const Operand& b, long columns, float alpha, float beta, const Result& c);

// The same with a [rows, depth] that is packed on the way.
void multiply(const Operand& a, const Operand& b, long rows, long columns, long depth, float alpha, float beta,
              const Result& c);

}  // namespace math
