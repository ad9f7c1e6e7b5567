// The means that the sections are read with: a Context that collects what is
// wrong, Values that know how to complain about themselves, and TableReader,
// which gives every key of a table to the Field that knows it and complains about
// the rest.
//
// Thread-confined, like all of the parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "config/config.h"
#include "config/diagnostic.h"
#include "config/document.h"
#include "config/load.h"

namespace dcp::config {

class Context {
 public:
  // `environment` must outlive this.
  Context(std::string file, Purpose purpose, const Environment& environment);

  Purpose purpose() const { return purpose_; }
  const Environment& environment() const { return environment_; }

  void Error(Position position, absl::string_view message);
  void Warning(Position position, absl::string_view message);

  size_t error_count() const { return errors_.size(); }

  // By position; what was said at one place stays in its order.
  std::vector<Diagnostic> TakeErrors();
  std::vector<Diagnostic> TakeWarnings();

 private:
  const std::string file_;
  const Purpose purpose_;
  const Environment& environment_;
  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> warnings_;
};

// One value of the file.
struct Value {
  const Node& node;
  std::string name;  // "'timeout' in [[check]]": how messages call it
  Context& context;

  // Says "<name> <message>" at the value's place.
  void Error(absl::string_view message) const;
  // Says that the value `must be <expected>, not <what it is>`.
  void WrongType(absl::string_view expected) const;
};

// The readers below say what is wrong and leave `out` as it is, or set it.

// A string that is not empty and has no control characters.
bool ReadText(const Value& value, std::string* out);
// The same, fit to name a thing: at most 64 bytes.
bool ReadName(const Value& value, std::string* out);
void ReadBool(const Value& value, bool* out);
void ReadEndpoint(const Value& value, Endpoint* out);
// Each of an array of strings that is not empty.
void ReadTexts(const Value& value, std::vector<std::string>* out);
// Calls `read` with each item of an array that is not empty.
void ReadItems(const Value& value, const std::function<void(const Value&)>& read);
void ReadDuration(const Value& value, absl::Duration min, absl::Duration max, absl::Duration* out);
// "22:00-07:00" each.
void ReadDayHours(const Value& value, std::vector<model::DayHours>* out);
// A name such as "Europe/Berlin".
void ReadTimeZone(const Value& value, absl::TimeZone* out);
void ReadSize(const Value& value, uint64_t min, uint64_t max, uint64_t* out);
// min <= max, both from 0.
void ReadNumber(const Value& value, uint32_t min, uint32_t max, uint32_t* out);

// A word of an enum, as the file writes it.
template <typename E>
struct Word {
  const char* text;
  E value;
};

// The index in `words` of the text that `value` holds, or nothing, said.
std::optional<size_t> ReadWordIndex(const Value& value, const std::vector<std::string>& words);

template <typename E, size_t N>
bool ReadWord(const Value& value, const Word<E> (&words)[N], E* out) {
  std::vector<std::string> texts;
  for (const Word<E>& word : words) texts.emplace_back(word.text);
  const auto index = ReadWordIndex(value, texts);
  if (index) *out = words[*index].value;
  return index.has_value();
}

// "info", "warning" or "critical".
void ReadSeverity(const Value& value, model::Severity* out);

// How one key of a section is read into the T that the section becomes.
template <typename T>
struct Field {
  const char* key;
  void (*read)(const Value& value, T& out);
  bool required = false;
};

class TableReader {
 public:
  // `section` is what messages call the table, e.g. "[[check]]". A node that is no
  // table is an error, and then has no key.
  TableReader(const Node& node, absl::string_view section, Context& context);

  // Reads the keys that `fields` knows into `out`.
  template <typename T, size_t N>
  TableReader& Read(const Field<T> (&fields)[N], T& out) {
    for (const Field<T>& field : fields) {
      Know(field.key);
      if (const Node* value = node_.Find(field.key)) {
        field.read(ValueOf(field.key, *value), out);
      } else if (field.required) {
        missing_.emplace_back(field.key);
      }
    }
    return *this;
  }

  // A key that some other key makes known, or required.
  void Know(const char* key) { known_.emplace_back(key); }
  void Miss(const char* key) { missing_.emplace_back(key); }

  // Complains about every required key that is missing and every key that no field
  // knew (but of one misspelt key only once); call once, behind the last Read. `hint` may explain a
  // name (return "" for no hint).
  void Finish(const std::function<std::string(absl::string_view key)>& hint = nullptr);

  // Says `message` at the value of `key`, or at the table when it is not there.
  void Error(absl::string_view key, absl::string_view message);

  bool Has(absl::string_view key) const { return node_.Find(key) != nullptr; }
  const Node& node() const { return node_; }
  const std::string& section() const { return section_; }
  Context& context() const { return context_; }

 private:
  Value ValueOf(absl::string_view key, const Node& node) const;

  const Node& node_;
  const std::string section_;
  Context& context_;
  std::vector<std::string> known_;
  std::vector<std::string> missing_;
};

// The place of `key`'s value in `table`, or of the table when it is not there.
Position PlaceOf(const Node& table, absl::string_view key);

template <typename T, size_t N>
void AppendKeys(const char* section, const Field<T> (&fields)[N], std::vector<KnownKey>* out) {
  for (const Field<T>& field : fields) out->push_back({section, field.key});
}

}  // namespace dcp::config
