#include "verifier/key_range.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "mysql/column_type.h"

namespace dcp::verifier {
namespace {

using mysql::Column;

// Columns of SHOW INDEX.
constexpr size_t kNonUnique = 1;
constexpr size_t kName = 2;
constexpr size_t kColumn = 4;
constexpr size_t kOrder = 5;
constexpr size_t kPrefix = 7;
constexpr size_t kNull = 9;
constexpr size_t kIndexType = 10;
constexpr size_t kVisible = 13;  // MySQL 8; MariaDB: "Ignored", the other way round

bool PartIsUsable(const mysql::Row& row, const std::string& column) {
  return row[kNonUnique] == "0" && row[kColumn].has_value() &&
         absl::EqualsIgnoreCase(*row[kColumn], column) && row[kOrder].has_value() &&
         !row[kPrefix].has_value() && row[kNull] != "YES" && row[kIndexType] == "BTREE" &&
         (row.size() == kVisible || row.size() == kVisible + 1 || row[kVisible] != "NO");
}

// The index whose rows are [begin, end), if it fits.
std::optional<PagingIndex> ToPagingIndex(absl::Span<const mysql::Row> parts,
                                         const std::vector<std::string>& key) {
  if (parts.size() != key.size()) return std::nullopt;
  PagingIndex index{parts[0][kName].value_or(""), {}};
  for (size_t i = 0; i < key.size(); ++i) {
    if (!PartIsUsable(parts[i], key[i])) return std::nullopt;
    index.descending.push_back(parts[i][kOrder] == "D");
  }
  return index;
}

// The number by which an ENUM's label, or a SET's labels, are ordered.
std::optional<uint64_t> NumberOfLabels(const Column& column, absl::string_view text) {
  if (text.empty()) return 0;
  const auto place = [&](absl::string_view label) {
    return static_cast<size_t>(std::find(column.labels.begin(), column.labels.end(), label) -
                               column.labels.begin());
  };
  if (column.type == mysql::kTypeEnum) {
    const size_t at = place(text);
    if (at == column.labels.size()) return std::nullopt;
    return at + 1;
  }
  uint64_t bits = 0;
  for (const absl::string_view label : absl::StrSplit(text, ',')) {
    const size_t at = place(label);
    if (at >= column.labels.size() || at >= 64) return std::nullopt;
    bits |= uint64_t{1} << at;
  }
  return bits;
}

enum class Side : uint8_t { kBehind, kUpTo };

std::string Chain(absl::Span<const Column> columns, const KeyLiterals& bound,
                  const std::vector<bool>& descending, Side side) {
  std::string sql;
  for (size_t i = columns.size(); i-- > 0;) {
    const std::string name = mysql::QuoteName(columns[i].name);
    const char* const op = (side == Side::kBehind) != descending[i] ? " > " : " < ";
    const char* const op_or_equal = (side == Side::kBehind) != descending[i] ? " >= " : " <= ";
    if (i + 1 == columns.size()) {
      sql = absl::StrCat(name, side == Side::kUpTo ? op_or_equal : op, bound[i]);
    } else {
      // The first part alone lets an optimizer that gives up on the chain use the index.
      sql = absl::StrCat(name, op_or_equal, bound[i], " AND (", name, op, bound[i], " OR ", name,
                         " = ", bound[i], " AND (", sql, "))");
    }
  }
  return absl::StrCat("(", sql, ")");
}

}  // namespace

std::optional<PagingIndex> FindPagingIndex(const mysql::Rows& rows,
                                           const std::vector<std::string>& key) {
  std::optional<PagingIndex> found;
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    end = begin + 1;
    while (end < rows.size() && rows[end][kName] == rows[begin][kName]) ++end;
    if (rows[begin].size() <= kIndexType) continue;
    auto index = ToPagingIndex(absl::MakeSpan(rows).subspan(begin, end - begin), key);
    if (!index.has_value()) continue;
    if (index->name == "PRIMARY") return index;
    if (!found.has_value()) found = std::move(index);
  }
  return found;
}

absl::StatusOr<std::string> BoundLiteral(const Column& column, const KeyPart& part) {
  if (mysql::HasLabels(column.type)) {
    const auto number = NumberOfLabels(column, part.text);
    if (number.has_value()) return absl::StrCat(*number);
  } else {
    DCP_ASSIGN_OR_RETURN(std::optional<std::string> literal, KeyLiteral(column, part));
    if (literal.has_value()) return *std::move(literal);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("column ", column.name, " cannot hold the key value '", part.text,
                   "', so that its table cannot be read up to there"));
}

std::string BehindBound(absl::Span<const Column> columns, const KeyLiterals& bound,
                        const std::vector<bool>& descending) {
  return Chain(columns, bound, descending, Side::kBehind);
}

std::string UpToBound(absl::Span<const Column> columns, const KeyLiterals& bound,
                      const std::vector<bool>& descending) {
  return Chain(columns, bound, descending, Side::kUpTo);
}

std::string OrderByKey(absl::Span<const Column> columns, const std::vector<bool>& descending) {
  std::string sql;
  for (size_t i = 0; i < columns.size(); ++i) {
    absl::StrAppend(&sql, i == 0 ? "" : ", ", mysql::QuoteName(columns[i].name),
                    descending[i] ? " DESC" : "");
  }
  return sql;
}

}  // namespace dcp::verifier
