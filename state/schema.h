// The tables of the state database, and the steps that make those of an older version
// into those of this one. A step that was released is never changed.
#pragma once

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "state/sqlite.h"

namespace dcp::state {

// Step n makes version n + 1 out of version n. Version 0 is an empty database.
absl::Span<const char* const> SchemaSteps();

// Changes nothing.
//   kFailedPrecondition  the database is of a version newer than steps.size()
//   kDataLoss            it is not a database of dcp
absl::Status CheckVersion(Database& db, absl::Span<const char* const> steps);

// Brings the database to version steps.size(), each step whole or not at all.
// REQUIRES: it is empty, or CheckVersion() is OK.
absl::Status Migrate(Database& db, absl::Span<const char* const> steps);

}  // namespace dcp::state
