#include "tests/mysql/canonical_text.h"

#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace dcp::mysql {
namespace {

using Kind = model::Value::Kind;

std::string Number(double number) { return absl::StrFormat("%.17g", number); }

std::string CutZeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Json(const std::string& text) {
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
      out += real ? absl::StrCat("r", Number(std::strtod(token.c_str(), nullptr))) : token;
      i += token.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

std::string Text(const model::Value& value) {
  switch (value.kind) {
    case Kind::kAbsent:
      return "absent";
    case Kind::kNull:
      return "null";
    case Kind::kInt:
      return absl::StrCat(value.signed_int);
    case Kind::kUint:
      return absl::StrCat(value.unsigned_int);
    case Kind::kFloat:
    case Kind::kDouble:
      return Number(value.real);
    default:
      return value.text;
  }
}

}  // namespace

std::string Expected(TextForm form, const std::string& text) {
  switch (form) {
    case TextForm::kDecimal: {
      const std::string cut = CutZeros(text);
      return cut == "-0" ? "0" : cut;
    }
    case TextForm::kReal:
      return Number(std::strtod(text.c_str(), nullptr));
    case TextForm::kTime:
      return CutZeros(text);
    case TextForm::kDatetime:
    case TextForm::kTimestamp: {
      std::string iso = CutZeros(text);
      iso[10] = 'T';
      if (form == TextForm::kTimestamp) iso.push_back('Z');
      return iso;
    }
    case TextForm::kJson:
      return Json(text);
    default:
      return text;
  }
}

std::string Decoded(TextForm form, const model::Value& value) {
  if (form == TextForm::kHex) {
    std::string hex = absl::BytesToHexString(value.text);
    for (char& c : hex) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
    return hex;
  }
  if (form == TextForm::kJson) return Json(value.text);
  return Text(value);
}

}  // namespace dcp::mysql
