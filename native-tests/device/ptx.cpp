#include "ptx.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "failure.h"

namespace device {
namespace {

// Words, and each of ( ) { } [ ] , ; on its own; no comments.
class Tokens {
 public:
  explicit Tokens(const std::string& ptx) : ptx_(ptx) { next(); }

  const std::string& word() const { return word_; }
  bool at_end() const { return word_.empty(); }

  void next() {
    skip();
    const size_t from = at_;
    if (at_ < ptx_.size() && is_mark(ptx_[at_])) {
      at_++;
    } else {
      while (at_ < ptx_.size() && !std::isspace(static_cast<unsigned char>(ptx_[at_])) && !is_mark(ptx_[at_])) {
        at_++;
      }
    }
    word_.assign(ptx_, from, at_ - from);
  }

  std::string take() {
    std::string word = word_;
    next();
    return word;
  }

  bool take_if(const char* word) {
    const bool same = word_ == word;
    if (same) {
      next();
    }
    return same;
  }

  size_t take_number() { return std::strtoull(take().c_str(), nullptr, 10); }

 private:
  static bool is_mark(char c) { return std::string("(){}[],;").find(c) != std::string::npos; }

  void skip() {
    while (at_ < ptx_.size()) {
      if (std::isspace(static_cast<unsigned char>(ptx_[at_]))) {
        at_++;
      } else if (ptx_.compare(at_, 2, "//") == 0) {
        at_ = std::min(ptx_.find('\n', at_), ptx_.size());
      } else if (ptx_.compare(at_, 2, "/*") == 0) {
        at_ = std::min(ptx_.find("*/", at_), ptx_.size() - 2) + 2;
      } else {
        return;
      }
    }
  }

  const std::string& ptx_;
  size_t at_ = 0;
  std::string word_;
};

bool starts_with(const std::string& word, const char* prefix) { return word.rfind(prefix, 0) == 0; }

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// ".u64" has 8 bytes.
size_t type_bytes(const std::string& type) {
  const size_t bits = type.size() > 2 ? std::strtoull(type.c_str() + 2, nullptr, 10) : 0;
  if (bits < 8 || bits % 8 != 0) {
    fail(CUDA_ERROR_INVALID_PTX, "a variable of type ", type);
  }
  return bits / 8;
}

struct Variable {
  size_t bytes, alignment;
  bool open;   // an array without a size
};

// What follows .param or .shared: ".align 8 .b8 name[40]".
Variable variable(Tokens& tokens) {
  Variable v{0, 0, false};
  while (starts_with(tokens.word(), ".")) {
    const std::string word = tokens.take();
    if (word == ".align") {
      v.alignment = tokens.take_number();
    } else if (word != ".ptr" && word != ".global" && word != ".const" && word != ".shared" && word != ".local") {
      v.bytes = type_bytes(word);
    }
  }
  v.alignment = v.alignment == 0 ? v.bytes : v.alignment;
  tokens.next();   // the name
  while (tokens.take_if("[")) {
    v.open = tokens.word() == "]";
    v.bytes *= v.open ? 0 : tokens.take_number();
    tokens.take_if("]");
  }
  if (v.alignment == 0) {
    fail(CUDA_ERROR_INVALID_PTX, "a variable without a type");
  }
  return v;
}

void parameters(Tokens& tokens, PtxKernel& kernel) {
  if (!tokens.take_if("(")) {
    return;
  }
  while (!tokens.at_end() && !tokens.take_if(")")) {
    if (tokens.take() == ".param") {
      const Variable v = variable(tokens);
      const size_t offset = round_up(kernel.parameterBytes, v.alignment);
      kernel.parameters.push_back({offset, v.bytes, v.alignment});
      kernel.parameterBytes = offset + v.bytes;
    }
  }
}

bool is_wait(const std::string& word) {
  for (const char* prefix : {"bar.", "barrier.", "shfl.", "vote.", "match.", "redux.", "activemask."}) {
    if (starts_with(word, prefix)) {
      return true;
    }
  }
  return false;
}

void body(Tokens& tokens, PtxKernel& kernel) {
  int depth = 0;
  do {
    const std::string word = tokens.take();
    depth += word == "{" ? 1 : word == "}" ? -1 : 0;
    if (word == ".shared") {
      const Variable v = variable(tokens);
      kernel.sharedBytes = round_up(kernel.sharedBytes, v.alignment) + v.bytes;
      kernel.usesShared = true;
    }
    kernel.usesShared |= word.find(".shared") != std::string::npos;
    kernel.waits |= is_wait(word);
  } while (depth > 0 && !tokens.at_end());
  if (depth > 0) {
    fail(CUDA_ERROR_INVALID_PTX, "kernel ", kernel.name, " does not end");
  }
}

PtxKernel entry(Tokens& tokens) {
  PtxKernel kernel;
  kernel.name = tokens.take();
  parameters(tokens, kernel);
  while (!tokens.at_end() && tokens.word() != "{") {
    const std::string word = tokens.take();
    if (word == ".maxntid" || word == ".reqntid") {
      kernel.maxThreads = static_cast<unsigned>(tokens.take_number());
      while (tokens.take_if(",")) {
        kernel.maxThreads *= static_cast<unsigned>(tokens.take_number());
      }
    }
  }
  body(tokens, kernel);
  return kernel;
}

}  // namespace

Ptx parse_ptx(const std::string& ptx) {
  for (unsigned char c : ptx) {
    if (c >= 127 || (c < 32 && !std::isspace(c))) {
      fail(CUDA_ERROR_INVALID_PTX, "the text holds a byte ", int{c}, ", as it does when the NUL at its end is missing");
    }
  }
  Ptx result;
  size_t sharedOfAll = 0;
  for (Tokens tokens(ptx); !tokens.at_end();) {
    const std::string word = tokens.take();
    if (word == ".version") {
      const std::string version = tokens.take();
      const size_t dot = version.find('.');
      result.version = std::atoi(version.c_str()) * 10 +
                       (dot == std::string::npos ? 0 : std::atoi(version.c_str() + dot + 1));
    } else if (word == ".target" && starts_with(tokens.word(), "sm_")) {
      result.target = std::atoi(tokens.word().c_str() + 3);
    } else if (word == ".entry") {
      result.kernels.push_back(entry(tokens));
    } else if (word == ".shared") {
      const Variable v = variable(tokens);
      sharedOfAll = round_up(sharedOfAll, v.alignment) + v.bytes;
    }
  }
  if (result.version == 0 || result.target == 0) {
    fail(CUDA_ERROR_INVALID_PTX, "the text has no .version or no .target sm_");
  }
  for (PtxKernel& kernel : result.kernels) {
    kernel.sharedBytes += sharedOfAll;
  }
  return result;
}

}  // namespace device
