// Verification: compares all rows of a job's tables while both sides are written to.
// docs/verification.md has the rules.
//
// Thread-safe where it says so. Reads no clock but the one it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "model/connection_options.h"
#include "verifier/job_tables.h"
#include "verifier/recheck.h"
#include "verifier/sql_sync.h"
#include "verifier/sync_point.h"
#include "verifier/table_scan.h"
#include "verifier/throttle.h"

namespace dcp::verifier {

struct VerificationOptions {
  model::ConnectionOptions source, target;
  std::vector<JobTableRule> tables;
  bool bytes = false;  // bytes as they are stored are compared, not values
  SyncOptions sync;
  ScanOptions scan;
  RecheckOptions recheck;
  size_t unpaged_rows = 100'000;  // of a table that cannot be read in pieces
  absl::Duration statement_timeout = absl::Seconds(30);
  size_t parallel = 1;  // tables at the same time
  LoadLimits load;      // rows_per_second: of all tables together
  // Asked before each chunk, by any thread: returns once it may be read. Null: at any time.
  //   kCancelled  stopped
  std::function<absl::Status()> admit = nullptr;
  // A file that a stopped run of the same job leaves, and a later one goes on from; empty: none.
  std::string checkpoint;
  // A checkpoint that does not fit is said, and begun anew, in place of being refused.
  bool renew_checkpoint = false;
};

// How the rows of a table are told: the names of a row's values, and which of them are its key.
struct TableShape {
  std::string table;
  std::vector<std::string> columns, key_columns;
  bool keyless = false;  // the row is the key
};

// A row that differs. Texts are JSON: canonical values.
struct Difference {
  enum class Kind : uint8_t { kMissing, kExtra, kMismatch };
  std::string table;
  std::string key;  // array
  Kind kind = Kind::kMismatch;
  std::vector<std::string> columns;  // that differ, of a kMismatch
  std::string source, target;        // arrays, or null
};

struct TableResult {
  std::string table;
  uint64_t rows = 0;    // of the source, read
  uint64_t chunks = 0;  // read on both sides
  uint64_t different = 0;
  // Rows that could not be decided, chunks that could not be read, and one for what was not
  // reached.
  uint64_t undecided = 0;
  absl::Duration elapsed;
  std::string skipped;                          // why; empty: it was compared
  std::vector<std::string> schema_differences;  // columns that were not compared, another key
  bool all_columns = true;                      // but for those to be ignored
  std::vector<std::string> reasons;             // of what is undecided: the first few, each once
  std::string cause;                            // of the first of them, without the row's key
  // Why it was not compared from its first row to its last as it is defined now; empty: it was.
  std::string incomplete;
};

// What a verification tells. Calls do not overlap, whatever thread they come from.
class VerificationEvents {
 public:
  virtual ~VerificationEvents() = default;

  // Before the first table. `tables` lives as long as the verification.
  virtual void OnStart(const std::vector<TableTask>& tables, const std::string& sync) = 0;
  virtual void OnWarning(const std::string& text) = 0;
  // What is worth knowing, and no trouble.
  virtual void OnNote(const std::string& text) { static_cast<void>(text); }
  virtual void OnRows(const std::string& table, uint64_t rows) = 0;  // that many more
  // Before the table's first difference.
  virtual void OnShape(const TableShape& shape) { static_cast<void>(shape); }
  virtual void OnDifference(const Difference& difference) = 0;
  virtual void OnTable(const TableResult& result) = 0;
};

// Returns once each table has its OnTable(). Errors, before any table:
//   kUnavailable, kPermissionDenied, kFailedPrecondition  a server, or the sync asked for, cannot
//                                                         be used
//   kFailedPrecondition                                   the checkpoint is of another job, or of
//                                                         tables that were defined otherwise
//   kCancelled                                            `pause` said so; also in the middle, the
//                                                         open tables then have no OnTable()
absl::Status RunVerification(const VerificationOptions& options, const Clock& clock,
                             const Pause& pause, VerificationEvents& events);

// Compares the schemas alone: OnTable() of each.
absl::Status CompareJobSchemas(const VerificationOptions& options, VerificationEvents& events);

// The tables of a run, as ChooseTables().
absl::StatusOr<std::vector<TableTask>> ListTasks(const VerificationOptions& options,
                                                 SideSession& source, SideSession& target);

// What a run would do: per table its key, its way of reading and the statements, with their plans
// as EXPLAIN tells them.
absl::StatusOr<std::vector<std::string>> ExplainVerification(const VerificationOptions& options);

}  // namespace dcp::verifier
