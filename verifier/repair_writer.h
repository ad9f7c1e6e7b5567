// RepairWriter: executes a repair's statements on the target, each with its way back on disk
// before, at a bounded rate.
//
// Thread-compatible.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "verifier/repair.h"
#include "verifier/repair_sql.h"
#include "verifier/side_session.h"
#include "verifier/undo_log.h"

namespace dcp::verifier {

class RepairWriter {
 public:
  // `source` only serves to find out whether what is written on the target comes back to it. All
  // outlive this.
  //   kFailedPrecondition  it does; or the session cannot be set up as it has to be
  //   kAlreadyExists, …    as UndoLog::Create
  static absl::StatusOr<std::unique_ptr<RepairWriter>> Start(const RepairOptions& options,
                                                             SideSession& source,
                                                             const Clock& clock,
                                                             const Pause& pause);

  // Executes `statements` in one transaction, in which each changes one row, or none does.
  // Returns why they did not; empty: they did.
  //   kPermissionDenied    the account may not write
  //   kFailedPrecondition  the undo file cannot be written
  //   kCancelled           stopped
  absl::StatusOr<std::string> Write(const std::vector<RepairStatement>& statements);

  // Turns the undo file into a script.
  absl::Status Finish() { return undo_->Finish(); }

 private:
  RepairWriter(const RepairOptions& options, const Clock& clock, const Pause& pause);
  absl::Status CheckNoCircle(SideSession& source);
  absl::Status Execute(const std::vector<RepairStatement>& statements);
  absl::Status ExecuteOne(const RepairStatement& statement);
  absl::Status WaitForTurn(size_t statements);

  const Clock& clock_;
  const Pause& pause_;
  const absl::Duration per_statement_;
  const bool binlog_;
  SideSession target_;
  std::unique_ptr<UndoLog> undo_;
  absl::Duration next_;  // when the next statement may be executed
};

}  // namespace dcp::verifier
