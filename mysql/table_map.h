// Table map events: the table and the columns that following rows events use.
// Sources: libs/mysql/binlog/event/rows_event.h of MySQL (Table_map_event, with
// its optional metadata fields), and "Table_map_event" of its Doxygen pages.
//
// Pure functions over bytes.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "mysql/bytes.h"
#include "mysql/table_schema.h"

namespace dcp::mysql {

struct TableMapHead {
  uint64_t id = 0;
  absl::string_view database;
  absl::string_view table;
  Bytes columns;  // what follows the names
};

// `id_size`: bytes of the table id, 6 (4 in binlogs of 5.1's betas).
absl::StatusOr<TableMapHead> ParseTableMapHead(Bytes body, size_t id_size);

// What the optional metadata told. Where something is missing, another source
// must complete the schema, or its columns are approximate.
struct TableMap {
  TableSchema schema;
  bool mariadb = false;
  bool has_signedness = false;
  bool has_charsets = false;        // of CHAR, VARCHAR, TEXT …
  bool has_label_charsets = false;  // of ENUM and SET
  bool has_names = false;
  bool has_labels = false;  // of every ENUM and SET column
  bool has_key = false;     // a primary key is told
};

// Brings the labels of an ENUM or SET column to UTF-8, once its charset is known;
// those of a collation that is not known stay as they are.
void ConvertLabels(Column* column);

// `mariadb`: it is MariaDB that wrote the event. Labels come out in UTF-8 where their collation is
// known.
//   kDataLoss       the event is damaged
//   kUnimplemented  a column has a type whose metadata is not known, so that
//                   nothing behind it can be read; names table, column and type
// `mariadb`: the event is MariaDB's, whose metadata counts GEOMETRY among the columns that
// have a charset.
absl::StatusOr<TableMap> ParseTableMap(const TableMapHead& head, bool mariadb = false);

}  // namespace dcp::mysql
