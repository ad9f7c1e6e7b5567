#include "cmd/dcp/binlog_statement.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace dcp::cmd {
namespace {

constexpr absl::string_view kTransactionWords[] = {"BEGIN",   "COMMIT", "ROLLBACK", "SAVEPOINT",
                                                   "RELEASE", "XA",     "START"};
constexpr absl::string_view kDefinitionWords[] = {
    "ALTER",    "ANALYZE", "CACHE",  "CREATE", "DROP",   "FLUSH", "GRANT",    "INSTALL",
    "OPTIMIZE", "RENAME",  "REPAIR", "RESET",  "REVOKE", "SET",   "TRUNCATE", "UNINSTALL"};

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

void SkipThrough(absl::string_view end, absl::string_view* sql) {
  const size_t at = sql->find(end);
  sql->remove_prefix(at == absl::string_view::npos ? sql->size() : at + end.size());
}

// `/*!80000` and `/*M!100100` open code, not a comment.
bool SkipVersionMark(absl::string_view* sql) {
  for (const absl::string_view mark : {absl::string_view("/*!"), absl::string_view("/*M!")}) {
    if (!absl::StartsWith(*sql, mark)) continue;
    sql->remove_prefix(mark.size());
    while (!sql->empty() && absl::ascii_isdigit(static_cast<unsigned char>(sql->front()))) {
      sql->remove_prefix(1);
    }
    return true;
  }
  return false;
}

bool SkipComment(absl::string_view* sql) {
  if (SkipVersionMark(sql)) return true;
  if (absl::StartsWith(*sql, "/*")) {
    sql->remove_prefix(2);
    SkipThrough("*/", sql);
    return true;
  }
  if (absl::StartsWith(*sql, "#") || absl::StartsWith(*sql, "-- ")) {
    SkipThrough("\n", sql);
    return true;
  }
  return false;
}

// Skips the rest of a quoted text whose opening quote was `quote`.
void SkipQuoted(char quote, absl::string_view* sql) {
  while (!sql->empty()) {
    const char c = sql->front();
    sql->remove_prefix(1);
    if (c == '\\' && quote != '`' && !sql->empty()) sql->remove_prefix(1);
    if (c == quote) return;  // a doubled one opens the next quoted text at once
  }
}

// Takes the next word off the front of `sql`; empty at its end. Comments, quoted
// texts and other characters are passed over.
absl::string_view NextWord(absl::string_view* sql) {
  while (!sql->empty()) {
    if (SkipComment(sql)) continue;
    const char c = sql->front();
    if (IsWordCharacter(c)) {
      const auto end = std::find_if_not(sql->begin(), sql->end(), IsWordCharacter);
      const absl::string_view word = sql->substr(0, static_cast<size_t>(end - sql->begin()));
      sql->remove_prefix(word.size());
      return word;
    }
    sql->remove_prefix(1);
    if (c == '\'' || c == '"' || c == '`') SkipQuoted(c, sql);
  }
  return {};
}

bool IsOneOf(absl::string_view word, const absl::string_view* begin, const absl::string_view* end) {
  return std::any_of(
      begin, end, [word](absl::string_view other) { return absl::EqualsIgnoreCase(word, other); });
}

bool Is(absl::string_view word, absl::string_view other) {
  return absl::EqualsIgnoreCase(word, other);
}

// `sql` stands behind CREATE.
bool CreatesTableFromQuery(absl::string_view sql) {
  absl::string_view word = NextWord(&sql);
  if (Is(word, "OR")) {  // OR REPLACE
    NextWord(&sql);
    word = NextWord(&sql);
  }
  if (Is(word, "TEMPORARY")) word = NextWord(&sql);
  if (!Is(word, "TABLE")) return false;
  while (!(word = NextWord(&sql)).empty()) {
    if (Is(word, "SELECT")) return true;
  }
  return false;
}

}  // namespace

StatementKind ClassifyStatement(absl::string_view sql) {
  const absl::string_view word = NextWord(&sql);
  if (IsOneOf(word, std::begin(kTransactionWords), std::end(kTransactionWords))) {
    return StatementKind::kTransaction;
  }
  if (!IsOneOf(word, std::begin(kDefinitionWords), std::end(kDefinitionWords)) ||
      (Is(word, "CREATE") && CreatesTableFromQuery(sql))) {
    return StatementKind::kData;
  }
  return StatementKind::kDefinition;
}

}  // namespace dcp::cmd
