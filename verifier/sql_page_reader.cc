#include "verifier/sql_page_reader.h"

#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "row/canonical.h"

namespace dcp::verifier {
namespace {

std::vector<mysql::Column> KeyColumns(const TablePlan& plan, const TableRead& table) {
  std::vector<mysql::Column> columns;
  for (const uint32_t i : plan.key) columns.push_back(table.columns[i]);
  return columns;
}

absl::StatusOr<KeyLiterals> Literals(const std::vector<mysql::Column>& columns,
                                     const std::string& key) {
  DCP_ASSIGN_OR_RETURN(const std::vector<KeyPart> parts, PartsOfBinaryKey(key));
  if (parts.size() != columns.size()) {
    return absl::DataLossError(
        absl::StrCat("a key of ", parts.size(), " values instead of ", columns.size()));
  }
  KeyLiterals literals;
  for (size_t i = 0; i < columns.size(); ++i) {
    DCP_ASSIGN_OR_RETURN(std::string literal, BoundLiteral(columns[i], parts[i]));
    literals.push_back(std::move(literal));
  }
  return literals;
}

}  // namespace

absl::StatusOr<std::vector<KeyPart>> PartsOfBinaryKey(absl::string_view key) {
  std::string text;
  DCP_RETURN_IF_ERROR(row::AppendTextOfBinary(key, &text));
  return ParseKeyText("", text);
}

absl::StatusOr<std::string> PageSql(const TablePlan& plan, const TableRead& table,
                                    const std::optional<PagingIndex>& index,
                                    const std::string* after, const std::string* upto,
                                    size_t limit) {
  std::string sql = SelectFrom(table);
  if (!index.has_value()) return absl::StrCat(sql, WhereOf(table, ""), " LIMIT ", limit);
  const std::vector<mysql::Column> columns = KeyColumns(plan, table);
  std::string range;
  if (after != nullptr) {
    DCP_ASSIGN_OR_RETURN(const KeyLiterals bound, Literals(columns, *after));
    range = BehindBound(columns, bound, index->descending);
  }
  if (upto != nullptr) {
    DCP_ASSIGN_OR_RETURN(const KeyLiterals bound, Literals(columns, *upto));
    absl::StrAppend(&range, range.empty() ? "" : " AND ",
                    UpToBound(columns, bound, index->descending));
  }
  absl::StrAppend(&sql, " FORCE INDEX (", mysql::QuoteName(index->name), ")", WhereOf(table, range),
                  " ORDER BY ", OrderByKey(columns, index->descending), " LIMIT ", limit);
  return sql;
}

SqlPageReader::SqlPageReader(const TablePlan& plan, const TableRead& table,
                             std::optional<PagingIndex> index, size_t max_unpaged,
                             ScanSession& session)
    : plan_(plan),
      table_(table),
      index_(std::move(index)),
      max_unpaged_(max_unpaged),
      session_(session),
      content_columns_(plan.keyless ? 0 : plan.compared) {
  std::iota(content_columns_.begin(), content_columns_.end(), 0u);
}

absl::Status SqlPageReader::ReadPage(const std::string* after, const std::string* upto,
                                     size_t limit, RowSet* rows) {
  rows->Clear();
  if (!index_.has_value()) {
    if (after != nullptr) return absl::OkStatus();
    upto = nullptr;
    limit = max_unpaged_ + 1;
  }
  const absl::StatusOr<std::string> sql = PageSql(plan_, table_, index_, after, upto, limit);
  absl::Status status = sql.ok() ? Stream(*sql, rows) : sql.status();
  if (status.ok() && !index_.has_value() && rows->size() > max_unpaged_) {
    status = absl::FailedPreconditionError(
        absl::StrCat("more than ", max_unpaged_, " rows, and no key to read them in pieces by"));
  }
  return Annotate(status, table_.name.ToString());
}

absl::Status SqlPageReader::Stream(const std::string& sql, RowSet* rows) {
  return session_.Stream(sql, [&](absl::Span<const mysql::StreamingConnection::Field> row) {
    DCP_RETURN_IF_ERROR(ToValues(plan_, table_, row, &values_));
    key_.clear();
    content_.clear();
    row::AppendBinaryRow(values_, plan_.key, &key_);
    row::AppendBinaryRow(values_, content_columns_, &content_);
    rows->Add(key_, content_);
    return absl::OkStatus();
  });
}

}  // namespace dcp::verifier
