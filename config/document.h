// Node: a TOML file as a plain tree in which every key and value knows its place.
// The TOML library stays behind this header.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "config/diagnostic.h"

namespace dcp::config {

struct Node {
  enum class Kind : uint8_t { kTable, kArray, kString, kInteger, kReal, kBoolean, kTime };
  struct Key {
    std::string name;
    Position position;
  };

  Kind kind = Kind::kTable;
  Position position;
  std::string text;     // kString
  int64_t integer = 0;  // kInteger
  bool boolean = false;
  std::vector<Key> keys;    // kTable: the names of `items`, by position in the file
  std::vector<Node> items;  // kTable, kArray

  // The value of `key`; null when this is no table or has no such key.
  const Node* Find(absl::string_view key) const;
};

// "a string", "an integer", ...
const char* Describe(Node::Kind kind);

// The root table of `text`, or what is wrong with its syntax. The message never
// quotes a line that speaks of a password.
std::variant<Node, Diagnostic> ParseDocument(absl::string_view text, const std::string& file);

}  // namespace dcp::config
