#include "verifier/server_json.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "absl/strings/match.h"

namespace dcp::verifier {
namespace {

constexpr absl::string_view kSpace = " \t\r\n";
constexpr absl::string_view kTokenEnd = " \t\r\n,]}:";

std::string DoubleText(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value);
  std::string text(buffer, end.ptr);
  if (text.find_first_of(".e") == std::string::npos) text.append(".0");
  return text;
}

// The digits of a number without sign, point, exponent and surrounding zeros.
std::string SignificantDigits(absl::string_view number) {
  std::string digits;
  for (const char c : number.substr(0, number.find_first_of("eE"))) {
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits.push_back(c);
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits;
}

// Servers print a DOUBLE with its shortest digits, and at least one of a fraction.
bool PrintedFromDouble(absl::string_view token, double value) {
  if (token.find_first_of("eE") != absl::string_view::npos) return true;
  if (absl::EndsWith(token, "0") && !absl::EndsWith(token, ".0")) return false;
  return SignificantDigits(token) == SignificantDigits(DoubleText(value));
}

void AppendNumber(absl::string_view token, std::string* out) {
  double value = 0;
  const bool has_fraction = token.find_first_of(".eE") != absl::string_view::npos;
  const auto parsed = std::from_chars(token.data(), token.data() + token.size(), value);
  if (has_fraction && parsed.ec == std::errc() && PrintedFromDouble(token, value)) {
    out->append(DoubleText(value));
  } else {
    out->append(token.data(), token.size());
  }
}

// The length of the string that starts `text`, with its quotes.
size_t StringLength(absl::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

// Servers break the base64 of opaque values into lines.
void AppendString(absl::string_view text, std::string* out) {
  if (!absl::StartsWith(text, "\"base64:type")) {
    out->append(text.data(), text.size());
    return;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (absl::StartsWith(text.substr(i), "\\n")) {
      ++i;
    } else {
      out->push_back(text[i]);
    }
  }
}

}  // namespace

void CanonicalOfServerJson(absl::string_view text, std::string* out) {
  out->clear();
  while (!text.empty()) {
    const char c = text[0];
    size_t size = 1;
    if (c == '"') {
      size = StringLength(text);
      AppendString(text.substr(0, size), out);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      size = std::min(text.find_first_of(kTokenEnd), text.size());
      AppendNumber(text.substr(0, size), out);
    } else if (kSpace.find(c) == absl::string_view::npos) {
      out->push_back(c);
    }
    text.remove_prefix(size);
  }
}

}  // namespace dcp::verifier
