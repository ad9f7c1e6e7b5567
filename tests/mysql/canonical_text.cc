#include "tests/mysql/canonical_text.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace dcp::mysql {
namespace {

std::string CutZeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Quoted(absl::string_view text) {
  static constexpr absl::string_view kNamed = "\"\\\b\f\n\r\t";
  static constexpr absl::string_view kNames = "\"\\bfnrt";
  std::string out = "\"";
  for (const char c : text) {
    const size_t named = kNamed.find(c);
    if (named != absl::string_view::npos) {
      absl::StrAppend(&out, "\\", kNames.substr(named, 1));
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<int>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string Base64(absl::string_view bytes) { return Quoted(absl::Base64Escape(bytes)); }

std::string WithoutPadding(std::string bytes) {
  while (!bytes.empty() && bytes.back() == '\0') bytes.pop_back();
  return bytes;
}

// The fewest digits that give `number` back, by trying.
std::string Shortest(double number, bool is_float) {
  for (int digits = 1;; ++digits) {
    const std::string text = absl::StrFormat("%.*e", digits - 1, number);
    const double back =
        is_float ? double{std::strtof(text.c_str(), nullptr)} : std::strtod(text.c_str(), nullptr);
    if (back == number) return text;
  }
}

// As ECMAScript's Number::toString lays digits out.
std::string Real(double number, bool is_float) {
  if (number == 0) return "0";
  const std::string text = Shortest(std::fabs(number), is_float);
  const size_t e = text.find('e');
  const int exponent = std::atoi(text.c_str() + e + 1);
  std::string digits = text.substr(0, 1);
  if (e > 2) digits += text.substr(2, e - 2);
  const int count = static_cast<int>(digits.size());
  std::string out;
  if (exponent < -6 || exponent > 20) {
    out = digits.substr(0, 1);
    if (count > 1) absl::StrAppend(&out, ".", digits.substr(1));
    absl::StrAppend(&out, "e", exponent < 0 ? "-" : "+", std::abs(exponent));
  } else if (exponent < 0) {
    out = absl::StrCat("0.", std::string(static_cast<size_t>(-exponent - 1), '0'), digits);
  } else if (count <= exponent + 1) {
    out = digits + std::string(static_cast<size_t>(exponent + 1 - count), '0');
  } else {
    const auto whole = static_cast<size_t>(exponent + 1);
    out = absl::StrCat(digits.substr(0, whole), ".", digits.substr(whole));
  }
  return number < 0 ? "-" + out : out;
}

std::string Iso(const std::string& text, const char* zone) {
  std::string iso = CutZeros(text);
  if (iso.size() > 10) iso[10] = 'T';
  return Quoted(iso + zone);
}

}  // namespace

std::string CanonicalElement(TextForm form, absl::string_view raw,
                             const std::optional<std::string>& server_text) {
  if (!server_text.has_value()) return "null";
  const std::string& text = *server_text;
  switch (form) {
    case TextForm::kNumber:
      return text;
    case TextForm::kPlain:
      return Quoted(text);
    case TextForm::kHex:
      return Base64(absl::HexStringToBytes(text));
    case TextForm::kPaddedHex:
      return Base64(WithoutPadding(absl::HexStringToBytes(text)));
    case TextForm::kRaw:
      return absl::StrCat("{", Quoted(raw), ":", Base64(absl::HexStringToBytes(text)), "}");
    case TextForm::kDecimal:
      return CutZeros(text) == "-0" ? Quoted("0") : Quoted(CutZeros(text));
    case TextForm::kFloat:
      return Real(std::strtod(text.c_str(), nullptr), true);
    case TextForm::kDouble:
      return Real(std::strtod(text.c_str(), nullptr), false);
    case TextForm::kTime:
      return Quoted(CutZeros(text));
    case TextForm::kDatetime:
      return Iso(text, "");
    case TextForm::kTimestamp:
      return Iso(text, "Z");
    case TextForm::kJson:
      return NormalJson(text);
  }
  return "";
}

std::string NormalJson(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      const size_t start = i++;
      while (text[i] != '"') i += text[i] == '\\' ? 2u : 1u;
      out += text.substr(start, ++i - start);
    } else if (text[i] == ' ') {
      ++i;
    } else if (std::string("0123456789-").find(text[i]) != std::string::npos) {
      const size_t end = text.find_first_not_of("0123456789+-.eE", i);
      const std::string token = text.substr(i, end == std::string::npos ? end : end - i);
      const bool real = token.find_first_of(".eE") != std::string::npos;
      out += real ? absl::StrFormat("r%.17g", std::strtod(token.c_str(), nullptr)) : token;
      i += token.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace dcp::mysql
