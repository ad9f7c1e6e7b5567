#include "row/json_text.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace dcp::row {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

uint32_t Byte(absl::string_view text, size_t at) { return static_cast<unsigned char>(text[at]); }

// The length of the UTF-8 sequence that `lead` begins, with the bounds of its
// second byte (Unicode 15, table 3-7); 0 for a byte that begins none.
struct Utf8Lead {
  size_t length = 0;
  uint32_t second_min = 0x80, second_max = 0xBF;
};

Utf8Lead LeadOf(uint32_t lead) {
  if (lead < 0x80) return {1};
  if (lead >= 0xC2 && lead <= 0xDF) return {2};
  if (lead == 0xE0) return {3, 0xA0};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3};
  if (lead == 0xF0) return {4, 0x90};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  if (lead >= 0xF1 && lead <= 0xF3) return {4};
  return {};
}

// The length of the valid sequence at `at`; 0 if there is none.
size_t Utf8Length(absl::string_view text, size_t at) {
  const Utf8Lead lead = LeadOf(Byte(text, at));
  if (lead.length < 2) return lead.length;
  if (at + lead.length > text.size()) return 0;
  const uint32_t second = Byte(text, at + 1);
  if (second < lead.second_min || second > lead.second_max) return 0;
  for (size_t i = 2; i < lead.length; ++i) {
    if ((Byte(text, at + i) & 0xC0) != 0x80) return 0;
  }
  return lead.length;
}

// Index of the quote that ends the string which begins at `at`; text.size() if none.
size_t StringEnd(absl::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at < text.size() ? at : text.size();
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

void AppendBase64(absl::string_view bytes, std::string* out) {
  const size_t start = out->size();
  out->resize(start + (bytes.size() + 2) / 3 * 4, '=');
  char* to = out->data() + start;
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t bits = Byte(bytes, i) << 16 | Byte(bytes, i + 1) << 8 | Byte(bytes, i + 2);
    *to++ = kBase64[bits >> 18];
    *to++ = kBase64[bits >> 12 & 63];
    *to++ = kBase64[bits >> 6 & 63];
    *to++ = kBase64[bits & 63];
  }
  const size_t rest = bytes.size() - i;
  if (rest == 0) return;
  const uint32_t bits = Byte(bytes, i) << 16 | (rest == 2 ? Byte(bytes, i + 1) << 8 : 0);
  *to++ = kBase64[bits >> 18];
  *to++ = kBase64[bits >> 12 & 63];
  if (rest == 2) *to = kBase64[bits >> 6 & 63];
}

std::string ToValidUtf8(absl::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(text, i);
    if (length == 0) {
      valid.append("\xEF\xBF\xBD");
      ++i;
    } else {
      valid.append(text.data() + i, length);
      i += length;
    }
  }
  return valid;
}

bool IsJsonArray(absl::string_view text) {
  size_t at = 0;
  while (at < text.size() && IsSpace(text[at])) ++at;
  return at < text.size() && text[at] == '[' && nlohmann::json::accept(text.begin(), text.end());
}

std::string CompactJson(absl::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      const size_t end = StringEnd(text, i);
      const absl::string_view string = text.substr(i, end - i + 1);
      compact.append(string.data(), string.size());
      i = end;
    } else if (!IsSpace(text[i])) {
      compact.push_back(text[i]);
    }
  }
  return compact;
}

std::vector<absl::string_view> JsonArrayElements(absl::string_view array) {
  std::vector<absl::string_view> elements;
  if (array.size() <= 2) return elements;
  size_t begin = 1;
  int depth = 0;
  for (size_t i = 1; i + 1 < array.size(); ++i) {
    const char c = array[i];
    if (c == '"') i = StringEnd(array, i);
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',' && depth == 0) {
      elements.push_back(array.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  elements.push_back(array.substr(begin, array.size() - 1 - begin));
  return elements;
}

}  // namespace dcp::row
