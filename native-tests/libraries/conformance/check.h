// Groups of checks, the rule by which numbers are compared, and device memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libraries.h"

namespace check {

// Begins a group of checks; the one before is reported in one line.
void group(const std::string& name);

void that(bool condition, const std::string& sentence);

// That a call returned 0.
void succeeded(int status, const std::string& call);

// That `got` is off `exact` by at most twice what `plain`, the same computation at the precision that the library is to
// use, is off, and a few units in the last place of float32; all by the greatest element. The rule is that of Dao et
// al.'s FlashAttention tests. What `got` holds behind the last element of `exact` is left alone.
void close(const std::vector<float>& got, const std::vector<double>& exact, const std::vector<float>& plain,
           const std::string& what);

// Something about the library that no test can demand.
void note(const std::string& sentence);

// Reports the last group and the total; whether nothing failed.
bool finish();

}  // namespace check

// Device memory with the values.
class Buffer {
 public:
  explicit Buffer(size_t bytes);
  explicit Buffer(const std::vector<float>& values);
  explicit Buffer(const std::vector<uint16_t>& values);
  explicit Buffer(const std::vector<int>& values);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  void* at() const { return reinterpret_cast<void*>(address_); }
  void* at(size_t floats) const { return reinterpret_cast<void*>(address_ + floats * sizeof(float)); }
  size_t bytes() const { return bytes_; }
  std::vector<float> floats() const;
  std::vector<uint16_t> shorts() const;
  void write(const std::vector<float>& values);
  void fill(unsigned char byte);
  void release();

 private:
  size_t bytes_;
  libraries::Address address_ = 0;
};

// A generator whose numbers are the same everywhere; normal ones come from sums of uniform ones.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  double uniform();
  float normal();
  std::vector<float> normals(size_t count, double scale = 1);

 private:
  uint64_t state_;
};
