// What the tests of the kernels share. They are compiled by a host compiler, where LAUNCH runs fibers and a buffer is a heap
// block of exactly its size, and by nvcc, where both are the real thing.
#pragma once

#include <algorithm>
#include <cfenv>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#ifdef TARN_HOST
#include "cuda_host.h"
#else
#include <cuda_runtime.h>
#endif

namespace testing {

inline int failures = 0;
inline int checks = 0;

inline void fail(const std::string& message) {
  std::printf("FAILED  %s\n", message.c_str());
  failures++;
}

// The bits of the bfloat16 nearest to a float, by distance: of the two around it the nearer, and of two as near the even.
inline unsigned short nearest_bf16(float v) {
  unsigned bits;
  std::memcpy(&bits, &v, sizeof(bits));
  const unsigned below = bits >> 16;
  if (!std::isfinite(v) || (bits & 0xffff) == 0) {
    return static_cast<unsigned short>(std::isnan(v) ? below | 0x40 : below);
  }
  const double tail = (bits & 0xffff) / 65536.0;
  const bool up = tail > 0.5 || (tail == 0.5 && below % 2 == 1);
  return static_cast<unsigned short>(below + up);
}

inline std::vector<unsigned short> nearest_bf16(const std::vector<float>& values) {
  std::vector<unsigned short> bits;
  for (float v : values) {
    bits.push_back(nearest_bf16(v));
  }
  return bits;
}

// Counts a check of bits.
template <typename T>
void check_equal(const std::string& name, const std::vector<T>& got, const std::vector<T>& wanted) {
  checks++;
  for (size_t k = 0; k < wanted.size(); k++) {
    if (got[k] != wanted[k]) {
      fail(name + "[" + std::to_string(k) + "] is " + std::to_string(got[k]) + ", expected " + std::to_string(wanted[k]));
      return;
    }
  }
}

#ifdef TARN_HOST

inline host::LaunchOptions options;

template <typename T>
class Buffer {
 public:
  explicit Buffer(const std::vector<T>& values) : size_(values.size()) {
    // Not a vector: its capacity would hide an access behind the end from the sanitizer.
    data_ = static_cast<T*>(std::aligned_alloc(64, (size_ * sizeof(T) + 63) / 64 * 64));
    exact_ = size_ * sizeof(T) % 64 == 0 ? nullptr : static_cast<T*>(std::malloc(size_ * sizeof(T)));
    std::copy(values.begin(), values.end(), device());
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    std::free(data_);
    std::free(exact_);
  }
  T* device() const { return exact_ != nullptr ? exact_ : data_; }
  std::vector<T> read() const { return std::vector<T>(device(), device() + size_); }

 private:
  size_t size_;
  T* data_;
  T* exact_;
};

struct Grid {
  unsigned x, y;
};

#define LAUNCH(kernel, grid, shared, ...) \
  host::launch({(grid).x, (grid).y, 1}, {BLOCK, 1, 1}, shared, [&] { kernel(__VA_ARGS__); }, testing::options)

#else

inline void require(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    std::printf("%s: %s\n", what, cudaGetErrorString(status));
    std::exit(2);
  }
}

template <typename T>
class Buffer {
 public:
  explicit Buffer(const std::vector<T>& values) : size_(values.size()) {
    require(cudaMalloc(&data_, std::max<size_t>(1, size_) * sizeof(T)), "cudaMalloc");
    require(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice), "copy to the device");
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { cudaFree(data_); }
  T* device() const { return data_; }
  std::vector<T> read() const {
    std::vector<T> values(size_);
    require(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost), "copy from the device");
    return values;
  }

 private:
  size_t size_;
  T* data_ = nullptr;
};

struct Grid {
  unsigned x, y;
};

#define LAUNCH(kernel, grid, shared, ...)                                  \
  do {                                                                     \
    kernel<<<dim3((grid).x, (grid).y), BLOCK, shared>>>(__VA_ARGS__);       \
    testing::require(cudaDeviceSynchronize(), #kernel);                    \
  } while (0)

#endif

inline Grid grid(long long x, long long y = 1) { return {static_cast<unsigned>(x), static_cast<unsigned>(y)}; }
inline long long ceil_div(long long a, long long b) { return (a + b - 1) / b; }

// Random numbers of a test; the seed comes from the command line and is printed with a failure.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::vector<float> normal(size_t size, float deviation = 1.0f) {
    std::normal_distribution<float> distribution(0.0f, deviation);
    std::vector<float> values(size);
    for (float& v : values) {
      v = distribution(engine_);
    }
    return values;
  }
  std::vector<int> ids(size_t size, int below) {
    std::uniform_int_distribution<int> distribution(0, below - 1);
    std::vector<int> values(size);
    for (int& v : values) {
      v = distribution(engine_);
    }
    return values;
  }
  unsigned word() { return engine_(); }

 private:
  std::mt19937 engine_;
};

