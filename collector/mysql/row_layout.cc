#include "collector/mysql/row_layout.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/column_type.h"

namespace dcp::collector {
namespace {

using mysql::TableSchema;

constexpr char kFullMetadata[] =
    "; let the server write it: SET GLOBAL binlog_row_metadata = 'FULL' (of files that are "
    "written: give their collector the 'host' of a server that has the table)";

absl::Status Unusable(const TableSchema& schema, absl::string_view what) {
  return absl::FailedPreconditionError(
      absl::StrCat("table ", schema.database, ".", schema.name, ": ", what));
}

bool NamesKnown(const TableSchema& schema) {
  return std::none_of(schema.columns.begin(), schema.columns.end(),
                      [](const mysql::Column& column) { return column.name.empty(); });
}

absl::StatusOr<std::vector<uint32_t>> OrdinalsOf(const TableSchema& schema,
                                                 const std::vector<EncodedColumn>& wanted,
                                                 std::vector<uint32_t>* narrowed) {
  std::vector<uint32_t> ordinals;
  for (const EncodedColumn& one : wanted) {
    const auto column = std::find_if(schema.columns.begin(), schema.columns.end(),
                                     [&](const mysql::Column& candidate) {
                                       return absl::EqualsIgnoreCase(candidate.name, one.name);
                                     });
    if (column == schema.columns.end()) {
      return Unusable(schema,
                      absl::StrCat("has no column \"", one.name, "\", which the source has"));
    }
    ordinals.push_back(static_cast<uint32_t>(column - schema.columns.begin()));
    const bool narrow = one.real == Real::kFloat && column->type == mysql::kTypeDouble;
    if (narrow && std::find(narrowed->begin(), narrowed->end(), ordinals.back()) == narrowed->end())
      narrowed->push_back(ordinals.back());
  }
  return ordinals;
}

std::vector<uint32_t> OwnColumns(const TableView& view) {
  std::vector<uint32_t> ordinals;
  for (uint32_t i = 0; i < view.columns.size(); ++i) {
    if (!view.columns[i].ignored) ordinals.push_back(i);
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

// Without a server that tells it, the type of a column may not be known whole.
absl::Status CheckTypes(const TableSchema& schema, const RowLayout& layout) {
  for (const std::vector<uint32_t>* ordinals : {&layout.compared, &layout.key}) {
    for (const uint32_t i : *ordinals) {
      if (!schema.columns[i].approximate) continue;
      return Unusable(
          schema, absl::StrCat("all of the type of column ", i + 1, " \"", schema.columns[i].name,
                               "\" is not known", kFullMetadata));
    }
  }
  return absl::OkStatus();
}

// The agreed names where there are some: they are the same on every tag.
model::Table TableOf(const TableSchema& schema, const TableRouter::Route& route,
                     const RowLayout& layout, const std::optional<Encoding>& agreed, bool keyless) {
  model::Table table;
  table.name = route.logical_name;
  table.keyless = keyless;
  if (agreed.has_value()) {
    for (const EncodedColumn& column : agreed->columns) table.columns.push_back(column.name);
    for (const EncodedColumn& column : agreed->key) table.key_columns.push_back(column.name);
  } else if (NamesKnown(schema)) {
    for (const uint32_t i : layout.compared) table.columns.push_back(schema.columns[i].name);
    for (const uint32_t i : layout.key) table.key_columns.push_back(schema.columns[i].name);
  }
  return table;
}

}  // namespace

absl::StatusOr<RowLayout> MakeRowLayout(const TableSchema& schema, const TableRouter::Route& route,
                                        const std::optional<Encoding>& agreed,
                                        model::TableRegistry* registry) {
  const bool needs_names = agreed.has_value() || !route.pattern->ignore_columns.empty();
  if (needs_names && !NamesKnown(schema)) {
    return Unusable(schema, absl::StrCat("its column names are not known", kFullMetadata));
  }
  RowLayout layout;
  if (agreed.has_value()) {
    DCP_ASSIGN_OR_RETURN(layout.compared, OrdinalsOf(schema, agreed->columns, &layout.narrowed));
    DCP_ASSIGN_OR_RETURN(layout.key, OrdinalsOf(schema, agreed->key, &layout.narrowed));
  } else {
    layout.compared = OwnColumns(ViewOf(schema, *route.pattern));
    DCP_ASSIGN_OR_RETURN(layout.key, OwnKey(schema));
  }
  DCP_RETURN_IF_ERROR(CheckTypes(schema, layout));
  const bool keyless = layout.key.empty();
  if (keyless) layout.key = layout.compared;
  layout.table = registry->Intern(TableOf(schema, route, layout, agreed, keyless));
  return layout;
}

}  // namespace dcp::collector
