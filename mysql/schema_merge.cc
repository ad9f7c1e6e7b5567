#include "mysql/schema_merge.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"

namespace dcp::mysql {
namespace {

using KeyKind = TableSchema::KeyKind;

// Temporal types have a form from before 5.6.4 that tables keep until they are
// rebuilt, and that the catalog does not tell apart.
uint8_t ModernType(uint8_t type) {
  switch (type) {
    case kTypeTimestamp:
      return kTypeTimestamp2;
    case kTypeDatetime:
      return kTypeDatetime2;
    case kTypeTime:
      return kTypeTime2;
    default:
      return type;
  }
}

bool IsOldTemporal(uint8_t type) { return ModernType(type) != type; }

bool SameCharset(uint32_t a, uint32_t b) {
  return absl::string_view(CharsetOfCollation(a).name) == CharsetOfCollation(b).name;
}

bool SameColumn(const TableMap& map, const Column& event, const Column& catalog) {
  if (ModernType(event.type) != catalog.type) return false;
  if (event.type == catalog.type && event.meta != catalog.meta) return false;
  // Old forms have no fractions, but for MariaDB's.
  if (event.type != catalog.type && !map.mariadb && catalog.meta != 0) return false;
  if (event.nullable != catalog.nullable) return false;
  // YEAR has a sign bit, but no sign.
  if (map.has_signedness && HasSignedness(event.type) && event.type != kTypeYear &&
      event.is_unsigned != catalog.is_unsigned) {
    return false;
  }
  return !map.has_charsets || !HasCharset(event.type) ||
         SameCharset(event.collation, catalog.collation);
}

// The number (from 1) of the first column that differs; 0: none does.
size_t FirstDifference(const TableMap& map, const TableSchema& catalog) {
  const std::vector<Column>& columns = map.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!SameColumn(map, columns[i], catalog.columns[i])) return i + 1;
    if (map.has_names && columns[i].name != catalog.columns[i].name) return i + 1;
  }
  return 0;
}

absl::Status CheckSame(const TableMap& map, const TableSchema& catalog) {
  const size_t then = map.schema.columns.size();
  const size_t now = catalog.columns.size();
  if (then != now) {
    return Changed(map.schema, absl::StrCat("had ", then, " columns then and has ", now, " now"));
  }
  const size_t different = FirstDifference(map, catalog);
  if (different == 0) return absl::OkStatus();
  const Column& column = map.schema.columns[different - 1];
  return Changed(map.schema,
                 absl::StrCat("column ", different, " was ", TypeName(column.type), " then and is ",
                              TypeName(catalog.columns[different - 1].type),
                              " now, or differs in length, sign, charset or NULL"));
}

void TakeKey(const TableSchema& catalog, TableSchema* schema) {
  schema->key_kind = catalog.key_kind;
  schema->key_columns = catalog.key_columns;
}

void TakeFromCatalog(const TableMap& map, const Column& catalog, Column* column) {
  column->generated = catalog.generated;
  column->form = catalog.form;
  column->hidden = catalog.hidden;
  // Events do not tell the digits of MariaDB's temporal types of before 10.1, on which their length
  // depends.
  if (map.mariadb && IsOldTemporal(column->type)) column->meta = catalog.meta;
  if (map.has_names) return;
  column->name = catalog.name;
  column->invisible = catalog.invisible;
  if (!map.has_signedness) column->is_unsigned = catalog.is_unsigned;
  if (!map.has_charsets && HasCharset(column->type)) column->collation = catalog.collation;
  if (HasLabels(column->type)) {
    column->collation = catalog.collation;
    column->labels = catalog.labels;
    column->raw_labels = catalog.raw_labels;
    column->approximate = catalog.approximate;
  }
}

// Something of `type` that its values depend on is not told.
bool IsApproximate(const TableMap& map, uint8_t type) {
  if (map.mariadb && IsOldTemporal(type)) return true;  // it may have fractions
  if (!map.has_signedness && HasSignedness(type)) {
    return type != kTypeFloat && type != kTypeDouble && type != kTypeYear &&
           type != kTypeNewDecimal;
  }
  if (HasLabels(type)) return !map.has_labels;
  return !map.has_charsets && HasCharset(type);
}

// Where the catalog no longer tells: MariaDB gives the columns of every sequence these names.
bool IsSequence(const TableMap& map) {
  constexpr const char* kNames[] = {"next_not_cached_value", "minimum_value", "maximum_value",
                                    "start_value",           "increment",     "cache_size",
                                    "cycle_option",          "cycle_count"};
  if (!map.mariadb || !map.has_names || map.has_key) return false;
  return std::equal(map.schema.columns.begin(), map.schema.columns.end(), std::begin(kNames),
                    std::end(kNames),
                    [](const Column& column, const char* name) { return column.name == name; });
}

}  // namespace

absl::Status Changed(const TableSchema& schema, absl::string_view how) {
  return absl::FailedPreconditionError(
      absl::StrCat("schema of table changed since this event: ", schema.database, ".", schema.name,
                   " ", how, "; set binlog_row_metadata=FULL to keep such events readable"));
}

bool IsComplete(const TableMap& map) {
  const std::vector<Column>& columns = map.schema.columns;
  if (map.mariadb && std::any_of(columns.begin(), columns.end(),
                                 [](const Column& column) { return IsOldTemporal(column.type); })) {
    return false;  // how many digits, and so bytes, is not told
  }
  return map.has_names && map.has_signedness && map.has_charsets && map.has_label_charsets &&
         map.has_labels;
}

absl::Status ResolveCollations(SchemaSource* schemas, TableMap* map) {
  for (Column& column : map->schema.columns) {
    if (column.collation == 0 ||
        CharsetOfCollation(column.collation).kind != CharsetKind::kUnknown) {
      continue;
    }
    const auto charset = schemas->CharsetOf(column.collation);
    if (absl::IsUnavailable(charset.status())) return charset.status();
    const uint32_t collation = charset.ok() ? CollationOfCharset(*charset) : 0;
    if (collation == 0) continue;  // the column is refused when it is decoded
    column.collation = collation;
    ConvertLabels(&column);
  }
  return absl::OkStatus();
}

absl::StatusOr<TableSchema> CompleteSchema(const TableMap& map, const TableSchema* catalog) {
  TableSchema schema = map.schema;
  // Names come with FULL metadata only, which tells a key where there is one.
  if (map.has_names && !map.has_key) schema.key_kind = KeyKind::kNone;
  if (catalog == nullptr) {
    for (Column& column : schema.columns) column.approximate = IsApproximate(map, column.type);
    schema.is_sequence = IsSequence(map);
    return schema;
  }
  const absl::Status same = CheckSame(map, *catalog);
  if (!same.ok()) {
    if (!IsComplete(map)) return same;
    schema.is_sequence = IsSequence(map);
    return schema;
  }
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    TakeFromCatalog(map, catalog->columns[i], &schema.columns[i]);
  }
  schema.is_sequence = catalog->is_sequence;
  // The server's metadata has a unique key for the primary one where there is no other: the
  // catalog tells them apart. A key that FULL metadata does not tell came later.
  const bool told = map.has_names || map.has_key;
  if (!told || catalog->key_columns == schema.key_columns) TakeKey(*catalog, &schema);
  return schema;
}

}  // namespace dcp::mysql
