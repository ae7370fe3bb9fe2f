// The number formats of the GPU's matrix units, and what they make of a float32.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace numbers {

enum class Type { F32, F16, BF16 };

// What a product does to its float32 operands before it multiplies them; sums are float32 in any case.
enum class Rounding { NONE, TF32, F16, BF16 };

inline size_t size_of(Type type) { return type == Type::F32 ? 4 : 2; }

// The nearest number of `kept` mantissa bits, to even in a tie.
inline float rounded_to(float value, int kept) {
  if (!std::isfinite(value)) return value;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const int dropped = 23 - kept;
  const uint32_t half = 1u << (dropped - 1);
  bits += half - 1 + ((bits >> dropped) & 1);
  bits &= ~((1u << dropped) - 1);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline float from_half(uint16_t bits) {
  _Float16 value;
  std::memcpy(&value, &bits, sizeof bits);
  return static_cast<float>(value);
}

inline uint16_t to_half(float value) {
  const _Float16 narrow = static_cast<_Float16>(value);
  uint16_t bits;
  std::memcpy(&bits, &narrow, sizeof bits);
  return bits;
}

inline float from_bfloat16(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

inline uint16_t to_bfloat16(float value) {
  uint32_t bits;
  // A NaN whose payload lies in the lower half would become an infinity.
  if (std::isnan(value)) return 0x7fff;
  value = rounded_to(value, 7);
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

inline float round(float value, Rounding rounding) {
  switch (rounding) {
    case Rounding::TF32:
      return rounded_to(value, 10);
    case Rounding::F16:
      return from_half(to_half(value));
    case Rounding::BF16:
      return rounded_to(value, 7);
    default:
      return value;
  }
}

inline float load(const void* data, size_t index, Type type) {
  switch (type) {
    case Type::F16:
      return from_half(static_cast<const uint16_t*>(data)[index]);
    case Type::BF16:
      return from_bfloat16(static_cast<const uint16_t*>(data)[index]);
    default:
      return static_cast<const float*>(data)[index];
  }
}

inline void store(void* data, size_t index, Type type, float value) {
  switch (type) {
    case Type::F16:
      static_cast<uint16_t*>(data)[index] = to_half(value);
      break;
    case Type::BF16:
      static_cast<uint16_t*>(data)[index] = to_bfloat16(value);
      break;
    default:
      static_cast<float*>(data)[index] = value;
  }
}

}  // namespace numbers
