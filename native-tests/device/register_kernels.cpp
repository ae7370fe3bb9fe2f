// Writes the C++ file that compiles a kernel source for the host and registers the kernels that its PTX has:
//
//   register_kernels kernels/dropout.cu path/of/dropout.ptx path/of/manifest.json dropout.cpp
//
// The list comes from the PTX that ships, so what the device can launch cannot drift from it. The hashes of the sources and
// of the text are compiled in, and cuModuleLoadData compares.
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "sha256.h"

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::runtime_error(path + " cannot be read");
  }
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string folder(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }
std::string base(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The source and everything of ours that it includes, as CompileKernels.java collects them.
void collect(const std::string& path, std::map<std::string, std::string>& contents) {
  const std::string content = std::regex_replace(read(path), std::regex("\r\n"), "\n");
  if (!contents.emplace(base(path), content).second) {
    return;
  }
  std::istringstream lines(content);
  const std::regex include("^#include \"([^\"]+)\".*");
  std::smatch found;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, found, include)) {
      const std::string included = folder(path) + found[1].str();
      if (std::ifstream(included)) {
        collect(included, contents);
      }
    }
  }
}

std::string hash_of_sources(const std::string& path) {
  std::map<std::string, std::string> contents;
  collect(path, contents);
  std::string all;
  for (const auto& entry : contents) {
    all += entry.first + '\0' + entry.second + '\0';
  }
  return device::sha256(all);
}

std::string hash_in_manifest(const std::string& manifest, const std::string& module) {
  std::smatch found;
  const std::string text = read(manifest);
  const std::regex entry("\"module\": \"" + module + "\", \"sha256\": \"([0-9a-f]+)\"");
  return std::regex_search(text, found, entry) ? found[1].str() : "none";
}

void write(const std::string& source, const std::string& ptxPath, const std::string& manifest, std::ostream& out) {
  const std::string file = base(source);
  const std::string module = file.substr(0, file.rfind('.'));
  const std::string ptx = read(ptxPath);
  std::vector<std::string> kernels;
  std::istringstream lines(ptx);
  const std::regex entry("\\s*\\.visible\\s+\\.entry\\s+(\\w+).*");
  std::smatch found;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, found, entry)) {
      kernels.push_back(found[1]);
    }
  }
  // A section of its own for the shared memory, since only that of the launched module is poisoned; no linkage outside of
  // the file, since modules may have different functions of one name. Kernels are extern "C" and so have it yet: those of
  // the second compilation get other names.
  out << "#include \"cuda_host.h\"\n#include \"kernels.h\"\n"
      << "#undef __shared__\n"
      << "#define __shared__ static __attribute__((section(\"shared_" << module << "\")))\n"
      << "#ifdef TARN_CHECKED\n";
  for (const std::string& kernel : kernels) {
    out << "#define " << kernel << " checked_" << kernel << "\n";
  }
  out << "#endif\nnamespace {\n#include \"" << source << "\"\n}\n"
      << "extern \"C\" char __start_shared_" << module << "[] __attribute__((weak, visibility(\"hidden\")));\n"
      << "extern \"C\" char __stop_shared_" << module << "[] __attribute__((weak, visibility(\"hidden\")));\n"
      << "namespace registered {\nstatic const device::HostKernel kernels[] = {\n";
  for (const std::string& kernel : kernels) {
    out << "    device::Compiled<&" << kernel << ">::kernel(\"" << kernel << "\"),\n";
  }
  out << "};\n"
      << "static const device::HostModule module = {\n    \"" << module << "\",\n    \"" << hash_of_sources(source)
      << "\",\n    \"" << hash_in_manifest(manifest, module) << "\",\n    \"" << device::sha256(ptx)
      << "\",\n    device::CHECKED, __start_shared_" << module << ", __stop_shared_" << module
      << ",\n    kernels, static_cast<int>(sizeof kernels / sizeof *kernels)};\n"
      << "__attribute__((constructor)) static void add() { device::register_module(module); }\n}\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: register_kernels SOURCE PTX MANIFEST OUTPUT\n";
    return 2;
  }
  try {
    std::ofstream out(argv[4]);
    write(argv[1], argv[2], argv[3], out);
    return out.flush() ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
