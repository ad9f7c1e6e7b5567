// PerTable<T>: what a writer keeps for each table, in order of name.
//
// Thread-compatible.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "mysql/table_schema.h"

namespace dcp::cmd {

template <typename T>
class PerTable {
 public:
  using Name = std::pair<std::string, std::string>;  // database, table

  // Valid for the life of this object.
  T& Of(const std::shared_ptr<const mysql::TableSchema>& schema) {
    if (schema != last_schema_) {
      last_ = &tables_[{schema->database, schema->name}];
      last_schema_ = schema;
    }
    return *last_;
  }

  const std::map<Name, T>& all() const { return tables_; }

 private:
  std::map<Name, T> tables_;
  // Held, so that no other schema can come to lie at its address.
  std::shared_ptr<const mysql::TableSchema> last_schema_;
  T* last_ = nullptr;
};

}  // namespace dcp::cmd
