#include "collector/mysql/sql_statement.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/mysql/sql_lexer.h"

namespace dcp::collector {
namespace {

using Kind = SqlStatement::Kind;
using Effect = model::Mark::DdlEffect;

constexpr size_t kMaxText = 1000;

// Statements that change no row of a table by themselves.
constexpr std::array<absl::string_view, 24> kHarmlessWords = {
    "GRANT",   "REVOKE",    "FLUSH", "ANALYZE", "OPTIMIZE", "REPAIR",   "CHECK", "SET",
    "INSTALL", "UNINSTALL", "LOCK",  "UNLOCK",  "PURGE",    "CHANGE",   "RESET", "START",
    "STOP",    "SHUTDOWN",  "USE",   "CACHE",   "RELEASE",  "CHECKSUM", "SHOW",  "BINLOG"};

std::string Shortened(std::string text) {
  if (text.size() <= kMaxText) return text;
  size_t end = kMaxText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

// The statement on one line, tokens as written.
// A literal: a text, or a number as the lexer has it.
bool IsValue(const SqlToken& token) {
  if (token.kind == SqlToken::Kind::kString || token.kind == SqlToken::Kind::kHexString)
    return true;
  return token.kind == SqlToken::Kind::kWord &&
         absl::ascii_isdigit(static_cast<unsigned char>(token.raw[0]));
}

std::string OneLine(absl::string_view sql, bool hide_values) {
  SqlLexer lexer(sql);
  std::string text;
  for (SqlToken token = lexer.Next(); token.kind != SqlToken::Kind::kEnd; token = lexer.Next()) {
    const bool glued = token.IsSymbol('.') || token.IsSymbol(',') || absl::EndsWith(text, ".");
    if (!text.empty() && !glued) text.push_back(' ');
    const bool hidden = hide_values && IsValue(token);
    absl::StrAppend(&text, hidden ? "?" : token.raw);
    // Where it ends depends on settings that are not known here.
    if (hidden && absl::StrContains(token.raw, '\\')) break;
    if (text.size() > kMaxText) break;
  }
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';  // inside quotes
  }
  return Shortened(std::move(text));
}

// Recursive descent over the few statements that matter.
class Parser {
 public:
  Parser(absl::string_view sql, absl::string_view database) : lexer_(sql), database_(database) {
    Advance();
  }

  // nullopt: not understood.
  std::optional<SqlStatement> Parse() {
    while (Take("SET")) {
      if (!Take("STATEMENT")) return Of(Kind::kHarmless);
      SkipVariables();
    }
    if (AtEnd()) return Of(Kind::kHarmless);
    if (Take("BEGIN")) return Of(Kind::kBegin);
    if (Take("COMMIT")) return Of(Kind::kCommit);
    if (Take("START")) return Of(token_.Is("TRANSACTION") ? Kind::kBegin : Kind::kHarmless);
    if (Take("SAVEPOINT")) return Named(Kind::kSavepoint);
    if (Take("ROLLBACK")) return ParseRollback();
    if (Take("XA")) return ParseXa();
    if (Take("TRUNCATE")) return ParseTruncate();
    if (Take("DELETE")) return ParseDelete();
    if (Take("DROP")) return ParseDrop();
    if (Take("CREATE")) return ParseCreate();
    if (Take("ALTER")) return ParseAlter();
    if (Take("RENAME")) return ParseRename();
    for (const absl::string_view word : kHarmlessWords) {
      if (token_.Is(word)) return Of(Kind::kHarmless);
    }
    return std::nullopt;
  }

 private:
  struct Name {
    std::string database, table;
  };

  void Advance() { token_ = lexer_.Next(); }
  bool Take(absl::string_view keyword) {
    if (!token_.Is(keyword)) return false;
    Advance();
    return true;
  }
  bool TakeSymbol(char c) {
    if (!token_.IsSymbol(c)) return false;
    Advance();
    return true;
  }
  bool AtEnd() const { return token_.kind == SqlToken::Kind::kEnd || token_.IsSymbol(';'); }

