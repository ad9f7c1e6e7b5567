#include "config/reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/nearest.h"
#include "config/values.h"

namespace dcp::config {
namespace {

constexpr size_t kMaxName = 64;

std::vector<Diagnostic> Sorted(std::vector<Diagnostic> diagnostics) {
  std::stable_sort(
      diagnostics.begin(), diagnostics.end(),
      [](const Diagnostic& a, const Diagnostic& b) { return a.position < b.position; });
  return diagnostics;
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

std::string Quoted(absl::string_view word) { return absl::StrCat("\"", word, "\""); }

// What a file may contain is shown in messages; a newline in it must not break
// them apart.
std::string OneLine(absl::string_view text) {
  return HasControl(text) ? absl::Utf8SafeCEscape(text) : std::string(text);
}

}  // namespace

Context::Context(std::string file, Purpose purpose, const Environment& environment)
    : file_(std::move(file)), purpose_(purpose), environment_(environment) {}

void Context::Error(Position position, absl::string_view message) {
  errors_.push_back({file_, position, OneLine(message)});
}

void Context::Warning(Position position, absl::string_view message) {
  warnings_.push_back({file_, position, OneLine(message)});
}

std::vector<Diagnostic> Context::TakeErrors() { return Sorted(std::exchange(errors_, {})); }

std::vector<Diagnostic> Context::TakeWarnings() { return Sorted(std::exchange(warnings_, {})); }

void Value::Error(absl::string_view message) const {
  context.Error(node.position, absl::StrCat(name, " ", message));
}

void Value::WrongType(absl::string_view expected) const {
  Error(absl::StrCat("must be ", expected, ", not ", Describe(node.kind)));
}

bool ReadText(const Value& value, std::string* out) {
  if (value.node.kind != Node::Kind::kString) {
    value.WrongType("a string");
    return false;
  }
  if (value.node.text.empty() || HasControl(value.node.text)) {
    value.Error(value.node.text.empty() ? "must not be empty"
                                        : "must not contain control characters");
    return false;
  }
  *out = value.node.text;
  return true;
}

bool ReadName(const Value& value, std::string* out) {
  if (value.node.text.size() > kMaxName) {
    value.Error(absl::StrCat("is too long (", value.node.text.size(), " bytes, ", kMaxName,
                             " are allowed)"));
    return false;
  }
  return ReadText(value, out);
}

void ReadBool(const Value& value, bool* out) {
  if (value.node.kind != Node::Kind::kBoolean) return value.WrongType("true or false");
  *out = value.node.boolean;
}

void ReadEndpoint(const Value& value, Endpoint* out) {
  std::string text;
  if (!ReadText(value, &text)) return;
  auto endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return value.Error(endpoint.status().message());
  *out = *std::move(endpoint);
}

void ReadItems(const Value& value, const std::function<void(const Value&)>& read) {
  if (value.node.kind != Node::Kind::kArray) return value.WrongType("an array");
  if (value.node.items.empty()) return value.Error("must not be empty");
  for (const Node& item : value.node.items) {
    read(Value{item, absl::StrCat("an item of ", value.name), value.context});
  }
}

void ReadTexts(const Value& value, std::vector<std::string>* out) {
  out->clear();
  ReadItems(value, [out](const Value& item) {
    std::string text;
    if (ReadText(item, &text)) out->push_back(std::move(text));
  });
}

void ReadDayHours(const Value& value, std::vector<model::DayHours>* out) {
  ReadItems(value, [out](const Value& item) {
    std::string text;
    if (!ReadText(item, &text)) return;
    const auto hours = ParseDayHours(text);
    if (!hours.ok()) return item.Error(hours.status().message());
    out->push_back(*hours);
  });
}

void ReadSeverity(const Value& value, model::Severity* out) {
  static constexpr Word<model::Severity> kWords[] = {{"info", model::Severity::kInfo},
                                                     {"warning", model::Severity::kWarning},
                                                     {"critical", model::Severity::kCritical}};
  ReadWord(value, kWords, out);
}

void ReadTimeZone(const Value& value, absl::TimeZone* out) {
  std::string name;
  if (!ReadText(value, &name)) return;
  if (!absl::LoadTimeZone(name, out)) {
    value.Error(
        absl::StrCat("must be a time zone of this machine such as \"Europe/Berlin\" or "
                     "\"UTC\", not \"",
                     name, "\""));
  }
}

void ReadDuration(const Value& value, absl::Duration min, absl::Duration max, absl::Duration* out) {
  if (value.node.kind != Node::Kind::kString) {
    return value.WrongType(R"(a duration such as "30s" or "500ms")");
  }
  const auto duration = ParseDuration(value.node.text);
  if (!duration.ok()) return value.Error(duration.status().message());
  if (*duration < min || *duration > max) {
    return value.Error(absl::StrCat("must be between ", absl::FormatDuration(min), " and ",
                                    absl::FormatDuration(max), ", not ", value.node.text));
  }
  *out = *duration;
}

void ReadSize(const Value& value, uint64_t min, uint64_t max, uint64_t* out) {
  if (value.node.kind != Node::Kind::kString && value.node.kind != Node::Kind::kInteger) {
    return value.WrongType(R"(a size such as "512MiB" or a number of bytes)");
  }
  const auto size = ParseSize(
      value.node.kind == Node::Kind::kString ? value.node.text : absl::StrCat(value.node.integer));
  if (!size.ok()) return value.Error(size.status().message());
  if (*size < min || *size > max) {
    return value.Error(absl::StrCat("must be between ", FormatSize(min), " and ", FormatSize(max),
                                    ", not ", FormatSize(*size)));
  }
  *out = *size;
}

void ReadNumber(const Value& value, uint32_t min, uint32_t max, uint32_t* out) {
  if (value.node.kind != Node::Kind::kInteger) return value.WrongType("an integer");
  if (value.node.integer < min || value.node.integer > max) {
    return value.Error(
        absl::StrCat("must be between ", min, " and ", max, ", not ", value.node.integer));
  }
  *out = static_cast<uint32_t>(value.node.integer);
}

std::optional<size_t> ReadWordIndex(const Value& value, const std::vector<std::string>& words) {
  const std::string valid = absl::StrJoin(
      words, ", ",
      [](std::string* out, const std::string& word) { absl::StrAppend(out, Quoted(word)); });
  if (value.node.kind != Node::Kind::kString) {
    value.WrongType(absl::StrCat("one of ", valid));
    return std::nullopt;
  }
  const auto it = std::find(words.begin(), words.end(), value.node.text);
  if (it != words.end()) return static_cast<size_t>(it - words.begin());
  value.Error(absl::StrCat("must be one of ", valid, ", not ", Quoted(value.node.text),
                           DidYouMean(value.node.text, words)));
  return std::nullopt;
}

TableReader::TableReader(const Node& node, absl::string_view section, Context& context)
    : node_(node), section_(section), context_(context) {
  if (node.kind == Node::Kind::kTable) return;
  context.Error(node.position,
                absl::StrCat(section, " must be a table, not ", Describe(node.kind)));
}

void TableReader::Finish(const std::function<std::string(absl::string_view)>& hint) {
  if (node_.kind != Node::Kind::kTable) return;  // said already
  for (const Node::Key& key : node_.keys) {
    if (std::find(known_.begin(), known_.end(), key.name) != known_.end()) continue;
    std::erase(missing_, Nearest(key.name, known_));
    std::string advice = hint ? hint(key.name) : "";
    if (advice.empty()) advice = DidYouMean(key.name, known_);
    context_.Error(key.position,
                   absl::StrCat("unknown key '", key.name, "' in ", section_, advice));
  }
  for (const std::string& key : missing_) {
    context_.Error(node_.position, absl::StrCat(section_, " needs '", key, "'"));
  }
}

void TableReader::Error(absl::string_view key, absl::string_view message) {
  context_.Error(PlaceOf(node_, key), message);
}

Value TableReader::ValueOf(absl::string_view key, const Node& node) const {
  return Value{node, absl::StrCat("'", key, "' in ", section_), context_};
}

Position PlaceOf(const Node& table, absl::string_view key) {
  const Node* value = table.Find(key);
  return value == nullptr ? table.position : value->position;
}

}  // namespace dcp::config