// What a reference gives in float32 in each of the four directions of rounding: how far they are from the result in double
// is what float32 loses. One direction alone may be exact by chance.
template <typename F>
auto roundings(F reference) {
  std::vector<decltype(reference())> results;
  for (int direction : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(direction);
    results.push_back(reference());
  }
  std::fesetround(FE_TONEAREST);
  return results;
}

// Holds `got` against the reference in double. It may be off by twice what the same reference loses in float32; the largest
// loss counts for all elements, since which of them lose is chance.
template <typename G>
void check(const std::string& what, const std::vector<G>& got, const std::vector<double>& exact,
           const std::vector<std::vector<float>>& plain) {
  checks++;
  double lost = 0.0;
  double largest = 0.0;
  for (const auto& rounded : plain) {
    if (got.size() != exact.size() || rounded.size() != exact.size()) {
      fail(what + ": sizes differ");
      return;
    }
    for (size_t i = 0; i < exact.size(); i++) {
      lost = std::max(lost, std::abs(rounded[i] - exact[i]));
      largest = std::max(largest, std::abs(exact[i]));
    }
  }
  // A result that float32 holds exactly is still rounded once.
  const double allowed = 2.0 * std::max<double>(lost, largest * FLT_EPSILON / 2);
  for (size_t i = 0; i < exact.size(); i++) {
    if (!(std::abs(got[i] - exact[i]) <= allowed)) {
      char text[200];
      std::snprintf(text, sizeof text, "%s: element %zu of %zu is %.9g, expected %.9g, off by %.3g, allowed %.3g",
                    what.c_str(), i, exact.size(), static_cast<double>(got[i]), exact[i], std::abs(got[i] - exact[i]),
                    allowed);
      fail(text);
      return;
    }
  }
}

// The same for one member of a reference's result.
template <typename G, typename S>
void check(const std::string& what, const std::vector<G>& got, const std::vector<double>& exact,
           const std::vector<S>& plain, std::vector<float> S::* member) {
  std::vector<std::vector<float>> results;
  for (const S& s : plain) {
    results.push_back(s.*member);
  }
  check(what, got, exact, results);
}

template <typename T>
std::vector<T> zeros(size_t size) {
  return std::vector<T>(size, T(0));
}

template <typename T>
std::vector<float> as_float(const std::vector<T>& values) {
  return std::vector<float>(values.begin(), values.end());
}

inline std::string shape(std::initializer_list<int> dims) {
  std::string text = "[";
  for (int d : dims) {
    text += (text.size() > 1 ? "," : "") + std::to_string(d);
  }
  return text + "]";
}

// 4 where a row length and everything that starts at multiples of it can be loaded 16 bytes at a time.
inline int vec(std::initializer_list<long long> lengths) {
  for (long long length : lengths) {
    if (length % 4 != 0) {
      return 1;
    }
  }
  return 4;
}

}  // namespace testing

// Runs the tests of a file in each order of blocks and threads; results have to be right in all of them.
#ifdef TARN_HOST
#define TEST_MAIN(run)                                                                              \
  int main(int argc, char** argv) {                                                                 \
    const unsigned seed = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 20170807;           \
    for (host::Order order : {host::Order::FORWARD, host::Order::REVERSE, host::Order::RANDOM}) {   \
      testing::options = {order, seed};                                                             \
      try {                                                                                         \
        run(seed);                                                                                  \
      } catch (const std::exception& e) {                                                           \
        testing::fail(e.what());                                                                    \
      }                                                                                             \
    }                                                                                               \
    std::printf("%d checks, %d failures; repeat with: %s %u\n", testing::checks, testing::failures, \
                argv[0], seed);                                                                     \
    return testing::failures == 0 && testing::checks > 0 ? 0 : 1;                                   \
  }
#else
#define TEST_MAIN(run)                                                                              \
  int main(int argc, char** argv) {                                                                 \
    const unsigned seed = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 20170807;           \
    run(seed);                                                                                      \
    std::printf("%d checks, %d failures; repeat with: %s %u\n", testing::checks, testing::failures, \
                argv[0], seed);                                                                     \
    return testing::failures == 0 && testing::checks > 0 ? 0 : 1;                                   \
  }
#endif
