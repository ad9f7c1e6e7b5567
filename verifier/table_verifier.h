// TableVerifier: compares the tables of one task from the first row to the last.
//
// Thread-compatible; a run uses a second thread inside.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "verifier/checkpoint.h"
#include "verifier/job_tables.h"
#include "verifier/side_session.h"
#include "verifier/sync_point.h"
#include "verifier/verification.h"

namespace dcp::verifier {

// The sessions of one worker.
struct WorkerSessions {
  explicit WorkerSessions(const VerificationOptions& options)
      : source(options.source, options.statement_timeout),
        target(options.target, options.statement_timeout),
        source_scan(options.source, options.statement_timeout),
        target_scan(options.target, options.statement_timeout) {}

  SideSession source, target;
  ScanSession source_scan, target_scan;
};

struct TableListener {
  std::function<void(uint64_t rows)> on_rows;
  std::function<void(const Difference&)> on_difference;
  std::function<void(const std::string&)> on_note;
  std::function<void(const TableShape&)> on_shape;
};

TableShape ShapeOf(const std::string& table, const TablePlan& plan);

// Every trouble is in the result. `checkpoint`, if not null, is told how far it has come, and says
// from where it goes on.
//   kCancelled  stopped
absl::StatusOr<TableResult> VerifyTable(const TableTask& task, const VerificationOptions& options,
                                        WorkerSessions& sessions, SyncPoint& sync,
                                        const Clock& clock, const Pause& pause,
                                        const TableListener& listener, Checkpoint* checkpoint);

// True if a status of PlanComparison() means that the table cannot be compared, not only now.
bool IsNotComparable(const absl::Status& status);

}  // namespace dcp::verifier
