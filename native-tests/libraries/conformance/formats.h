// 16-bit formats and TF32, written apart from those of the software device so that one can find the other wrong.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace formats {

// The nearest number with `bits` significant bits and no exponent below `least`, to even in a tie.
inline double nearest(double value, int bits, int least) {
  if (value == 0 || !std::isfinite(value)) return value;
  int exponent;
  std::frexp(value, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent - bits, least));
  return std::nearbyint(value / unit) * unit;
}

// As a tensor core may read a float32: without its last 13 bits. Rounding to the nearest loses half as much, so a
// library may do either.
inline float tf32(double value) {
  const float narrow = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &narrow, sizeof bits);
  bits &= ~0x1fffu;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

inline float half(double value) { return static_cast<float>(nearest(value, 11, -24)); }

inline float bfloat16(double value) { return static_cast<float>(nearest(value, 8, -133)); }

inline uint16_t bfloat16_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

inline float from_bfloat16_bits(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

// Of a number that half has.
inline uint16_t half_bits(float value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  int exponent;
  const double fraction = std::frexp(std::fabs(static_cast<double>(value)), &exponent);
  if (fraction == 0) return sign;
  if (exponent < -13) return static_cast<uint16_t>(sign | static_cast<int>(std::ldexp(std::fabs(value), 24)));
  return static_cast<uint16_t>(sign | ((exponent + 14) << 10) | (static_cast<int>(std::ldexp(fraction, 11)) & 0x3ff));
}

inline float from_half_bits(uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 0x3ff;
  if (exponent == 31) return fraction != 0 ? NAN : static_cast<float>(sign * INFINITY);
  return static_cast<float>(exponent == 0 ? sign * std::ldexp(fraction, -24)
                                          : sign * std::ldexp(fraction + 1024, exponent - 25));
}

}  // namespace formats
