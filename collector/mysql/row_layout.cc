#include "collector/mysql/row_layout.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::collector {
namespace {

using mysql::TableSchema;

constexpr char kFullMetadata[] =
    "; let the server write it: SET GLOBAL binlog_row_metadata = 'FULL'";

absl::Status Unusable(const TableSchema& schema, absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("table ", schema.database, ".", schema.name, ": ", what));
}

bool NamesKnown(const TableSchema& schema) {
  return std::none_of(schema.columns.begin(), schema.columns.end(),
                      [](const mysql::Column& column) { return column.name.empty(); });
}

absl::StatusOr<std::vector<uint32_t>> OrdinalsOf(const TableSchema& schema,
                                                 const std::vector<std::string>& names) {
  std::vector<uint32_t> ordinals;
  for (const std::string& name : names) {
    const auto column =
        std::find_if(schema.columns.begin(), schema.columns.end(),
                     [&](const mysql::Column& candidate) { return candidate.name == name; });
    if (column == schema.columns.end()) {
      return Unusable(schema, absl::StrCat("has no column \"", name, "\", which the source has"));
    }
    ordinals.push_back(static_cast<uint32_t>(column - schema.columns.begin()));
  }
  return ordinals;
}

std::vector<uint32_t> OwnColumns(const TableSchema& schema, const TablePattern& pattern) {
  std::vector<uint32_t> ordinals;
  const auto& ignored = pattern.ignore_columns;
  for (uint32_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.columns[i].hidden) continue;
    if (std::find(ignored.begin(), ignored.end(), schema.columns[i].name) == ignored.end()) {
      ordinals.push_back(i);
    }
  }
  return ordinals;
}

absl::StatusOr<std::vector<uint32_t>> OwnKey(const TableSchema& schema) {
  using KeyKind = TableSchema::KeyKind;
  if (schema.key_kind == KeyKind::kUnknown) {
    return Unusable(schema, absl::StrCat("its key columns are not known", kFullMetadata));
  }
  if (schema.key_kind == KeyKind::kNone) return std::vector<uint32_t>();
  for (const uint32_t ordinal : schema.key_columns) {
    if (ordinal >= schema.columns.size()) {
      return Unusable(schema, "its key names a column that it does not have");
    }
  }
  return schema.key_columns;
}

model::Table TableOf(const TableSchema& schema, const TableRouter::Route& route,
                     const RowLayout& layout, bool keyless) {
  model::Table table;
  table.name = route.logical_name;
  table.keyless = keyless;
  if (!NamesKnown(schema)) return table;
  for (const uint32_t ordinal : layout.compared) {
    table.columns.push_back(schema.columns[ordinal].name);
  }
  for (const uint32_t ordinal : layout.key) {
    table.key_columns.push_back(schema.columns[ordinal].name);
  }
  return table;
}

}  // namespace

absl::StatusOr<RowLayout> MakeRowLayout(const TableSchema& schema, const TableRouter::Route& route,
                                        const std::optional<SourceColumns>& source,
                                        model::TableRegistry* registry) {
  const bool needs_names = source.has_value() || !route.pattern->ignore_columns.empty();
  if (needs_names && !NamesKnown(schema)) {
    return Unusable(schema, absl::StrCat("its column names are not known", kFullMetadata));
  }
  RowLayout layout;
  if (source.has_value()) {
    DCP_ASSIGN_OR_RETURN(layout.compared, OrdinalsOf(schema, source->compared));
    DCP_ASSIGN_OR_RETURN(layout.key, OrdinalsOf(schema, source->key));
  } else {
    layout.compared = OwnColumns(schema, *route.pattern);
    DCP_ASSIGN_OR_RETURN(layout.key, OwnKey(schema));
  }
  const bool keyless = layout.key.empty();
  if (keyless) layout.key = layout.compared;
  layout.table = registry->Intern(TableOf(schema, route, layout, keyless));
  return layout;
}

}  // namespace dcp::collector
