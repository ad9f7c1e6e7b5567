#include "verifier/row_image.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/change.h"
#include "model/value.h"
#include "row/canonical.h"
#include "row/key.h"
#include "verifier/column_value.h"

namespace dcp::verifier {
namespace {

class ImageReader {
 public:
  ImageReader(const TablePlan& plan, const std::string& logical, SideSession& session,
              const std::vector<Lookup>& lookups)
      : plan_(plan),
        logical_(logical),
        session_(session),
        lookups_(lookups),
        compared_(plan.compared),
        images_(lookups.size()) {
    std::iota(compared_.begin(), compared_.end(), 0u);
    for (size_t i = 0; i < lookups.size(); ++i) places_[lookups[i].key_text] = i;
  }

  std::vector<RowImage> From(const std::vector<ImageTable>& tables) {
    for (const ImageTable& table : tables) {
      const absl::Status status = FromTable(table);
      if (status.ok()) continue;
      for (RowImage& image : images_) {
        image.status.Update(Annotate(status, table.read.name.ToString()));
      }
      break;
    }
    return std::move(images_);
  }

 private:
  absl::Status FromTable(const ImageTable& table) {
    std::string conditions;
    for (size_t i = 0; i < lookups_.size(); ++i) {
      const auto condition = KeyCondition(plan_, table.read, lookups_[i].key);
      if (!condition.ok()) images_[i].status.Update(condition.status());
      if (!condition.ok() || !condition->has_value()) continue;
      absl::StrAppend(&conditions, conditions.empty() ? "" : " OR ", **condition);
    }
    if (conditions.empty()) return absl::OkStatus();
    DCP_ASSIGN_OR_RETURN(const mysql::Rows rows,
                         session_.Query(absl::StrCat(Select(table), " WHERE ", conditions)));
    for (const mysql::Row& row : rows) DCP_RETURN_IF_ERROR(Take(table, row));
    return absl::OkStatus();
  }

  static std::string Select(const ImageTable& table) {
    std::string sql = "SELECT ";
    for (const mysql::Column& column : table.columns) {
      absl::StrAppend(&sql, SelectExpression(column), ", ", ExactExpression(column), ", ");
    }
    sql.resize(sql.size() - 2);
    return absl::StrCat(sql, " FROM ", mysql::QuoteName(table.read.name.database), ".",
                        mysql::QuoteName(table.read.name.name));
  }

  absl::Status Take(const ImageTable& table, const mysql::Row& row) {
    if (row.size() != 2 * table.columns.size()) {
      return absl::DataLossError(
          absl::StrCat(row.size(), " values came for ", 2 * table.columns.size()));
    }
    RowImage image{{}, true, &table, std::string(1, model::kCanonicalRow), {}};
    mysql::Row read;
    for (size_t i = 0; i < table.columns.size(); ++i) {
      DCP_RETURN_IF_ERROR(TakeCell(table.columns[i], row[2 * i], row[2 * i + 1], &image.cells));
      if (i < table.read.columns.size()) read.push_back(row[2 * i]);
    }
    std::vector<model::Value> values;
    DCP_RETURN_IF_ERROR(ToValues(plan_, table.read, read, &values));
    row::AppendBinaryRow(values, compared_, &image.content);
    std::string key;
    row::AppendKeyText(logical_, values, plan_.key, &key);
    Place(key, std::move(image));
    return absl::OkStatus();
  }

  absl::Status TakeCell(const mysql::Column& column, const std::optional<std::string>& text,
                        const std::optional<std::string>& exact, std::vector<Cell>* cells) {
    if (text.has_value() != exact.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat(session_.server(), ": column ", column.name,
                       ": its value cannot be read exactly: it may be longer than the server's "
                       "max_allowed_packet"));
    }
    cells->push_back({text, exact});
    return absl::OkStatus();
  }

  void Place(const std::string& key, RowImage image) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;  // a collation took it for one that was asked for
    RowImage& place = images_[found->second];
    if (place.exists) {
      place.status.Update(absl::FailedPreconditionError(
          absl::StrCat(session_.server(), ": several rows of ", logical_, " have this key")));
    }
    image.status = place.status;
    place = std::move(image);
  }

  const TablePlan& plan_;
  const std::string& logical_;
  SideSession& session_;
  const std::vector<Lookup>& lookups_;
  std::vector<uint32_t> compared_;
  std::vector<RowImage> images_;
  absl::flat_hash_map<std::string, size_t> places_;
};

}  // namespace

ImageTable ToImageTable(const TableRead& read, const mysql::TableSchema& schema) {
  ImageTable table{read, read.columns};
  for (const mysql::Column& column : schema.columns) {
    if (column.generated || column.hidden) continue;
    const bool has = std::any_of(
        read.columns.begin(), read.columns.end(),
        [&](const mysql::Column& c) { return absl::EqualsIgnoreCase(c.name, column.name); });
    if (!has) table.columns.push_back(column);
  }
  return table;
}

std::vector<RowImage> ReadImages(const TablePlan& plan, const std::vector<ImageTable>& tables,
                                 const std::string& logical, SideSession& session,
                                 const std::vector<Lookup>& lookups) {
  return ImageReader(plan, logical, session, lookups).From(tables);
}

}  // namespace dcp::verifier
