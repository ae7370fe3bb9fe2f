#include "check.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace check {

namespace {

std::string current;
int checks = 0;
int failures = 0;
int all_checks = 0;
int all_failures = 0;
double worst = 0;
std::string worst_what;
std::vector<std::string> notes;

void report() {
  if (current.empty()) return;
  std::printf("%-6s %-44s %4d checks", failures == 0 ? "ok" : "FAILED", current.c_str(), checks);
  if (worst > 0) std::printf(", at worst %.2f of the tolerance (%s)", worst, worst_what.c_str());
  std::printf("\n");
  for (const std::string& line : notes) std::printf("       note: %s\n", line.c_str());
  std::fflush(stdout);
  all_checks += checks;
  all_failures += failures;
}

}  // namespace

void group(const std::string& name) {
  report();
  current = name;
  checks = failures = 0;
  worst = 0;
  notes.clear();
}

void that(bool condition, const std::string& sentence) {
  checks++;
  if (condition) return;
  failures++;
  constexpr int SHOWN = 10;
  if (failures <= SHOWN) std::printf("       %s: %s\n", current.c_str(), sentence.c_str());
}

void succeeded(int status, const std::string& call) {
  that(status == 0, call + " returned " + std::to_string(status));
}

void close(const std::vector<float>& got, const std::vector<double>& exact, const std::vector<float>& plain,
           const std::string& what) {
  double error = 0;
  double allowed = 0;
  double greatest = 0;
  size_t where = 0;
  if (exact.empty() || got.size() < exact.size() || plain.size() != exact.size()) {
    that(false, what + " has " + std::to_string(got.size()) + " elements of " + std::to_string(exact.size()));
    return;
  }
  for (size_t i = 0; i < exact.size(); i++) {
    const double off = std::fabs(got[i] - exact[i]);
    if (!(off <= error)) {
      error = std::isnan(off) ? INFINITY : off;
      where = i;
    }
    allowed = std::max(allowed, std::fabs(plain[i] - exact[i]));
    greatest = std::max(greatest, std::fabs(exact[i]));
  }
  constexpr int LAST_PLACES = 4;
  const double tolerance = 2 * allowed + LAST_PLACES * static_cast<double>(FLT_EPSILON) * greatest;
  if (error / tolerance > worst) {
    worst = error / tolerance;
    worst_what = what;
  }
  char text[256];
  std::snprintf(text, sizeof text, "%s is off by %.3g at element %zu (%.8g, exact %.8g); %.3g is allowed", what.c_str(),
                error, where, static_cast<double>(got[where]), exact[where], tolerance);
  that(error <= tolerance, text);
}

void note(const std::string& sentence) {
  if (std::find(notes.begin(), notes.end(), sentence) == notes.end()) notes.push_back(sentence);
}

bool finish() {
  report();
  std::printf("%d checks, %d failed\n", all_checks, all_failures);
  return all_failures == 0 && all_checks > 0;
}

}  // namespace check

namespace {

void demand(int status, const char* call) {
  if (status == 0) return;
  std::printf("%s returned %d, so nothing further can be tested\n", call, status);
  std::exit(1);
}

// The legacy stream, which the calls above work on, does not wait for non-blocking streams nor they for it.
void settle() { demand(libraries::cuStreamSynchronize(nullptr), "cuStreamSynchronize"); }

template <typename T>
std::vector<T> download(libraries::Address from, size_t bytes) {
  std::vector<T> values(bytes / sizeof(T));
  demand(libraries::cuMemcpyDtoH_v2(values.data(), from, values.size() * sizeof(T)), "cuMemcpyDtoH");
  return values;
}

}  // namespace

Buffer::Buffer(size_t bytes) : bytes_(bytes) {
  demand(libraries::cuMemAlloc_v2(&address_, std::max<size_t>(bytes, 4)), "cuMemAlloc");
  fill(0xff);
}

Buffer::Buffer(const std::vector<float>& values) : Buffer(values.size() * sizeof(float)) { write(values); }

Buffer::Buffer(const std::vector<uint16_t>& values) : Buffer(values.size() * sizeof(uint16_t)) {
  demand(libraries::cuMemcpyHtoD_v2(address_, values.data(), bytes_), "cuMemcpyHtoD");
  settle();
}

Buffer::Buffer(const std::vector<int>& values) : Buffer(values.size() * sizeof(int)) {
  demand(libraries::cuMemcpyHtoD_v2(address_, values.data(), bytes_), "cuMemcpyHtoD");
  settle();
}

Buffer::~Buffer() { release(); }

void Buffer::release() {
  if (address_ != 0) libraries::cuMemFree_v2(address_);
  address_ = 0;
}

std::vector<float> Buffer::floats() const { return download<float>(address_, bytes_); }

std::vector<uint16_t> Buffer::shorts() const { return download<uint16_t>(address_, bytes_); }

void Buffer::write(const std::vector<float>& values) {
  demand(libraries::cuMemcpyHtoD_v2(address_, values.data(), values.size() * sizeof(float)), "cuMemcpyHtoD");
  settle();
}

void Buffer::fill(unsigned char byte) {
  demand(libraries::cuMemsetD8_v2(address_, byte, bytes_), "cuMemsetD8");
  settle();
}

double Random::uniform() {
  state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  return static_cast<double>(state_ >> 33) / 2147483648.0;
}

float Random::normal() {
  double sum = 0;
  for (int i = 0; i < 12; i++) sum += uniform();
  return static_cast<float>(sum - 6);
}

std::vector<float> Random::normals(size_t count, double scale) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(normal() * scale);
  return values;
}
