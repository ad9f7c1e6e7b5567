// RepairTarget: one table that is being repaired: how its rows are read and written, and what is
// known of those that are open.
//
// Thread-compatible.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "verifier/foreign_keys.h"
#include "verifier/job_tables.h"
#include "verifier/recheck.h"
#include "verifier/repair.h"
#include "verifier/repair_sql.h"
#include "verifier/row_image.h"
#include "verifier/side_session.h"
#include "verifier/table_comparison.h"
#include "verifier/unique_order.h"

namespace dcp::verifier {

// A row that is not closed.
struct OpenRow {
  std::string key;
  bool extra = false;    // only the target has it, as far as is known
  bool changed = false;  // a statement has changed it
  bool undecided = false;
  std::string reason;  // why it is open
};

// A row to be changed, and what both sides hold of it.
struct RowToRepair {
  OpenRow* row = nullptr;
  Lookup lookup;
  RowImage source, target;
};

class RepairTarget {
 public:
  // Reads how the table is defined. The sessions and `task` outlive this.
  //   kFailedPrecondition, kUnimplemented, kNotFound  its rows cannot be repaired; says why
  //   other                                           not this time
  static absl::StatusOr<std::unique_ptr<RepairTarget>> Plan(const TableTask& task,
                                                            const std::vector<ForeignKey>& keys,
                                                            const std::string& mark,
                                                            SideSession& source,
                                                            SideSession& target);

  const TableTask& task() const { return task_; }
  const RepairTable& table() const { return table_; }
  RowLookup& lookup() { return *lookup_; }

  // OK if both sides are still defined as they were.
  absl::Status CheckUnchanged();

  // Reads the rows that `verdicts` say to differ, and returns those that are on both sides as the
  // verdicts have them; the others' OpenRow says why not. `rows` are those of the verdicts, one
  // to one.
  std::vector<RowToRepair> ReadRows(const std::vector<RowVerdict>& verdicts,
                                    const std::vector<OpenRow*>& rows);

  // Orders updates by the unique keys of the target.
  UniqueOrder Order(const std::vector<const RowToRepair*>& updates) const;

 private:
  RepairTarget(const TableTask& task, SideSession& source, SideSession& target)
      : task_(task), source_(source), target_(target) {}
  absl::Status Prepare(const std::vector<ForeignKey>& keys, const std::string& mark);
  absl::Status CheckNoTriggers();
  void ReadBatch(std::vector<RowToRepair>* rows, const std::vector<RowVerdict>& verdicts);

  const TableTask& task_;
  SideSession& source_;
  SideSession& target_;
  TableComparison comparison_;
  std::vector<ImageTable> source_tables_, target_tables_;
  std::vector<std::vector<std::string>> unique_;  // columns of the target's unique indexes
  RepairTable table_;
  std::unique_ptr<RowLookup> lookup_;
};

}  // namespace dcp::verifier
