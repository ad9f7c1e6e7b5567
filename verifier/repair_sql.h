// The statements that make rows of the target equal to the source's, and those that take them
// back. Each changes one row at most, and only while it is exactly the row that was seen.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "verifier/foreign_keys.h"
#include "verifier/row_fetch.h"
#include "verifier/row_image.h"
#include "verifier/table_plan.h"

namespace dcp::verifier {

// How a session has to be set for the statements, and for taking them back: then the former state
// is written as it was, even one that the checks would refuse today.
inline constexpr char kRepairSqlMode[] =
    "STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION";
std::string UndoSettings();

// A table of the target that is to be repaired.
struct RepairTable {
  const TablePlan* plan = nullptr;
  const ImageTable* target = nullptr;
  // A unique index covers the key: the server itself refuses a second row.
  bool key_is_unique = true;
  std::vector<ForeignKey> referring;  // whose parent it is
  std::string mark;                   // a comment for each statement, "/* … */"
};

struct RepairStatement {
  enum class Kind : uint8_t { kDelete, kUpdate, kInsert };
  Kind kind = Kind::kUpdate;
  std::string sql, undo;  // without an end; one line each
};

// Of one row, of which the source holds `source` and the target `target`. One of them exists.
//   kFailedPrecondition  no statement can do it; says why
absl::StatusOr<RepairStatement> MakeRepair(const RepairTable& table, const Lookup& key,
                                           const RowImage& source, const RowImage& target);

// The same for a row that differs, by a DELETE and an INSERT: for rows whose unique values are to
// be exchanged. REQUIRES: both exist.
absl::StatusOr<std::vector<RepairStatement>> MakeReplacement(const RepairTable& table,
                                                             const Lookup& key,
                                                             const RowImage& source,
                                                             const RowImage& target);

}  // namespace dcp::verifier
