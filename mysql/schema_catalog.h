// SchemaCatalog: tables as a live server describes them now, in the terms of
// table map events. Read on demand, kept until Invalidate().
//
// Thread-compatible. Opens its own connection when first asked, and again when
// that was lost.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "model/connection_options.h"
#include "mysql/connection.h"
#include "mysql/schema_source.h"
#include "mysql/table_schema.h"

namespace dcp::mysql {

class SchemaCatalog final : public SchemaSource {
 public:
  explicit SchemaCatalog(model::ConnectionOptions options) : options_(std::move(options)) {}

  // Key columns are those of the primary key, else of the first unique index,
  // as SHOW INDEX orders them, whose columns are all NOT NULL.
  absl::StatusOr<std::shared_ptr<const TableSchema>> Find(absl::string_view database,
                                                          absl::string_view table) override;
  absl::StatusOr<std::string> CharsetOf(uint32_t collation) override;
  void Invalidate() override;
  uint64_t generation() const override { return generation_; }

 private:
  absl::StatusOr<TableSchema> ReadSettled(absl::string_view database, absl::string_view table);
  absl::StatusOr<std::shared_ptr<const TableSchema>> Read(absl::string_view database,
                                                          absl::string_view table);
  absl::StatusOr<std::string> ReadCharset(uint32_t collation);
  absl::Status EnsureConnected();

  const model::ConnectionOptions options_;
  std::unique_ptr<Connection> connection_;
  uint64_t generation_ = 1;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::shared_ptr<const TableSchema>>
      tables_;
  absl::flat_hash_map<uint32_t, std::string> charsets_;  // by collation; they do not change
};

// Reads one table over `connection`; kNotFound if it does not exist.
absl::StatusOr<TableSchema> ReadTableSchema(Connection& connection, absl::string_view database,
                                            absl::string_view table);

// What information_schema.COLUMNS says of one column.
struct ColumnDescription {
  std::string name;
  std::string data_type;    // "bigint"
  std::string column_type;  // "bigint unsigned", "enum('a','b')"
  bool nullable = true;
  uint64_t octet_length = 0;
  uint64_t numeric_precision = 0;
  uint64_t numeric_scale = 0;
  uint64_t datetime_precision = 0;
  std::string charset;
  uint32_t collation = 0;
  std::string extra;
};

// Pure: the column as a table map event would describe it. A data type that is
// not known gets type 6 (NULL), which no event has: nothing matches it.
Column ToColumn(const ColumnDescription& description);

// Pure: the labels of "enum('a','b''c')" or "set(…)", in which the server doubles
// quotes and writes \\, \0, \n and \r for the characters they stand for; false for
// other text.
bool ParseLabels(absl::string_view column_type, std::vector<std::string>* labels);

// Pure: `rows` of SHOW INDEX in its own order and columns. Sets the schema's
// key.
absl::Status SetKey(const Rows& rows, TableSchema* schema);

// Pure: makes `schema`, whose key is set, that of a system-versioned table of MariaDB.
// `periods`: names and GENERATION_EXPRESSION of its columns. Where none is ROW START and ROW END,
// rows have two more columns that the catalog does not show. The row end is a part of every key.
absl::Status SetVersioning(const Rows& periods, TableSchema* schema);

}  // namespace dcp::mysql
