#include "mysql/json_diff.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/json_string.h"
#include "mysql/jsonb.h"
#include "mysql/utf8.h"

namespace dcp::mysql {
namespace {

enum Operation : uint8_t { kReplace = 0, kInsert = 1, kRemove = 2 };

// A document: scalars are their canonical text.
struct Node {
  enum class Kind : uint8_t { kScalar, kArray, kObject };

  Kind kind = Kind::kScalar;
  std::string scalar;
  std::vector<Node> items;         // of arrays and objects
  std::vector<std::string> names;  // of objects' items, in the server's order
};

// The server's order of names.
bool NameLess(absl::string_view a, absl::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

size_t PlaceOfName(const Node& object, absl::string_view name) {
  const auto place =
      std::lower_bound(object.names.begin(), object.names.end(), name,
                       [](const std::string& a, absl::string_view b) { return NameLess(a, b); });
  return static_cast<size_t>(place - object.names.begin());
}

bool HasName(const Node& object, size_t place, absl::string_view name) {
  return place < object.names.size() && object.names[place] == name;
}

void InsertItem(Node* container, size_t place, Node item) {
  container->items.insert(container->items.begin() + static_cast<ptrdiff_t>(place),
                          std::move(item));
}

void RemoveItem(Node* container, size_t place) {
  const auto at = static_cast<ptrdiff_t>(place);
  container->items.erase(container->items.begin() + at);
  if (container->kind == Node::Kind::kObject) container->names.erase(container->names.begin() + at);
}

// Takes four hexadecimal digits off the front of `rest`.
bool TakeHex(absl::string_view* rest, uint32_t* value) {
  if (rest->size() < 4) return false;
  *value = 0;
  for (const char c : rest->substr(0, 4)) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    *value = *value * 16 + static_cast<uint32_t>(digit);
  }
  rest->remove_prefix(4);
  return true;
}

bool TakeUnicodeEscape(absl::string_view* rest, std::string* out) {
  uint32_t unit = 0;
  if (!TakeHex(rest, &unit)) return false;
  if (unit >= 0xd800 && unit <= 0xdfff) {
    uint32_t low = 0;
    if (unit >= 0xdc00 || !absl::ConsumePrefix(rest, "\\u") || !TakeHex(rest, &low) ||
        low < 0xdc00 || low > 0xdfff) {
      return false;
    }
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  AppendUtf8(unit, out);
  return true;
}

// Takes a string in quotes off the front of `rest`: what it says, to `*out`.
bool TakeString(absl::string_view* rest, std::string* out) {
  static constexpr absl::string_view kEscapes = "\"\\/bfnrt";
  static constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (!absl::ConsumePrefix(rest, "\"")) return false;
  while (true) {
    const size_t plain = rest->find_first_of("\"\\");
    if (plain == absl::string_view::npos) return false;
    out->append(rest->data(), plain);
    const bool end = (*rest)[plain] == '"';
    rest->remove_prefix(plain + 1);
    if (end) return true;
    if (rest->empty()) return false;
    const char escape = rest->front();
    rest->remove_prefix(1);
    const size_t known = kEscapes.find(escape);
    if (known != absl::string_view::npos) {
      out->push_back(kMeanings[known]);
    } else if (escape != 'u' || !TakeUnicodeEscape(rest, out)) {
      return false;
    }
  }
}

// Reads canonical text, which has no white space.
class Parser {
 public:
  explicit Parser(absl::string_view text) : rest_(text) {}

  bool Parse(Node* node) { return Value(node, 0) && rest_.empty(); }

 private:
  bool Value(Node* node, int depth) {
    if (rest_.empty() || depth > kMaxJsonDepth) return false;
    switch (rest_.front()) {
      case '[':
        return Container(node, Node::Kind::kArray, "]", depth);
      case '{':
        return Container(node, Node::Kind::kObject, "}", depth);
      case '"':
        return StringScalar(node);
      default:
        return PlainScalar(node);
    }
  }

  bool Container(Node* node, Node::Kind kind, absl::string_view end, int depth) {
    rest_.remove_prefix(1);
    node->kind = kind;
    if (absl::ConsumePrefix(&rest_, end)) return true;
    do {
      if (kind == Node::Kind::kObject &&
          (!TakeString(&rest_, &node->names.emplace_back()) || !absl::ConsumePrefix(&rest_, ":"))) {
        return false;
      }
      if (!Value(&node->items.emplace_back(), depth + 1)) return false;
    } while (absl::ConsumePrefix(&rest_, ","));
    return absl::ConsumePrefix(&rest_, end);
  }

  bool StringScalar(Node* node) {
    const absl::string_view start = rest_;
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2u : 1u;
    if (end >= rest_.size()) return false;
    node->scalar = std::string(start.substr(0, end + 1));
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool PlainScalar(Node* node) {
    const size_t end = std::min(rest_.find_first_of(",]}"), rest_.size());
    node->scalar = std::string(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return end > 0;
  }

  absl::string_view rest_;
};

// False: nested deeper than a document can be.
bool Write(const Node& node, int depth, std::string* out) {
  if (node.kind == Node::Kind::kScalar) {
    out->append(node.scalar);
    return true;
  }
  if (depth >= kMaxJsonDepth) return false;
  const bool object = node.kind == Node::Kind::kObject;
  out->push_back(object ? '{' : '[');
  for (size_t i = 0; i < node.items.size(); ++i) {
    if (i > 0) out->push_back(',');
    if (object) {
      AppendJsonString(node.names[i], out);
      out->push_back(':');
    }
    if (!Write(node.items[i], depth + 1, out)) return false;
  }
  out->push_back(object ? '}' : ']');
  return true;
}

// One step of a path: .name, [index] or [last-index].
struct Leg {
  bool member = false;
  std::string name;
  uint64_t index = 0;
  bool from_end = false;

  bool Within(size_t size) const { return index < size; }
  // REQUIRES: Within(size)
  size_t Place(size_t size) const {
    const auto place = static_cast<size_t>(index);
    return from_end ? size - 1 - place : place;
  }
};

bool TakeMember(absl::string_view* rest, Leg* leg) {
  leg->member = true;
  if (!rest->empty() && rest->front() == '"') return TakeString(rest, &leg->name);
  const size_t end = std::min(rest->find_first_of(".[*"), rest->size());
  leg->name = std::string(rest->substr(0, end));
  rest->remove_prefix(end);
  return end > 0;
}

bool TakeCell(absl::string_view* rest, Leg* leg) {
  const size_t end = rest->find(']');
  if (end == absl::string_view::npos) return false;
  absl::string_view index = rest->substr(0, end);
  rest->remove_prefix(end + 1);
  leg->from_end = absl::ConsumePrefix(&index, "last");
  if (leg->from_end && index.empty()) return true;
  if (leg->from_end && !absl::ConsumePrefix(&index, "-")) return false;
  const bool digits = !index.empty() && index.find_first_not_of("0123456789") == index.npos;
  return digits && absl::SimpleAtoi(index, &leg->index);
}

// Nullopt: not a path to one place, or of a form that is not known.
std::optional<std::vector<Leg>> ParsePath(absl::string_view text) {
  std::vector<Leg> legs;
  if (!absl::ConsumePrefix(&text, "$")) return std::nullopt;
  while (!text.empty()) {
    Leg& leg = legs.emplace_back();
    const bool taken = absl::ConsumePrefix(&text, ".")   ? TakeMember(&text, &leg)
                       : absl::ConsumePrefix(&text, "[") ? TakeCell(&text, &leg)
                                                         : false;
    if (!taken) return std::nullopt;
  }
  return legs;
}

// A node and where it stands; no parent: the document itself.
struct Place {
  Node* node = nullptr;
  Node* parent = nullptr;
  size_t number = 0;
};

// One step down; false where there is nothing. Cell 0 of what is no array is it itself.
bool Descend(const Leg& leg, Place* place) {
  Node* const node = place->node;
  size_t number = 0;
  if (leg.member) {
    if (node->kind != Node::Kind::kObject) return false;
    number = PlaceOfName(*node, leg.name);
    if (!HasName(*node, number, leg.name)) return false;
  } else if (node->kind == Node::Kind::kArray) {
    if (!leg.Within(node->items.size())) return false;
    number = leg.Place(node->items.size());
  } else {
    return leg.index == 0;
  }
  *place = {&node->items[number], node, number};
  return true;
}

bool Seek(const std::vector<Leg>& legs, size_t count, Place* place) {
  return std::all_of(legs.begin(), legs.begin() + static_cast<ptrdiff_t>(count),
                     [&](const Leg& leg) { return Descend(leg, place); });
}

bool Insert(const Leg& leg, Node* container, Node value) {
  size_t place = 0;
  if (leg.member) {
    if (container->kind != Node::Kind::kObject) return false;
    place = PlaceOfName(*container, leg.name);
    if (HasName(*container, place, leg.name)) return false;
    container->names.insert(container->names.begin() + static_cast<ptrdiff_t>(place), leg.name);
  } else {
    if (container->kind != Node::Kind::kArray) return false;
    const size_t size = container->items.size();
    place = leg.Within(size) ? leg.Place(size) : leg.from_end ? 0 : size;
  }
  InsertItem(container, place, std::move(value));
  return true;
}

bool Apply(uint8_t operation, const std::vector<Leg>& legs, Node value, Node* document) {
  Place place{document};
  if (operation == kInsert) {
    return !legs.empty() && Seek(legs, legs.size() - 1, &place) &&
           Insert(legs.back(), place.node, std::move(value));
  }
  if (!Seek(legs, legs.size(), &place)) return false;
  if (operation == kReplace) {
    *place.node = std::move(value);
    return true;
  }
  if (place.parent == nullptr) return false;
  RemoveItem(place.parent, place.number);
  return true;
}

JsonDiffResult ApplyNext(ByteReader* reader, Node* document) {
  const uint8_t operation = reader->U8();
  const absl::string_view path = reader->PackedText();
  Node value;
  if (reader->ok() && operation != kRemove) {
    std::string text;
    const Bytes json = AsBytes(reader->PackedText());
    if (!reader->ok() || !JsonbToText(json, &text) || !Parser(text).Parse(&value)) {
      return JsonDiffResult::kDamaged;
    }
  }
  if (!reader->ok() || operation > kRemove) return JsonDiffResult::kDamaged;
  const auto legs = ParsePath(path);
  return legs.has_value() && Apply(operation, *legs, std::move(value), document)
             ? JsonDiffResult::kApplied
             : JsonDiffResult::kRejected;
}

}  // namespace

JsonDiffResult ApplyJsonDiffs(Bytes diffs, std::string* text) {
  Node document;
  if (!Parser(*text).Parse(&document)) return JsonDiffResult::kDamaged;
  ByteReader reader(diffs);
  while (reader.left() > 0) {
    const JsonDiffResult result = ApplyNext(&reader, &document);
    if (result != JsonDiffResult::kApplied) return result;
  }
  text->clear();
  return Write(document, 0, text) ? JsonDiffResult::kApplied : JsonDiffResult::kRejected;
}

}  // namespace dcp::mysql
