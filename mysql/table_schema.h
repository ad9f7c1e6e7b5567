// TableSchema: a table as it was when an event was written: what the table map
// event tells, completed from its optional metadata or from information_schema.
// Immutable and shared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dcp::mysql {

struct Column {
  std::string name;  // empty: not known (a file with minimal metadata)
  uint8_t type = 0;  // MYSQL_TYPE_* as on the wire, ENUM and SET resolved
  // The table map's metadata of this type, in the form that its type needs:
  // CHAR, VARCHAR, BINARY …: longest value in bytes; DECIMAL: precision * 256 +
  // scale; BIT: bits; ENUM, SET: bytes of a value; BLOB, TEXT, JSON, GEOMETRY,
  // VECTOR: bytes of the length; TIME, DATETIME, TIMESTAMP: fraction digits;
  // FLOAT, DOUBLE: bytes.
  uint16_t meta = 0;
  // MariaDB's types that row events show as BINARY, and whose values are text.
  enum class Form : uint8_t { kPlain, kUuid, kInet4, kInet6 };
  Form form = Form::kPlain;
  bool nullable = true;
  bool is_unsigned = false;
  uint32_t collation = 0;           // MySQL's collation id; 0: not known; 63: binary
  std::vector<std::string> labels;  // ENUM and SET: UTF-8, in definition order
  // A label has no conversion to UTF-8, or lost characters in the server's catalog: its values
  // are not decoded.
  bool raw_labels = false;
  bool invisible = false;
  bool generated = false;
  // Of the rows only: no statement can name it (MariaDB's hash of a long unique key).
  bool hidden = false;
  // Something of the type that the canonical value depends on is not known
  // (signedness, charset, labels): the value is approximate.
  bool approximate = false;

  friend bool operator==(const Column&, const Column&) = default;
};

struct TableSchema {
  enum class KeyKind : uint8_t {
    kUnknown,  // neither metadata nor a server told the keys
    kNone,     // the table has no primary key and no unique not-null key
    kPrimary,  // in files also a unique not-null key in place of a primary key
    kUnique,   // the first unique key whose columns are all NOT NULL
  };

  std::string database;
  std::string name;
  uint32_t row_hashes = 0;   // hidden columns that rows have behind `columns`
  bool is_sequence = false;  // MariaDB's: not a table, though its state is logged as rows
  std::vector<Column> columns;
  KeyKind key_kind = KeyKind::kUnknown;
  std::vector<uint32_t> key_columns;  // ordinals, in key order
  // From a catalog: since when the table has been as it is, Unix time, at the latest; 0: not told.
  int64_t defined_seconds = 0;

  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

}  // namespace dcp::mysql
