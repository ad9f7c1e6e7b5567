// What a statement in the binlog (a QUERY event) does to rows.
//
// Pure functions.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace dcp::cmd {

enum class StatementKind : uint8_t {
  kTransaction,  // BEGIN, COMMIT, ROLLBACK, SAVEPOINT, XA …
  kDefinition,   // CREATE, ALTER, DROP, TRUNCATE, GRANT … : no rows, or those of their own events
  kData,         // all else: it may have changed rows that no rows event tells of
};

// By the first words of `sql`, behind comments. CREATE TABLE … SELECT is kData:
// written in row format it has no SELECT.
StatementKind ClassifyStatement(absl::string_view sql);

}  // namespace dcp::cmd
