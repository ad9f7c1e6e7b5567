// SqlLexer splits the text of one SQL statement into tokens, as far as it is
// asked to. Comments and white space fall away; the contents of `/*! … */` and
// `/*M! … */`, which servers execute, stay.
//
// Thread-compatible. Borrows the text.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace dcp::collector {

struct SqlToken {
  enum class Kind { kEnd, kWord, kQuotedName, kString, kHexString, kSymbol };

  Kind kind = Kind::kEnd;
  // kWord: as written; kQuotedName, kString: without quotes, escapes resolved;
  // kHexString: its digits; kSymbol: one character.
  std::string text;
  absl::string_view raw;  // as written

  bool Is(absl::string_view keyword) const;  // kWord, any case
  bool IsSymbol(char c) const { return kind == Kind::kSymbol && text[0] == c; }
  // May be a name of a table, column, …: `"a"` is one under ANSI_QUOTES.
  bool IsName() const;
};

class SqlLexer {
 public:
  explicit SqlLexer(absl::string_view sql) : sql_(sql) {}

  // The next token; kEnd at the end, again and again.
  SqlToken Next();

 private:
  char At(size_t at) const { return at < sql_.size() ? sql_[at] : '\0'; }
  bool SkipComment();
  void SkipBlanks();
  SqlToken Quoted(char quote, SqlToken::Kind kind);
  SqlToken Word();

  absl::string_view sql_;
  size_t at_ = 0;
  bool in_executed_comment_ = false;
};

}  // namespace dcp::collector
