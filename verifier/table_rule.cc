#include "verifier/table_rule.h"

#include "model/wildcard.h"

namespace dcp::verifier {
TableName SplitTableName(absl::string_view text) {
  const size_t dot = text.find('.');
  if (dot == absl::string_view::npos) return {"", std::string(text)};
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

bool HasWildcard(const TableRule& rule) { return model::HasWildcard(rule.match); }

bool Matches(const TableRule& rule, const TableName& table) {
  const TableName pattern = SplitTableName(rule.match);
  return model::MatchesWildcard(pattern.database, table.database) &&
         model::MatchesWildcard(pattern.name, table.name);
}

const TableRule* FindRule(const std::vector<TableRule>& rules, const TableName& table) {
  for (const TableRule& rule : rules) {
    if (Matches(rule, table)) return &rule;
  }
  return nullptr;
}

std::string LogicalName(const TableRule& rule, const TableName& table) {
  return rule.as.empty() ? table.ToString() : rule.as;
}

}  // namespace dcp::verifier