  static SqlStatement Of(Kind kind) {
    SqlStatement statement;
    statement.kind = kind;
    return statement;
  }

  std::optional<SqlStatement> Named(Kind kind) {
    if (!token_.IsName()) return std::nullopt;
    SqlStatement statement = Of(kind);
    statement.name = absl::AsciiStrToLower(token_.text);
    return statement;
  }

  std::optional<Name> TakeName() {
    if (!token_.IsName()) return std::nullopt;
    Name name{std::string(database_), token_.text};
    Advance();
    if (!TakeSymbol('.')) return name;
    if (!token_.IsName()) return std::nullopt;
    name.database = std::exchange(name.table, token_.text);
    Advance();
    return name;
  }

  void TakeIfExists() {
    if (!Take("IF")) return;
    Take("NOT");
    Take("EXISTS");
  }

  void TakeWait() {
    if (Take("WAIT")) Advance();
    Take("NOWAIT");
  }

  static DdlAction Action(absl::string_view verb, Name name, Effect effect) {
    DdlAction action;
    action.verb = std::string(verb);
    action.database = std::move(name.database);
    action.table = std::move(name.table);
    action.effect = effect;
    return action;
  }

  // MariaDB: SET STATEMENT variable = value, … FOR statement
  void SkipVariables() {
    while (!AtEnd() && !token_.Is("FOR")) Advance();
    Take("FOR");
  }

  std::optional<SqlStatement> ParseRollback() {
    Take("WORK");
    if (!Take("TO")) return Of(Kind::kRollback);
    Take("SAVEPOINT");
    return Named(Kind::kRollbackTo);
  }

  std::optional<SqlStatement> ParseXa() {
    if (Take("START") || Take("BEGIN")) return Of(Kind::kBegin);
    if (Take("COMMIT")) return ParseXaEnd(Kind::kXaCommit);
    if (Take("ROLLBACK")) return ParseXaEnd(Kind::kXaRollback);
    if (token_.Is("END") || token_.Is("PREPARE")) return Of(Kind::kHarmless);
    return std::nullopt;
  }

  std::optional<SqlStatement> ParseXaEnd(Kind kind) {
    SqlStatement statement = Of(kind);
    statement.name = TakeXid();
    if (statement.name.empty()) return std::nullopt;
    statement.one_phase = token_.Is("ONE");
    return statement;
  }

 public:
  // The parts of an XID in hexadecimal, its format at the end; empty if it is none.
  std::string TakeXid() {
    const auto global = TakeXidPart();
    if (!global.has_value()) return "";
    std::string branch, format = "1";
    if (TakeSymbol(',')) {
      branch = TakeXidPart().value_or("");
      if (TakeSymbol(',') && token_.kind == SqlToken::Kind::kWord) {
        format = token_.text;
        Advance();
      }
    }
    return absl::StrCat(*global, ",", branch, ",", format);
  }

 private:
  std::optional<std::string> TakeXidPart() {
    std::optional<std::string> hex;
    if (token_.kind == SqlToken::Kind::kHexString) hex = token_.text;
    if (token_.kind == SqlToken::Kind::kString) hex = absl::BytesToHexString(token_.text);
    if (token_.kind == SqlToken::Kind::kWord && absl::StartsWithIgnoreCase(token_.text, "0x")) {
      hex = token_.text.substr(2);
    }
    if (!hex.has_value()) return std::nullopt;
    Advance();
    return absl::AsciiStrToLower(*hex);
  }

  std::optional<SqlStatement> ParseTruncate() {
    Take("TABLE");
    auto name = TakeName();
    if (!name.has_value()) return std::nullopt;
    SqlStatement statement = Of(Kind::kDdl);
    statement.actions.push_back(Action("TRUNCATE", *std::move(name), Effect::kRowsGone));
    return statement;
  }

