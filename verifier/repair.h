// Repair: makes the rows that a verification found different equal, while both sides are written
// to. docs/repair.md has the rules.
//
// Every row is judged again first, as a verification judges it (recheck.h), then read on both
// sides with all its columns, and changed by one statement that is true of exactly the row that
// was read. What is done is judged again; only a row that is equal then counts as repaired. Where
// replication has changed the row in between, the statement changes nothing.
//
// Thread-compatible. Reads no clock but the one it is given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "verifier/report_reader.h"
#include "verifier/sync_point.h"
#include "verifier/verification.h"

namespace dcp::verifier {

struct RepairOptions {
  VerificationOptions verification;
  bool execute = false;     // false: says the statements, and changes nothing
  bool binlog = true;       // false: the statements are not written to the target's binlog
  double per_second = 100;  // statements, at most
  int rounds = 5;           // of statements; one more that only judges
  size_t batch = 500;       // rows that are judged at a time
  std::string undo_path;    // REQUIRES: not empty if `execute`
  std::string run;          // its name, in the statements' comments: letters and digits
};

struct RepairResult {
  std::string table;
  uint64_t rows = 0;      // that the report names
  uint64_t equal = 0;     // were equal when they were looked at
  uint64_t planned = 0;   // have a statement, which was not executed
  uint64_t repaired = 0;  // were changed, and judged equal then
  uint64_t failed = 0;    // differ still
  uint64_t undecided = 0;
  std::string skipped;      // why none of its rows was looked at; empty: they were
  bool incomplete = false;  // because it was not read from first to last
};

// What a repair tells.
class RepairEvents {
 public:
  virtual ~RepairEvents() = default;

  virtual void OnStart(const std::string& sync) = 0;
  virtual void OnWarning(const std::string& text) = 0;
  // A statement, without its end, that would be executed or was, and changed its row.
  virtual void OnStatement(const std::string& table, const std::string& sql) = 0;
  // A row that is not repaired. `reason` says why.
  virtual void OnOpenRow(const std::string& table, const std::string& key,
                         const std::string& reason) = 0;
  virtual void OnTable(const RepairResult& result) = 0;
};

// Returns once each table of `report` has its OnTable(). Errors:
//   kUnavailable, kPermissionDenied, kFailedPrecondition, kAlreadyExists
//               a server, the sync asked for or the undo file cannot be used, or the account may
//               not write; what was done until then stands in the undo file
//   kCancelled  `pause` said so; the same
absl::Status RunRepair(const RepairOptions& options, const RepairReport& report, const Clock& clock,
                       const Pause& pause, RepairEvents& events);

// The report of a verification that is run now. Its other events go to `events`.
//   errors as RunVerification()
absl::StatusOr<RepairReport> VerifyForRepair(const VerificationOptions& options, const Clock& clock,
                                             const Pause& pause, VerificationEvents& events);

}  // namespace dcp::verifier
