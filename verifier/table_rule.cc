#include "verifier/table_rule.h"

namespace dcp::verifier {
namespace {

// The index behind the character of UTF-8 that begins at `at`.
size_t NextCharacter(absl::string_view text, size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

// Time is bounded by the product of the lengths.
bool Like(absl::string_view text, absl::string_view pattern) {
  size_t t = 0;
  size_t p = 0;
  size_t star = absl::string_view::npos;
  size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = NextCharacter(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = resume = NextCharacter(text, resume);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

TableName SplitTableName(absl::string_view text) {
  const size_t dot = text.find('.');
  if (dot == absl::string_view::npos) return {"", std::string(text)};
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

bool HasWildcard(const TableRule& rule) {
  return rule.match.find_first_of("*?") != std::string::npos;
}

bool Matches(const TableRule& rule, const TableName& table) {
  const TableName pattern = SplitTableName(rule.match);
  return Like(table.database, pattern.database) && Like(table.name, pattern.name);
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