  // DELETE FROM t and no more: what MySQL before 8.0 writes when it has emptied a MEMORY table.
  std::optional<SqlStatement> ParseDelete() {
    if (!Take("FROM")) return std::nullopt;
    auto name = TakeName();
    if (!name.has_value() || !AtEnd()) return std::nullopt;
    SqlStatement statement = Of(Kind::kDataChange);
    statement.actions.push_back(Action("TRUNCATE", *std::move(name), Effect::kRowsGone));
    return statement;
  }

  std::optional<SqlStatement> ParseDrop() {
    if (Take("TEMPORARY")) return Of(Kind::kHarmless);
    if (Take("DATABASE") || Take("SCHEMA")) return ParseDropDatabase();
    if (TakeIndex()) return ParseIndex();
    if (!Take("TABLE") && !Take("TABLES")) return Of(Kind::kHarmless);
    TakeIfExists();
    SqlStatement statement = Of(Kind::kDdl);
    do {
      auto name = TakeName();
      if (!name.has_value()) return std::nullopt;
      statement.actions.push_back(Action("DROP", *std::move(name), Effect::kRowsGone));
    } while (TakeSymbol(','));
    return statement;
  }

  std::optional<SqlStatement> ParseDropDatabase() {
    TakeIfExists();
    if (!token_.IsName()) return std::nullopt;
    SqlStatement statement = Of(Kind::kDdl);
    statement.actions.push_back(Action("DROP DATABASE", {token_.text, ""}, Effect::kRowsGone));
    return statement;
  }

  std::optional<SqlStatement> ParseCreate() {
    const bool replace = Take("OR");
    if (replace) Take("REPLACE");
    if (TakeIndex()) return ParseIndex();
    if (!Take("TABLE")) return Of(Kind::kHarmless);
    TakeIfExists();
    auto name = TakeName();
    if (!name.has_value() || SelectFollows()) return std::nullopt;
    SqlStatement statement = Of(Kind::kDdl);
    statement.actions.push_back(Action(replace ? "CREATE OR REPLACE" : "CREATE", *std::move(name),
                                       replace ? Effect::kRowsGone : Effect::kNone));
    return statement;
  }

  bool TakeIndex() {
    while (Take("ONLINE") || Take("OFFLINE") || Take("UNIQUE") || Take("FULLTEXT") ||
           Take("SPATIAL")) {
    }
    return Take("INDEX");
  }

  // CREATE INDEX i USING … ON t …, DROP INDEX i ON t: an ALTER TABLE in other words.
  std::optional<SqlStatement> ParseIndex() {
    while (!AtEnd() && !token_.Is("ON")) Advance();
    if (!Take("ON")) return std::nullopt;
    auto name = TakeName();
    if (!name.has_value()) return std::nullopt;
    SqlStatement statement = Of(Kind::kDdl);
    statement.actions.push_back(Action("ALTER", *std::move(name), Effect::kRowsUnknown));
    return statement;
  }

  // CREATE TABLE … SELECT fills the table too; written as rows it has no SELECT.
  bool SelectFollows() {
    while (!AtEnd() && !token_.Is("SELECT")) Advance();
    return token_.Is("SELECT");
  }

  std::optional<SqlStatement> ParseRename() {
    if (!Take("TABLE") && !Take("TABLES")) return Of(Kind::kHarmless);
    TakeIfExists();
    SqlStatement statement = Of(Kind::kDdl);
    do {
      auto from = TakeName();
      TakeWait();
      if (!from.has_value() || !Take("TO")) return std::nullopt;
      auto to = TakeName();
      if (!to.has_value()) return std::nullopt;
      statement.actions.push_back(Action("RENAME FROM", *std::move(from), Effect::kRowsGone));
      statement.actions.push_back(Action("RENAME TO", *std::move(to), Effect::kRowsUnknown));
    } while (TakeSymbol(','));
    return statement;
  }

