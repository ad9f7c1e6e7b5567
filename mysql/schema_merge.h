// A table's schema from its table map event, completed from the server's
// catalog where the event's metadata is short (binlog_row_metadata=MINIMAL, the
// default of MySQL).
//
// The catalog tells of now, the event of then. They are taken for the same only
// when number, types, lengths, nullability and, where told, signedness and
// charsets of all columns agree. (A column renamed since cannot be seen by
// this; FULL metadata has no such gap.)
//
// Pure functions, but for what the schema source does.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mysql/schema_source.h"
#include "mysql/table_map.h"
#include "mysql/table_schema.h"

namespace dcp::mysql {

// True when the event tells all that values depend on, and the names.
bool IsComplete(const TableMap& map);

// kFailedPrecondition: the table of `schema`'s name is another now; `how` says in which way.
absl::Status Changed(const TableSchema& schema, absl::string_view how);

// Replaces collations that this program does not know (of a server newer than it) by others
// of the same charset, as `schemas` says.
//   kUnavailable  the server cannot be asked now
absl::Status ResolveCollations(SchemaSource* schemas, TableMap* map);

// `catalog`: the table on the server now; null: no server (a file). Without it,
// columns whose values depend on what is not told are marked approximate.
//   kFailedPrecondition  the schema of the table changed since this event
absl::StatusOr<TableSchema> CompleteSchema(const TableMap& map, const TableSchema* catalog);

}  // namespace dcp::mysql
