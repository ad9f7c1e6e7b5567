#include "mysql/schema_catalog.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"

namespace dcp::mysql {
namespace {

struct TypeEntry {
  const char* name;
  uint8_t type;
  uint16_t meta;
};

// Types whose metadata does not depend on the column.
constexpr TypeEntry kFixedTypes[] = {
    {"tinyint", kTypeTiny, 0},
    {"smallint", kTypeShort, 0},
    {"mediumint", kTypeInt24, 0},
    {"int", kTypeLong, 0},
    {"bigint", kTypeLonglong, 0},
    {"float", kTypeFloat, 4},
    {"double", kTypeDouble, 8},
    {"year", kTypeYear, 0},
    {"date", kTypeDate, 0},
    {"tinytext", kTypeBlob, 1},
    {"text", kTypeBlob, 2},
    {"mediumtext", kTypeBlob, 3},
    {"longtext", kTypeBlob, 4},
    {"tinyblob", kTypeBlob, 1},
    {"blob", kTypeBlob, 2},
    {"mediumblob", kTypeBlob, 3},
    {"longblob", kTypeBlob, 4},
    {"json", kTypeJson, 4},
    {"vector", kTypeVector, 4},
    {"geometry", kTypeGeometry, 4},
    {"point", kTypeGeometry, 4},
    {"linestring", kTypeGeometry, 4},
    {"polygon", kTypeGeometry, 4},
    {"multipoint", kTypeGeometry, 4},
    {"multilinestring", kTypeGeometry, 4},
    {"multipolygon", kTypeGeometry, 4},
    {"geometrycollection", kTypeGeometry, 4},
    {"geomcollection", kTypeGeometry, 4},
};

uint16_t SetBytes(size_t labels) {
  const size_t bytes = (labels + 7) / 8;
  return static_cast<uint16_t>(bytes > 4 ? 8 : bytes);
}

// Types whose metadata tells lengths, digits or labels.
void SetSizedType(const ColumnDescription& d, Column* column) {
  const auto set = [&](uint8_t type, uint64_t meta) {
    column->type = type;
    column->meta = static_cast<uint16_t>(meta);
  };
  if (d.data_type == "varchar" || d.data_type == "varbinary") {
    set(kTypeVarchar, d.octet_length);
  } else if (d.data_type == "char" || d.data_type == "binary") {
    set(kTypeString, d.octet_length);
  } else if (d.data_type == "decimal") {
    set(kTypeNewDecimal, d.numeric_precision << 8 | d.numeric_scale);
  } else if (d.data_type == "bit") {
    set(kTypeBit, d.numeric_precision);
  } else if (d.data_type == "time") {
    set(kTypeTime2, d.datetime_precision);
  } else if (d.data_type == "datetime") {
    set(kTypeDatetime2, d.datetime_precision);
  } else if (d.data_type == "timestamp") {
    set(kTypeTimestamp2, d.datetime_precision);
  } else if (d.data_type == "enum") {
    set(kTypeEnum, column->labels.size() < 256 ? 1 : 2);
  } else if (d.data_type == "set") {
    set(kTypeSet, SetBytes(column->labels.size()));
  }
}

// MariaDB's types of fixed size: in row events BINARY.
void SetForm(const ColumnDescription& d, Column* column) {
  struct Entry {
    const char* name;
    Column::Form form;
    uint16_t size;
  };
  static constexpr Entry kForms[] = {{"uuid", Column::Form::kUuid, 16},
                                     {"inet4", Column::Form::kInet4, 4},
                                     {"inet6", Column::Form::kInet6, 16}};
  for (const Entry& entry : kForms) {
    if (d.data_type != entry.name) continue;
    column->type = kTypeString;
    column->meta = entry.size;
    column->form = entry.form;
  }
}

// "varchar(100) /*M!100301 COMPRESSED*/"
void SetCompressed(Column* column) {
  if (column->type == kTypeBlob) column->type = kTypeBlobCompressed;
  if (column->type != kTypeVarchar) return;
  column->type = kTypeVarcharCompressed;
  ++column->meta;  // for its head
}

uint64_t ToNumber(const std::optional<std::string>& text) {
  uint64_t number = 0;
  return text.has_value() && absl::SimpleAtoi(*text, &number) ? number : 0;
}

std::string ToText(const std::optional<std::string>& text) { return text.value_or(""); }

ColumnDescription ToDescription(const Row& row) {
  ColumnDescription d;
  d.name = ToText(row[2]);
  d.data_type = absl::AsciiStrToLower(ToText(row[3]));
  d.column_type = ToText(row[4]);
  d.nullable = row[5] == "YES";
  d.octet_length = ToNumber(row[6]);
  d.numeric_precision = ToNumber(row[7]);
  d.numeric_scale = ToNumber(row[8]);
  d.datetime_precision = ToNumber(row[9]);
  d.charset = ToText(row[10]);
  d.collation = static_cast<uint32_t>(ToNumber(row[11]));
  d.extra = ToText(row[12]);
  return d;
}

std::string ColumnsQuery(absl::string_view database, absl::string_view table) {
  return absl::StrCat(
      "SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, "
      "c.IS_NULLABLE, c.CHARACTER_OCTET_LENGTH, c.NUMERIC_PRECISION, c.NUMERIC_SCALE, "
      "c.DATETIME_PRECISION, c.CHARACTER_SET_NAME, o.ID, c.EXTRA "
      "FROM information_schema.COLUMNS c LEFT JOIN information_schema.COLLATIONS o "
      "ON o.COLLATION_NAME = c.COLLATION_NAME "
      "WHERE c.TABLE_SCHEMA = ",
      QuoteString(database), " AND c.TABLE_NAME = ", QuoteString(table),
      " ORDER BY c.ORDINAL_POSITION");
}

// information_schema compares names without regard to case on some servers:
// where a row has the very name, only such rows count.
void KeepExactNames(absl::string_view database, absl::string_view table, Rows* rows) {
  const auto exact = [&](const Row& row) { return row[0] == database && row[1] == table; };
  if (std::none_of(rows->begin(), rows->end(), exact)) return;
  rows->erase(
      std::remove_if(rows->begin(), rows->end(), [&](const Row& row) { return !exact(row); }),
      rows->end());
}

struct Index {
  std::string name;
  bool usable = true;  // unique, and all its columns are NOT NULL
  std::vector<std::string> columns;
};

// SHOW INDEX: Table, Non_unique, Key_name, Seq_in_index, Column_name,
// Collation, Cardinality, Sub_part, Packed, Null, …
std::vector<Index> ToIndexes(const Rows& rows) {
  std::vector<Index> indexes;
  for (const Row& row : rows) {
    if (row.size() < 10) continue;
    const std::string name = ToText(row[2]);
    if (indexes.empty() || indexes.back().name != name) indexes.push_back({name, true, {}});
    Index& index = indexes.back();
    const bool nullable = row[9] == "YES";
    if (row[1] != "0" || !row[4].has_value() || nullable) index.usable = false;
    index.columns.push_back(ToText(row[4]));
  }
  return indexes;
}

// A unique key of unlimited length: MariaDB makes it of a hash, in a column of its own.
uint32_t CountRowHashes(const Rows& indexes) {
  constexpr size_t kIndexType = 10;
  uint32_t count = 0;
  for (const Row& row : indexes) {
    if (row.size() > kIndexType && row[kIndexType] == "HASH" && row[3] == "1" && row[1] == "0") {
      ++count;
    }
  }
  return count;
}

void AddRowHashes(TableSchema* schema) {
  for (uint32_t i = 0; i < schema->row_hashes; ++i) {
    Column column;
    column.name = absl::StrCat("DB_ROW_HASH_", i + 1);
    column.type = kTypeLonglong;
    column.is_unsigned = true;
    column.collation = kBinaryCollation;
    column.invisible = true;
    column.generated = true;
    column.hidden = true;
    schema->columns.push_back(std::move(column));
  }
}

// Takes "'a''b'" off the front of `rest`.
bool TakeLabel(absl::string_view* rest, std::string* label) {
  if (!absl::ConsumePrefix(rest, "'")) return false;
  while (!rest->empty()) {
    char c = (*rest)[0];
    rest->remove_prefix(1);
    if (c == '\'' && !absl::ConsumePrefix(rest, "'")) return true;
    if (c == '\\') {
      if (rest->empty()) return false;
      switch ((*rest)[0]) {
        case '\\':
          break;
        case '0':
          c = '\0';
          break;
        case 'n':
          c = '\n';
          break;
        case 'r':
          c = '\r';
          break;
        default:
          return false;
      }
      rest->remove_prefix(1);
    }
    label->push_back(c);
  }
  return false;
}

}  // namespace

bool ParseLabels(absl::string_view column_type, std::vector<std::string>* labels) {
  labels->clear();
  const size_t open = column_type.find('(');
  if (open == absl::string_view::npos) return false;
  absl::string_view rest = column_type.substr(open + 1);
  do {
    if (!TakeLabel(&rest, &labels->emplace_back())) return false;
  } while (absl::ConsumePrefix(&rest, ","));
  return rest == ")";
}

namespace {

// The server's catalog is in utf8mb3: it has a '?' for each character beyond the BMP.
bool MayHaveLostCharacters(absl::string_view charset, const std::vector<std::string>& labels) {
  constexpr absl::string_view kCharsets[] = {"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"};
  return std::find(std::begin(kCharsets), std::end(kCharsets), charset) != std::end(kCharsets) &&
         std::any_of(labels.begin(), labels.end(),
                     [](const std::string& label) { return absl::StrContains(label, '?'); });
}

}  // namespace

Column ToColumn(const ColumnDescription& d) {
  Column column;
  column.name = d.name;
  column.type = kTypeNull;
  column.nullable = d.nullable;
  column.is_unsigned = absl::StrContains(d.column_type, " unsigned");
  const auto* const fixed =
      std::find_if(std::begin(kFixedTypes), std::end(kFixedTypes),
                   [&](const TypeEntry& entry) { return d.data_type == entry.name; });
  if (d.data_type == "enum" || d.data_type == "set") {
    column.is_unsigned = false;
    if (!ParseLabels(d.column_type, &column.labels)) column.labels.clear();
    column.approximate = column.labels.empty();
    column.raw_labels = MayHaveLostCharacters(d.charset, column.labels);
  }
  if (fixed != std::end(kFixedTypes)) {
    column.type = fixed->type;
    column.meta = fixed->meta;
  } else {
    SetSizedType(d, &column);
    SetForm(d, &column);
  }
  if (!HasLabels(column.type) && absl::StrContains(d.column_type, " COMPRESSED")) {
    SetCompressed(&column);
  }
  column.collation = d.charset.empty() ? kBinaryCollation : d.collation;
  if (column.collation == 0) column.collation = CollationOfCharset(d.charset);
  const std::string extra = absl::AsciiStrToUpper(d.extra);
  column.invisible = absl::StrContains(extra, "INVISIBLE");
  column.generated = absl::StrContains(extra, "VIRTUAL") || absl::StrContains(extra, "STORED") ||
                     absl::StrContains(extra, "PERSISTENT");
  return column;
}

absl::Status SetKey(const Rows& rows, TableSchema* schema) {
  schema->key_kind = TableSchema::KeyKind::kNone;
  schema->key_columns.clear();
  const std::vector<Index> indexes = ToIndexes(rows);
  const auto primary = std::find_if(indexes.begin(), indexes.end(),
                                    [](const Index& index) { return index.name == "PRIMARY"; });
  const auto chosen = primary != indexes.end()
                          ? primary
                          : std::find_if(indexes.begin(), indexes.end(),
                                         [](const Index& index) { return index.usable; });
  if (chosen == indexes.end()) return absl::OkStatus();
  for (const std::string& name : chosen->columns) {
    const auto column = std::find_if(schema->columns.begin(), schema->columns.end(),
                                     [&](const Column& c) { return c.name == name; });
    if (column == schema->columns.end()) {
      return absl::AbortedError(
          absl::StrCat(schema->database, ".", schema->name, " changed while its schema was read"));
    }
    schema->key_columns.push_back(static_cast<uint32_t>(column - schema->columns.begin()));
  }
  schema->key_kind =
      chosen == primary ? TableSchema::KeyKind::kPrimary : TableSchema::KeyKind::kUnique;
  return absl::OkStatus();
}

absl::Status SetVersioning(const Rows& periods, TableSchema* schema) {
  std::string end_name;
  for (const Row& row : periods) {
    if (row.size() == 2 && row[1] == "ROW END") end_name = ToText(row[0]);
  }
  if (end_name.empty()) {
    for (const char* name : {"row_start", "row_end"}) {
      Column column;
      column.name = name;
      column.type = kTypeTimestamp2;
      column.meta = 6;
      column.nullable = false;
      column.collation = kBinaryCollation;
      column.invisible = true;
      schema->columns.push_back(std::move(column));
    }
    end_name = "row_end";
  }
  if (schema->key_kind == TableSchema::KeyKind::kNone) return absl::OkStatus();
  for (uint32_t i = 0; i < schema->columns.size(); ++i) {
    if (schema->columns[i].name != end_name) continue;
    std::vector<uint32_t>& key = schema->key_columns;
    if (std::find(key.begin(), key.end(), i) == key.end()) key.push_back(i);
    return absl::OkStatus();
  }
  return absl::AbortedError(
      absl::StrCat(schema->database, ".", schema->name, " changed while its schema was read"));
}

absl::StatusOr<TableSchema> ReadTableSchema(Connection& connection, absl::string_view database,
                                            absl::string_view table) {
  DCP_ASSIGN_OR_RETURN(Rows rows, connection.Query(ColumnsQuery(database, table)));
  KeepExactNames(database, table, &rows);
  if (rows.empty()) {
    return absl::NotFoundError(
        absl::StrCat(connection.server(), ": table ", database, ".", table,
                     " does not exist now, or this account has no SELECT privilege on it"));
  }
  TableSchema schema;
  schema.database = std::string(database);
  schema.name = std::string(table);
  for (const Row& row : rows) schema.columns.push_back(ToColumn(ToDescription(row)));
  DCP_ASSIGN_OR_RETURN(const Rows index_rows,
                       connection.Query(absl::StrCat("SHOW INDEX FROM ", QuoteName(database), ".",
                                                     QuoteName(table))));
  DCP_RETURN_IF_ERROR(SetKey(index_rows, &schema));
  const std::string where = absl::StrCat(" WHERE TABLE_SCHEMA = ", QuoteString(database),
                                         " AND TABLE_NAME = ", QuoteString(table));
  DCP_ASSIGN_OR_RETURN(
      const Rows types,
      connection.Query(absl::StrCat("SELECT TABLE_TYPE, ENGINE, UNIX_TIMESTAMP(CREATE_TIME) FROM "
                                    "information_schema.TABLES",
                                    where)));
  if (!types.empty() && types[0].size() > 2) {
    schema.defined_seconds = static_cast<int64_t>(ToNumber(types[0][2]));
  }
  const std::string type = types.empty() || types[0].empty() ? "" : ToText(types[0][0]);
  schema.is_sequence = type == "SEQUENCE";
  // MEMORY and NDB have such indexes without it.
  const std::string engine = types.empty() || types[0].size() < 2 ? "" : ToText(types[0][1]);
  if (engine == "InnoDB" || engine == "MyISAM" || engine == "Aria") {
    schema.row_hashes = CountRowHashes(index_rows);
  }
  if (type == "SYSTEM VERSIONED") {
    DCP_ASSIGN_OR_RETURN(const Rows periods, connection.Query(absl::StrCat(
                                                 "SELECT COLUMN_NAME, GENERATION_EXPRESSION FROM "
                                                 "information_schema.COLUMNS",
                                                 where)));
    DCP_RETURN_IF_ERROR(SetVersioning(periods, &schema));
  }
  return schema;
}

absl::StatusOr<std::shared_ptr<const TableSchema>> SchemaCatalog::Find(absl::string_view database,
                                                                       absl::string_view table) {
  const std::pair<std::string, std::string> name(database, table);
  const auto found = tables_.find(name);
  if (found != tables_.end()) return found->second;
  auto schema = Read(database, table);
  // The connection may have been closed while nothing was asked; the table may
  // have changed between two queries.
  if (absl::IsUnavailable(schema.status())) connection_ = nullptr;
  if (absl::IsUnavailable(schema.status()) || absl::IsAborted(schema.status())) {
    schema = Read(database, table);
  }
  if (!schema.ok()) return schema.status();
  tables_[name] = *schema;
  return schema;
}

// Columns and keys come from queries of their own, and a statement between these would give a
// table that never was. So what is read twice the same counts.
absl::StatusOr<TableSchema> SchemaCatalog::ReadSettled(absl::string_view database,
                                                       absl::string_view table) {
  constexpr int kReads = 10;
  DCP_ASSIGN_OR_RETURN(TableSchema schema, ReadTableSchema(*connection_, database, table));
  for (int i = 1; i < kReads; ++i) {
    DCP_ASSIGN_OR_RETURN(TableSchema again, ReadTableSchema(*connection_, database, table));
    if (again == schema) return schema;
    schema = std::move(again);
  }
  return absl::AbortedError(
      absl::StrCat("the definition of ", database, ".", table, " changes all the time"));
}

absl::StatusOr<std::shared_ptr<const TableSchema>> SchemaCatalog::Read(absl::string_view database,
                                                                       absl::string_view table) {
  DCP_RETURN_IF_ERROR(EnsureConnected());
  DCP_ASSIGN_OR_RETURN(TableSchema schema, ReadSettled(database, table));
  AddRowHashes(&schema);
  return std::make_shared<const TableSchema>(std::move(schema));
}

absl::StatusOr<std::string> SchemaCatalog::CharsetOf(uint32_t collation) {
  const auto found = charsets_.find(collation);
  if (found != charsets_.end()) return found->second;
  auto charset = ReadCharset(collation);
  if (absl::IsUnavailable(charset.status())) {  // as in Find()
    connection_ = nullptr;
    charset = ReadCharset(collation);
  }
  if (charset.ok()) charsets_[collation] = *charset;
  return charset;
}

absl::StatusOr<std::string> SchemaCatalog::ReadCharset(uint32_t collation) {
  DCP_RETURN_IF_ERROR(EnsureConnected());
  const std::string where = absl::StrCat(" WHERE ID = ", collation);
  DCP_ASSIGN_OR_RETURN(Rows rows,
                       connection_->Query(absl::StrCat(
                           "SELECT CHARACTER_SET_NAME FROM information_schema.COLLATIONS", where)));
  if (rows.empty()) {
    // MariaDB's collations of several charsets have their ids in another table, in which
    // MySQL has none.
    const auto more = connection_->Query(absl::StrCat(
        "SELECT CHARACTER_SET_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY",
        where));
    if (absl::IsUnavailable(more.status())) return more.status();
    if (more.ok()) rows = *more;
  }
  if (rows.empty() || rows[0].empty()) {
    return absl::NotFoundError(
        absl::StrCat(connection_->server(), ": collation ", collation, " does not exist"));
  }
  return ToText(rows[0][0]);
}

absl::Status SchemaCatalog::EnsureConnected() {
  if (connection_ != nullptr) return absl::OkStatus();
  DCP_ASSIGN_OR_RETURN(connection_, Connection::Connect(options_, absl::Seconds(60)));
  // An hour that a zone has twice would leave it open when a table was made.
  DCP_RETURN_IF_ERROR(connection_->Execute("SET SESSION time_zone = '+00:00'"));
  // Generated invisible primary keys are in the events: they must be here too.
  // Servers before 8.0.30 do not know the variable.
  connection_->Execute("SET SESSION show_gipk_in_create_table_and_information_schema = ON")
      .IgnoreError();
  return absl::OkStatus();
}

void SchemaCatalog::Invalidate() {
  tables_.clear();
  ++generation_;
}

}  // namespace dcp::mysql
