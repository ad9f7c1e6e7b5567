#include "alarm/text.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace dcp::alarm {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";  // U+FFFD
constexpr char kEllipsis[] = "\xe2\x80\xa6";     // …

bool IsContinuation(unsigned char c) { return (c & 0xc0) == 0x80; }

// Length of the well-formed UTF-8 character at `i`, 0 if there is none (RFC 3629:
// no overlong forms, no surrogates, nothing beyond U+10FFFF).
size_t CharacterLength(absl::string_view text, size_t i) {
  const auto byte = [&](size_t k) {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k])
                               : static_cast<unsigned char>(0);
  };
  const unsigned char first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return IsContinuation(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool in_range = IsContinuation(second) && !(first == 0xe0 && second < 0xa0) &&
                          !(first == 0xed && second >= 0xa0);
    return in_range && IsContinuation(byte(2)) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool in_range = IsContinuation(second) && !(first == 0xf0 && second < 0x90) &&
                          !(first == 0xf4 && second >= 0x90);
    return in_range && IsContinuation(byte(2)) && IsContinuation(byte(3)) ? 4 : 0;
  }
  return 0;
}

void AppendJsonAscii(char c, std::string* out) {
  switch (c) {
    case '"':
      *out += "\\\"";
      break;
    case '\\':
      *out += "\\\\";
      break;
    case '\n':
      *out += "\\n";
      break;
    case '\r':
      *out += "\\r";
      break;
    case '\t':
      *out += "\\t";
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned>(c));
      } else {
        *out += c;
      }
  }
}

void AppendReadable(absl::string_view character, std::string* out) {
  const auto c = static_cast<unsigned char>(character[0]);
  // C1 controls (U+0080..U+009F) move the cursor of some terminals too.
  const bool c1 =
      character.size() == 2 && c == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  if (character.size() == 1 && (c < 0x20 || c == 0x7f)) {
    absl::StrAppendFormat(out, "\\x%02x", static_cast<unsigned>(c));
  } else if (c1) {
    absl::StrAppendFormat(out, "\\x%02x",
                          static_cast<unsigned>(static_cast<unsigned char>(character[1])));
  } else {
    out->append(character.data(), character.size());
  }
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterLength(text, i);
    if (length == 1) {
      AppendJsonAscii(text[i], &out);
    } else if (length == 0) {
      out += kReplacement;
    } else {
      out.append(text.data() + i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
  return out;
}

std::string JsonStringOrNull(absl::string_view text) {
  return text.empty() ? "null" : JsonString(text);
}

std::string JsonStrings(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    absl::StrAppend(&out, out.size() > 1 ? "," : "", JsonString(text));
  }
  return out + "]";
}

bool IsJsonArray(absl::string_view text) {
  if (text.empty() || text.front() != '[') return false;
  if (text.find_first_of("\n\r") != absl::string_view::npos) return false;
  return nlohmann::json::accept(text.begin(), text.end());
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::string Readable(absl::string_view text, size_t max_bytes) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (out.size() >= max_bytes) return out + kEllipsis;
    const size_t length = CharacterLength(text, i);
    if (length == 0) {
      absl::StrAppendFormat(&out, "\\x%02x",
                            static_cast<unsigned>(static_cast<unsigned char>(text[i])));
    } else {
      AppendReadable(text.substr(i, length), &out);
    }
    i += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace dcp::alarm
