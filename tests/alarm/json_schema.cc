#include "tests/alarm/json_schema.h"

#include <fstream>
#include <functional>
#include <map>
#include <regex>

#include "absl/strings/str_cat.h"

namespace dcp::alarm {
namespace {

using nlohmann::json;

class Validator {
 public:
  explicit Validator(const json& root) : root_(root) {}

  std::string Check(const json& schema, const json& value) const {
    for (const auto& [keyword, rule] : schema.items()) {
      const std::string error = CheckKeyword(keyword, rule, schema, value);
      if (!error.empty()) return error;
    }
    return "";
  }

 private:
  std::string CheckKeyword(const std::string& keyword, const json& rule, const json& schema,
                           const json& value) const {
    if (keyword == "$ref") return Check(root_.at(json::json_pointer(Pointer(rule))), value);
    if (keyword == "oneOf") return CheckOneOf(rule, value);
    if (keyword == "type") return CheckType(rule, value);
    if (keyword == "const") return rule == value ? "" : Wrong(value, "is not ", rule);
    if (keyword == "enum") return CheckEnum(rule, value);
    if (keyword == "pattern") return CheckPattern(rule, value);
    if (keyword == "minimum") {
      return !value.is_number() || value >= rule ? "" : Wrong(value, "is below ", rule);
    }
    if (keyword == "minLength") return CheckLength(rule, value);
    if (keyword == "items") return CheckItems(rule, value);
    if (keyword == "properties") return CheckProperties(rule, value);
    if (keyword == "required") return CheckRequired(rule, value);
    if (keyword == "additionalProperties") return CheckAdditional(schema, value);
    if (keyword == "$schema" || keyword == "$defs" || keyword == "title" ||
        keyword == "description") {
      return "";
    }
    return absl::StrCat("the schema has a keyword that is not checked: ", keyword);
  }

  static std::string Pointer(const json& ref) { return ref.get<std::string>().substr(1); }

  static std::string Wrong(const json& value, const char* how, const json& rule) {
    return absl::StrCat(value.dump(), " ", how, rule.dump());
  }

  std::string CheckOneOf(const json& rules, const json& value) const {
    int matching = 0;
    std::string errors;
    for (const json& rule : rules) {
      const std::string error = Check(rule, value);
      matching += error.empty() ? 1 : 0;
      absl::StrAppend(&errors, error, "\n");
    }
    return matching == 1 ? "" : absl::StrCat(matching, " alternatives match:\n", errors);
  }

  static bool IsType(const std::string& type, const json& value) {
    static const std::map<std::string, std::function<bool(const json&)>> kTypes = {
        {"array", [](const json& v) { return v.is_array(); }},
        {"boolean", [](const json& v) { return v.is_boolean(); }},
        {"integer", [](const json& v) { return v.is_number_integer(); }},
        {"null", [](const json& v) { return v.is_null(); }},
        {"number", [](const json& v) { return v.is_number(); }},
        {"object", [](const json& v) { return v.is_object(); }},
        {"string", [](const json& v) { return v.is_string(); }},
    };
    return kTypes.at(type)(value);
  }

  static std::string CheckType(const json& rule, const json& value) {
    if (rule.is_string()) return IsType(rule, value) ? "" : Wrong(value, "is no ", rule);
    for (const json& type : rule) {
      if (IsType(type, value)) return "";
    }
    return Wrong(value, "is none of ", rule);
  }

  static std::string CheckEnum(const json& rule, const json& value) {
    for (const json& allowed : rule) {
      if (allowed == value) return "";
    }
    return Wrong(value, "is none of ", rule);
  }

  static std::string CheckPattern(const json& rule, const json& value) {
    if (!value.is_string()) return "";
    thread_local std::map<std::string, std::regex> patterns;
    const auto text = rule.get<std::string>();
    const auto pattern = patterns.try_emplace(text, text).first;
    return std::regex_search(value.get<std::string>(), pattern->second)
               ? ""
               : Wrong(value, "is not ", rule);
  }

  // In bytes, which is as good for a length of 1.
  static std::string CheckLength(const json& rule, const json& value) {
    if (!value.is_string() || value.get<std::string>().size() >= rule.get<size_t>()) return "";
    return Wrong(value, "is shorter than ", rule);
  }

  std::string CheckItems(const json& rule, const json& value) const {
    if (!value.is_array()) return "";
    for (const json& item : value) {
      const std::string error = Check(rule, item);
      if (!error.empty()) return error;
    }
    return "";
  }

  std::string CheckProperties(const json& rules, const json& value) const {
    if (!value.is_object()) return "";
    for (const auto& [name, rule] : rules.items()) {
      if (!value.contains(name)) continue;
      const std::string error = Check(rule, value.at(name));
      if (!error.empty()) return absl::StrCat(name, ": ", error);
    }
    return "";
  }

  static std::string CheckRequired(const json& names, const json& value) {
    if (!value.is_object()) return "";
    for (const json& name : names) {
      if (!value.contains(name.get<std::string>())) {
        return absl::StrCat(name.dump(), " is missing in ", value.dump());
      }
    }
    return "";
  }

  std::string CheckAdditional(const json& schema, const json& value) const {
    const json& rule = schema.at("additionalProperties");
    if (!value.is_object()) return "";
    const json known = schema.value("properties", json::object());
    for (const auto& [name, member] : value.items()) {
      if (known.contains(name)) continue;
      if (rule == json(false)) return absl::StrCat(name, " is not allowed");
      if (std::string wrong = Check(rule, member); !wrong.empty()) {
        return absl::StrCat(name, ": ", wrong);
      }
    }
    return "";
  }

  const json& root_;
};

}  // namespace

std::string ValidateJson(const json& schema, const json& value) {
  return Validator(schema).Check(schema, value);
}

std::string WrongByManual(const std::string& alarm_json) {
  static const json* const schema = [] {
    std::ifstream in(DCP_SOURCE_DIR "/docs/alarm.schema.json");
    return new json(json::parse(in));
  }();
  const json alarm = json::parse(alarm_json, nullptr, /*allow_exceptions=*/false);
  return alarm.is_discarded() ? "it is no JSON" : ValidateJson(*schema, alarm);
}

}  // namespace dcp::alarm
