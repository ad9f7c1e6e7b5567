// Runs one fuzz target over its corpus, for compilers without libFuzzer:
//
//   fuzz_replay TARGET DIRECTORY
//
// Each file as it is, and cut off after each of its bytes (of large files: after
// some of them).
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace dcp::fuzz {
namespace {

using Target = void (*)(mysql::Bytes input);

struct Entry {
  const char* name;
  Target target;
};

constexpr Entry kTargets[] = {
    {"events", &FuzzEvents},
    {"rows", &FuzzRows},
    {"json", &FuzzJson},
    {"json_diff", &FuzzJsonDiff},
    {"gtid_text", &FuzzGtidText},
    {"gtid_binary", &FuzzGtidBinary},
    {"decimal", &FuzzDecimal},
    {"payload", &FuzzPayload},
    {"file", &FuzzFile},
    {"charset", &FuzzCharset},
    {"compressed_column", &FuzzCompressedColumn},
    {"config", &FuzzConfig},
};

constexpr size_t kMostCuts = 1024;

std::vector<std::filesystem::path> FilesOf(const char* directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void Replay(Target target, const std::string& input) {
  const mysql::Bytes bytes = mysql::AsBytes(input);
  const size_t step = input.size() / kMostCuts + 1;
  for (size_t size = 0; size < input.size(); size += step) {
    // A copy of its own, so that a sanitizer sees a read beyond its end.
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    target(cut);
  }
  target(bytes);
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fuzz_replay TARGET DIRECTORY\n");
    return 64;
  }
  const std::string name = argv[1];
  const auto* const entry = std::find_if(std::begin(kTargets), std::end(kTargets),
                                         [&](const Entry& e) { return name == e.name; });
  const std::vector<std::filesystem::path> files = FilesOf(argv[2]);
  if (entry == std::end(kTargets) || files.empty()) {
    std::fprintf(stderr, "fuzz_replay: no target %s, or nothing in %s\n", argv[1], argv[2]);
    return 1;
  }
  for (const auto& path : files) {
    std::fprintf(stderr, "%s\n", path.c_str());
    std::ifstream file(path, std::ios::binary);
    Replay(entry->target, std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return 0;
}

}  // namespace
}  // namespace dcp::fuzz

int main(int argc, char** argv) { return dcp::fuzz::Main(argc, argv); }