  std::optional<SqlStatement> ParseAlter() {
    while (Take("ONLINE") || Take("OFFLINE") || Take("IGNORE")) {
    }
    if (!Take("TABLE")) return Of(Kind::kHarmless);
    TakeIfExists();
    auto name = TakeName();
    if (!name.has_value()) return std::nullopt;
    TakeWait();
    SqlStatement statement = Of(Kind::kDdl);
    statement.actions.push_back(Action("ALTER", *std::move(name), Effect::kRowsUnknown));
    ParseAlterations(&statement);
    return statement;
  }

  // Partition operations and new names among the alterations; everything else is
  // gone over.
  void ParseAlterations(SqlStatement* statement) {
    bool first_word = true;  // of an alteration
    int depth = 0;
    while (!AtEnd()) {
      if (depth == 0 && (Take("PARTITION") || Take("PARTITIONS"))) {
        TakePartitions(&statement->actions.front());
      } else if (depth == 0 && first_word && Take("RENAME")) {
        TakeNewName(statement);
      } else if (depth == 0 && Take("TABLE")) {
        TakeExchanged(statement);
      } else {
        if (token_.IsSymbol('(')) ++depth;
        if (token_.IsSymbol(')')) --depth;
        first_word = depth == 0 && token_.IsSymbol(',');
        Advance();
        continue;
      }
      first_word = false;
    }
  }

  // `p1, p2`, or `(PARTITION p1 VALUES …, PARTITION p2 …)`; not the `BY` of PARTITION BY.
  void TakePartitions(DdlAction* action) {
    if (token_.Is("BY")) return;
    TakeIfExists();
    if (token_.IsSymbol('(')) return TakePartitionDefinitions(action);
    while (token_.IsName()) {
      action->partitions.push_back(token_.text);
      Advance();
      if (!TakeSymbol(',')) return;
    }
  }

  void TakePartitionDefinitions(DdlAction* action) {
    int depth = 0;
    do {
      if (token_.IsSymbol('(')) ++depth;
      if (token_.IsSymbol(')')) --depth;
      const bool definition = depth == 1 && token_.Is("PARTITION");
      Advance();
      if (definition && token_.IsName()) action->partitions.push_back(token_.text);
    } while (depth > 0 && !AtEnd());
  }

  void TakeNewName(SqlStatement* statement) {
    if (token_.Is("COLUMN") || token_.Is("INDEX") || token_.Is("KEY") || token_.Is("CONSTRAINT")) {
      return;
    }
    if (!Take("TO") && !Take("AS")) TakeSymbol('=');
    auto name = TakeName();
    if (!name.has_value()) return;
    statement->actions.front().effect = Effect::kRowsGone;
    statement->actions.push_back(Action("RENAME TO", *std::move(name), Effect::kRowsUnknown));
  }

  // EXCHANGE PARTITION … WITH TABLE t, CONVERT PARTITION … TO TABLE t, CONVERT TABLE t TO …
  void TakeExchanged(SqlStatement* statement) {
    auto name = TakeName();
    if (!name.has_value()) return;
    statement->actions.push_back(Action("EXCHANGE", *std::move(name), Effect::kRowsUnknown));
  }

  SqlLexer lexer_;
  absl::string_view database_;
  SqlToken token_;
};

SqlStatement DataChange() {
  SqlStatement statement;
  statement.kind = Kind::kDataChange;
  return statement;
}

}  // namespace

SqlStatement ParseStatement(absl::string_view sql, absl::string_view default_database,
                            bool hide_values) {
  if (sql == "BEGIN") {  // by far the most frequent
    SqlStatement begin;
    begin.kind = Kind::kBegin;
    return begin;
  }
  SqlStatement statement = Parser(sql, default_database).Parse().value_or(DataChange());
  if (statement.kind == Kind::kDdl || statement.kind == Kind::kDataChange) {
    statement.text = OneLine(sql, hide_values);
  }
  return statement;
}

std::string NormalXid(absl::string_view xid) { return Parser(xid, "").TakeXid(); }

}  // namespace dcp::collector
