#include "verifier/report_reader.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/value.h"
#include "row/canonical.h"

namespace dcp::verifier {
namespace {

using Json = nlohmann::json;
using Kind = model::Value::Kind;

absl::StatusOr<model::Value> ToValue(const Json& element) {
  model::Value value;
  switch (element.type()) {
    case Json::value_t::number_integer:
      value.kind = Kind::kInt;
      value.signed_int = element.get<int64_t>();
      return value;
    case Json::value_t::number_unsigned:
      value.kind = Kind::kUint;
      value.unsigned_int = element.get<uint64_t>();
      return value;
    case Json::value_t::number_float:
      value.kind = Kind::kDouble;
      value.real = element.get<double>();
      return value;
    case Json::value_t::string:
      value.kind = Kind::kText;
      value.text = element.get<std::string>();
      return value;
    case Json::value_t::null:
      value.kind = Kind::kNull;
      return value;
    default:
      return absl::InvalidArgumentError("a key holds numbers and strings only");
  }
}

// However the line spells them, as canonical rows spell them.
absl::StatusOr<std::string> CanonicalKey(const Json& key) {
  if (!key.is_array() || key.empty()) return absl::InvalidArgumentError("'key' is no array");
  std::vector<model::Value> values;
  std::vector<uint32_t> places;
  for (const Json& element : key) {
    DCP_ASSIGN_OR_RETURN(model::Value value, ToValue(element));
    places.push_back(static_cast<uint32_t>(values.size()));
    values.push_back(std::move(value));
  }
  std::string text;
  row::AppendTextRow(values, places, &text);
  return text;
}

// The text of a member that may be there.
std::string TextOf(const Json& line, const char* name) {
  return line.contains(name) && line[name].is_string() ? line[name].get<std::string>() : "";
}

class Reader {
 public:
  absl::Status Take(const std::string& text) {
    const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object() || !line.contains("table") || !line["table"].is_string()) {
      return absl::InvalidArgumentError("no line of `dcp verify --json`");
    }
    const std::string name = line["table"].get<std::string>();
    ReportedTable& table = report_[name];
    if (line.contains("different")) {
      ended_.insert(name);
      table.skipped = TextOf(line, "skipped");
      table.incomplete = TextOf(line, "incomplete");
      return absl::OkStatus();
    }
    if (!line.contains("key")) return absl::InvalidArgumentError("neither a row nor a result");
    DCP_ASSIGN_OR_RETURN(std::string key, CanonicalKey(line["key"]));
    table.rows.push_back({std::move(key), TextOf(line, "kind") == "extra"});
    return absl::OkStatus();
  }

  RepairReport End() {
    for (auto& [name, table] : report_) {
      if (!ended_.contains(name)) table.incomplete = "the report ends before its result";
    }
    return std::move(report_);
  }

 private:
  RepairReport report_;
  std::set<std::string> ended_;
};

}  // namespace

absl::StatusOr<RepairReport> ReadReport(std::istream& in) {
  Reader reader;
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    // A report may have been cut off in the middle of its last line.
    const absl::Status status = reader.Take(line);
    if (!status.ok() && !in.eof()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": ", std::string(status.message())));
    }
  }
  return reader.End();
}

}  // namespace dcp::verifier
