#include "collector/mysql/sql_lexer.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace dcp::collector {
namespace {

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '@' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)) || c == '\0'; }

}  // namespace

bool SqlToken::Is(absl::string_view keyword) const {
  return kind == Kind::kWord && absl::EqualsIgnoreCase(text, keyword);
}

bool SqlToken::IsName() const {
  return kind == Kind::kWord || kind == Kind::kQuotedName ||
         (kind == Kind::kString && !raw.empty() && raw[0] == '"');
}

// Goes over one comment, or into or out of an executed one.
bool SqlLexer::SkipComment() {
  const absl::string_view rest = sql_.substr(at_);
  if (in_executed_comment_ && absl::StartsWith(rest, "*/")) {
    in_executed_comment_ = false;
    at_ += 2;
    return true;
  }
  const bool executed = absl::StartsWith(rest, "/*!") || absl::StartsWith(rest, "/*M!");
  if (executed) {
    in_executed_comment_ = true;
    at_ += rest[2] == '!' ? size_t{3} : size_t{4};
    while (absl::ascii_isdigit(static_cast<unsigned char>(At(at_)))) ++at_;
    return true;
  }
  const bool to_line_end = absl::StartsWith(rest, "#") ||
                           (absl::StartsWith(rest, "--") && (rest.size() == 2 || IsBlank(rest[2])));
  if (!to_line_end && !absl::StartsWith(rest, "/*")) return false;
  const absl::string_view end_mark = to_line_end ? "\n" : "*/";
  const size_t end = sql_.find(end_mark, at_ + (to_line_end ? size_t{1} : size_t{2}));
  at_ = end == absl::string_view::npos ? sql_.size() : end + end_mark.size();
  return true;
}

void SqlLexer::SkipBlanks() {
  while (at_ < sql_.size()) {
    if (IsBlank(sql_[at_])) {
      ++at_;
    } else if (!SkipComment()) {
      return;
    }
  }
}

SqlToken SqlLexer::Quoted(char quote, SqlToken::Kind kind) {
  SqlToken token;
  token.kind = kind;
  const size_t begin = at_++;
  const bool escapes = quote != '`';
  while (at_ < sql_.size()) {
    const char c = sql_[at_++];
    if (c == quote) {
      if (At(at_) != quote) break;
      ++at_;  // doubled: the quote itself
    } else if (c == '\\' && escapes && at_ < sql_.size()) {
      token.text.push_back(sql_[at_++]);
      continue;
    }
    token.text.push_back(c);
  }
  token.raw = sql_.substr(begin, at_ - begin);
  return token;
}

SqlToken SqlLexer::Word() {
  const size_t begin = at_;
  while (at_ < sql_.size() && IsWordCharacter(sql_[at_])) ++at_;
  SqlToken token;
  token.kind = SqlToken::Kind::kWord;
  token.raw = sql_.substr(begin, at_ - begin);
  token.text = std::string(token.raw);
  if (token.Is("x") && At(at_) == '\'') {
    token = Quoted('\'', SqlToken::Kind::kHexString);
    token.raw = sql_.substr(begin, at_ - begin);
  }
  return token;
}

SqlToken SqlLexer::Next() {
  SkipBlanks();
  if (at_ >= sql_.size()) return {};
  const char c = sql_[at_];
  if (c == '`') return Quoted(c, SqlToken::Kind::kQuotedName);
  if (c == '\'' || c == '"') return Quoted(c, SqlToken::Kind::kString);
  if (IsWordCharacter(c)) return Word();
  SqlToken token;
  token.kind = SqlToken::Kind::kSymbol;
  token.raw = sql_.substr(at_++, 1);
  token.text = std::string(token.raw);
  return token;
}

}  // namespace dcp::collector
