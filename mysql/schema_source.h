// SchemaSource: what the table map events do not tell of a table, from the
// server that writes them. Implemented by SchemaCatalog; files have none.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mysql/table_schema.h"

namespace dcp::mysql {

class SchemaSource {
 public:
  virtual ~SchemaSource() = default;

  // The table as it is on the server now; see Merge() for how far that holds
  // for an event.
  //   kNotFound     the table does not exist now
  //   kUnavailable  the server cannot be asked now
  virtual absl::StatusOr<std::shared_ptr<const TableSchema>> Find(absl::string_view database,
                                                                  absl::string_view table) = 0;

  // The charset of a collation id that this program does not know.
  //   kNotFound     the server does not know it either
  //   kUnavailable  the server cannot be asked now
  virtual absl::StatusOr<std::string> CharsetOf(uint32_t collation) = 0;

  // A statement that may have changed tables has passed in the stream: what was
  // read before it must be read again.
  virtual void Invalidate() = 0;

  // Grows with each Invalidate().
  virtual uint64_t generation() const = 0;
};

}  // namespace dcp::mysql
