// The only file that includes toml++, which is slow to compile.
#include "config/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dcp::config {
namespace {

Position Where(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

Node Convert(const toml::node& node);

void ConvertTable(const toml::table& table, Node* out) {
  std::vector<std::pair<Node::Key, const toml::node*>> entries;
  for (const auto& [key, value] : table) {
    entries.push_back({{std::string(key.str()), Where(key.source())}, &value});
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first.position < b.first.position; });
  for (auto& [key, value] : entries) {
    out->keys.push_back(std::move(key));
    out->items.push_back(Convert(*value));
  }
}

// The depth is bounded by the parser (TOML_MAX_NESTED_VALUES).
Node Convert(const toml::node& node) {
  Node out;
  out.position = Where(node.source());
  if (const toml::table* table = node.as_table()) {
    ConvertTable(*table, &out);
  } else if (const toml::array* array = node.as_array()) {
    out.kind = Node::Kind::kArray;
    for (const toml::node& item : *array) out.items.push_back(Convert(item));
  } else if (const auto* text = node.as_string()) {
    out.kind = Node::Kind::kString;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Node::Kind::kInteger;
    out.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = Node::Kind::kBoolean;
    out.boolean = boolean->get();
  } else {
    out.kind = node.is_floating_point() ? Node::Kind::kReal : Node::Kind::kTime;
  }
  return out;
}

bool SpeaksOfPassword(absl::string_view text, int line) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (line < 1 || static_cast<size_t>(line) > lines.size()) return false;
  const std::string lower = absl::AsciiStrToLower(lines[static_cast<size_t>(line) - 1]);
  return lower.find("pass") != std::string::npos || lower.find("pwd") != std::string::npos;
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

const Node* Node::Find(absl::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].name == key) return &items[i];
  }
  return nullptr;
}

const char* Describe(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kTable:
      return "a table";
    case Node::Kind::kArray:
      return "an array";
    case Node::Kind::kString:
      return "a string";
    case Node::Kind::kInteger:
      return "an integer";
    case Node::Kind::kReal:
      return "a float";
    case Node::Kind::kBoolean:
      return "a boolean";
    case Node::Kind::kTime:
      return "a date or time";
  }
  return "something else";
}

std::variant<Node, Diagnostic> ParseDocument(absl::string_view text, const std::string& file) {
  try {
    return Convert(toml::parse(std::string_view(text.data(), text.size()), file));
  } catch (const toml::parse_error& error) {
    const Position position = Where(error.source());
    std::string what = SpeaksOfPassword(text, position.line)
                           ? "this line is not TOML (it is not shown: it speaks of a password)"
                           : OneLine(error.description());
    return Diagnostic{file, position, std::move(what)};
  }
}

}  // namespace dcp::config
