// "tables" of a tag or of a job.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "config/sections.h"

namespace dcp::config {
namespace {

// Two parts, neither empty. Names with dots in them cannot be written.
bool IsTableName(absl::string_view text) {
  const size_t dot = text.find('.');
  return dot != absl::string_view::npos && dot > 0 && dot + 1 < text.size() &&
         text.find('.', dot + 1) == absl::string_view::npos &&
         text.find_first_of("` ") == absl::string_view::npos;
}

void ReadMatch(const Value& value, TableRule& out) {
  std::string text;
  if (!ReadText(value, &text)) return;
  if (!IsTableName(text)) {
    return value.Error(absl::StrCat(
        "must be database.table, where '*' stands for any characters (e.g. \"shop.orders\", "
        "\"shop.order_*\"), not \"",
        text, "\""));
  }
  out.match = std::move(text);
}

void ReadAs(const Value& value, TableRule& out) {
  std::string text;
  if (!ReadText(value, &text)) return;
  if (!IsTableName(text) || text.find('*') != std::string::npos) {
    return value.Error(
        absl::StrCat("must be database.table, e.g. \"shop.orders\", not \"", text, "\""));
  }
  out.as = std::move(text);
}

// { name = "name on the target", … }
void ReadColumns(const Value& value, std::vector<std::pair<std::string, std::string>>* out) {
  if (value.node.kind != Node::Kind::kTable) {
    return value.WrongType("a table like { id = \"order_id\" }");
  }
  for (size_t i = 0; i < value.node.items.size(); ++i) {
    const std::string& column = value.node.keys[i].name;
    std::string other;
    const Value item{value.node.items[i], absl::StrCat("'", column, "' in 'columns'"),
                     value.context};
    if (ReadText(item, &other)) out->emplace_back(column, std::move(other));
  }
}

constexpr Field<TableRule> kFields[] = {
    {"match", ReadMatch, true},
    {"as", ReadAs},
    {"ignore_columns", [](const Value& v, TableRule& o) { ReadTexts(v, &o.ignore_columns); }},
};

constexpr Field<TableRule> kJobFields[] = {
    {"where", [](const Value& v, TableRule& o) { ReadText(v, &o.where); }},
    {"target_where", [](const Value& v, TableRule& o) { ReadText(v, &o.target_where); }},
    {"columns", [](const Value& v, TableRule& o) { ReadColumns(v, &o.columns); }},
};

enum class Owner : uint8_t { kTag, kJob };

void ReadTableKeys(const Value& item, Owner owner, TableRule& rule) {
  TableReader reader(item.node, owner == Owner::kJob ? "tables of [[job]]" : "tables",
                     item.context);
  reader.Read(kFields, rule);
  if (owner == Owner::kJob) reader.Read(kJobFields, rule);
  reader.Finish();
}

void ReadTable(const Value& item, Owner owner, std::vector<TableRule>* out) {
  TableRule rule;
  if (item.node.kind == Node::Kind::kString) {
    ReadMatch(item, rule);
  } else if (item.node.kind == Node::Kind::kTable) {
    ReadTableKeys(item, owner, rule);
  } else {
    return item.WrongType(
        owner == Owner::kJob
            ? "a string or { match, as, columns, ignore_columns, where, target_where }"
            : "a string or { match, as, ignore_columns }");
  }
  if (rule.match.empty()) return;  // said already
  const bool twice = std::any_of(out->begin(), out->end(),
                                 [&](const TableRule& other) { return other.match == rule.match; });
  if (twice) {
    return item.Error(absl::StrCat("repeats \"", rule.match, "\": only the first would count"));
  }
  out->push_back(std::move(rule));
}

}  // namespace

void ReadTables(const Value& value, std::vector<TableRule>* out) {
  ReadItems(value, [out](const Value& item) { ReadTable(item, Owner::kTag, out); });
}

void ReadJobTables(const Value& value, std::vector<TableRule>* out) {
  ReadItems(value, [out](const Value& item) { ReadTable(item, Owner::kJob, out); });
}

void AppendTableKeys(std::vector<KnownKey>* out) {
  AppendKeys("tables", kFields, out);
  AppendKeys("tables", kJobFields, out);
}

}  // namespace dcp::config
