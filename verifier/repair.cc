#include "verifier/repair.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "verifier/repair_table.h"
#include "verifier/repair_writer.h"
#include "verifier/table_verifier.h"

namespace dcp::verifier {
namespace {

using Kind = RowVerdict::Kind;

// A table's work.
struct Work {
  RepairResult result;
  std::unique_ptr<RepairTarget> target;
  std::vector<OpenRow> open;
};

class Repair {
 public:
  Repair(const RepairOptions& options, const Clock& clock, const Pause& pause, RepairEvents& events)
      : options_(options),
        clock_(clock),
        pause_(pause),
        events_(events),
        source_(options.verification.source, options.verification.statement_timeout),
        target_(options.verification.target, options.verification.statement_timeout),
        mark_(absl::StrCat("/* dcp:repair ", options.run, " */")) {}

  absl::Status Run(const RepairReport& report) {
    DCP_RETURN_IF_ERROR(Prepare(report));
    const absl::Status status = Rounds();
    const absl::Status ended = writer_ != nullptr ? writer_->Finish() : absl::OkStatus();
    if (!absl::IsCancelled(status)) Tell();
    DCP_RETURN_IF_ERROR(status);
    return ended;
  }

 private:
  absl::Status Prepare(const RepairReport& report) {
    DCP_ASSIGN_OR_RETURN(tasks_, ListTasks(options_.verification, source_, target_));
    DCP_ASSIGN_OR_RETURN(ChosenSync sync,
                         MakeSync(options_.verification.sync, source_, target_, clock_, pause_));
    sync_ = std::move(sync.point);
    for (const std::string& line : sync.refused) events_.OnWarning(line);
    DCP_ASSIGN_OR_RETURN(const mysql::Rows keys, target_.Query(kListForeignKeysSql));
    foreign_keys_ = ToForeignKeys(keys);
    for (const auto& [name, table] : report) AddTable(name, table);
    SortTables();
    if (options_.execute) {
      DCP_ASSIGN_OR_RETURN(writer_, RepairWriter::Start(options_, source_, clock_, pause_));
    }
    events_.OnStart(sync_->name());
    return absl::OkStatus();
  }

  void AddTable(const std::string& name, const ReportedTable& reported) {
    Work work;
    work.result.table = name;
    work.result.rows = reported.rows.size();
    if (!reported.incomplete.empty()) {
      work.result.skipped = absl::StrCat("it was not compared as a whole (", reported.incomplete,
                                         "): nothing is repaired from that");
      work.result.incomplete = true;
    } else if (!reported.skipped.empty()) {
      work.result.skipped = reported.skipped;
    } else if (!reported.rows.empty()) {
      PlanTable(name, &work);
    }
    if (work.result.skipped.empty()) {
      for (const ReportedRow& row : reported.rows) {
        work.open.push_back({row.key, row.extra, false, false, ""});
      }
    }
    work_.push_back(std::move(work));
  }

  void PlanTable(const std::string& name, Work* work) {
    const auto task = std::find_if(tasks_.begin(), tasks_.end(),
                                   [&](const TableTask& t) { return t.logical == name; });
    if (task == tasks_.end()) {
      work->result.skipped = "the job has no such table";
    } else if (!task->skipped.empty()) {
      work->result.skipped = task->skipped;
    } else {
      auto target = RepairTarget::Plan(*task, foreign_keys_, mark_, source_, target_);
      if (target.ok()) {
        work->target = *std::move(target);
      } else {
        work->result.skipped = std::string(target.status().message());
        work->result.incomplete = !IsNotComparable(target.status());
      }
    }
  }

  // Parents before their children.
  void SortTables() {
    std::vector<TableName> names;
    for (const Work& work : work_) {
      names.push_back(work.target == nullptr ? TableName() : work.target->task().target);
    }
    std::vector<Work> sorted;
    for (const size_t i : ParentsFirst(names, foreign_keys_)) {
      sorted.push_back(std::move(work_[i]));
    }
    work_ = std::move(sorted);
  }

  // Each round removes rows, children first, and then writes the others, parents first: so that a
  // row is there before those that refer to it, and is gone after them. What stood in the way of a
  // statement may be gone in the next round.
  absl::Status Rounds() {
    const int rounds = options_.execute ? options_.rounds : 1;
    for (int round = 0; round <= rounds; ++round) {
      progress_ = false;
      may_write_ = round < rounds;
      for (size_t i = work_.size(); i-- > 0;) DCP_RETURN_IF_ERROR(Phase(&work_[i], true));
      for (Work& work : work_) DCP_RETURN_IF_ERROR(Phase(&work, false));
      if (!progress_ || !options_.execute || NothingOpen()) break;
    }
    return absl::OkStatus();
  }

  bool NothingOpen() const {
    return std::all_of(work_.begin(), work_.end(),
                       [](const Work& work) { return work.open.empty(); });
  }

  // The rows of a table that are to be removed, or those that are to be written.
  absl::Status Phase(Work* work, bool removals) {
    if (work->target == nullptr) return absl::OkStatus();
    std::vector<OpenRow> rest, todo;
    for (OpenRow& row : work->open) (row.extra == removals ? todo : rest).push_back(std::move(row));
    work->open = std::move(rest);
    absl::Status status;
    for (size_t begin = 0; begin < todo.size(); begin += options_.batch) {
      const size_t end = std::min(begin + options_.batch, todo.size());
      std::vector<OpenRow> batch(std::make_move_iterator(todo.begin() + Offset(begin)),
                                 std::make_move_iterator(todo.begin() + Offset(end)));
      if (status.ok()) status = Batch(work, &batch);
      for (OpenRow& row : batch) work->open.push_back(std::move(row));
    }
    return status;
  }

  static std::ptrdiff_t Offset(size_t i) { return static_cast<std::ptrdiff_t>(i); }

  // Leaves those that stay open in `*batch`.
  absl::Status Batch(Work* work, std::vector<OpenRow>* batch) {
    source_.AllowConnecting();
    target_.AllowConnecting();
    absl::flat_hash_map<std::string, OpenRow*> by_key;
    std::vector<std::string> keys;
    for (OpenRow& row : *batch) {
      // One that is named twice is one row.
      if (by_key.emplace(row.key, &row).second) keys.push_back(row.key);
    }
    std::vector<RowVerdict> different;
    std::vector<OpenRow*> rows;
    absl::Status status = Recheck(keys, options_.verification.recheck, work->target->lookup(),
                                  *sync_, pause_, [&](RowVerdict verdict) {
                                    OpenRow* const row = by_key.at(verdict.key);
                                    Note(work, verdict, row);
                                    if (verdict.kind != Kind::kDifferent) return;
                                    rows.push_back(row);
                                    different.push_back(std::move(verdict));
                                  });
    if (status.ok() && !different.empty()) status = Mend(work, different, rows);
    std::erase_if(
        *batch, [&](const OpenRow& row) { return row.key.empty() || by_key.at(row.key) != &row; });
    return status;
  }

  // Takes a verdict down. A closed row loses its key; one that differs keeps the reason why it was
  // not repaired before.
  void Note(Work* work, const RowVerdict& verdict, OpenRow* row) {
    row->undecided = verdict.kind == Kind::kUndecided;
    if (row->undecided) row->reason = verdict.reason;
    if (verdict.kind != Kind::kEqual) return;
    ++(row->changed ? work->result.repaired : work->result.equal);
    progress_ = true;
    row->key.clear();
  }

  absl::Status Mend(Work* work, const std::vector<RowVerdict>& verdicts,
                    const std::vector<OpenRow*>& rows) {
    // What differs because the table is another one now is no difference.
    if (const absl::Status unchanged = work->target->CheckUnchanged(); !unchanged.ok()) {
      for (OpenRow* const row : rows) {
        row->undecided = true;
        row->reason = std::string(unchanged.message());
      }
      return absl::OkStatus();
    }
    if (!may_write_) return absl::OkStatus();
    const std::vector<RowToRepair> ready = work->target->ReadRows(verdicts, rows);
    std::vector<const RowToRepair*> removals, updates, insertions;
    for (const RowToRepair& row : ready) {
      const bool extra = !row.source.exists;
      if (extra != row.row->extra) {  // in the other phase of the next round
        row.row->extra = extra;
        progress_ = true;
        if (options_.execute) continue;
      }
      (extra ? removals : row.target.exists ? updates : insertions).push_back(&row);
    }
    for (const RowToRepair* row : removals) DCP_RETURN_IF_ERROR(Alone(work, *row));
    const UniqueOrder order = work->target->Order(updates);
    for (const size_t i : order.first) DCP_RETURN_IF_ERROR(Alone(work, *updates[i]));
    for (const std::vector<size_t>& circle : order.circles) {
      std::vector<const RowToRepair*> together;
      for (const size_t i : circle) together.push_back(updates[i]);
      DCP_RETURN_IF_ERROR(Together(work, together));
    }
    for (const RowToRepair* row : insertions) DCP_RETURN_IF_ERROR(Alone(work, *row));
    return absl::OkStatus();
  }

  absl::Status Alone(Work* work, const RowToRepair& row) {
    auto statement = MakeRepair(work->target->table(), row.lookup, row.source, row.target);
    if (statement.ok()) return Do(work, {&row}, {*std::move(statement)});
    row.row->reason = std::string(statement.status().message());
    return absl::OkStatus();
  }

  // Rows that hold unique values of each other: all are taken away and then written anew, in one
  // transaction.
  absl::Status Together(Work* work, const std::vector<const RowToRepair*>& rows) {
    std::vector<RepairStatement> removals, insertions;
    for (const RowToRepair* row : rows) {
      auto pair = MakeReplacement(work->target->table(), row->lookup, row->source, row->target);
      if (!pair.ok()) {
        for (const RowToRepair* each : rows) {
          each->row->reason = std::string(pair.status().message());
        }
        return absl::OkStatus();
      }
      removals.push_back(std::move((*pair)[0]));
      insertions.push_back(std::move((*pair)[1]));
    }
    removals.insert(removals.end(), std::make_move_iterator(insertions.begin()),
                    std::make_move_iterator(insertions.end()));
    return Do(work, rows, removals);
  }

  // All or nothing.
  absl::Status Do(Work* work, const std::vector<const RowToRepair*>& rows,
                  const std::vector<RepairStatement>& statements) {
    std::string why;
    if (options_.execute) {
      DCP_ASSIGN_OR_RETURN(why, writer_->Write(statements));
    }
    for (const RowToRepair* row : rows) {
      row->row->reason = why;
      if (!why.empty()) continue;
      row->row->changed = options_.execute;
      progress_ = true;
      if (options_.execute) continue;
      ++work->result.planned;
      row->row->key.clear();
    }
    if (why.empty()) Say(work->result.table, statements);
    return absl::OkStatus();
  }

  void Say(const std::string& table, const std::vector<RepairStatement>& statements) {
    const bool together = statements.size() > 1;
    if (together) events_.OnStatement(table, "START TRANSACTION");
    for (const RepairStatement& statement : statements) events_.OnStatement(table, statement.sql);
    if (together) events_.OnStatement(table, "COMMIT");
  }

  void Tell() {
    for (Work& work : work_) {
      for (const OpenRow& row : work.open) {
        ++(row.undecided ? work.result.undecided : work.result.failed);
        events_.OnOpenRow(work.result.table, row.key,
                          row.reason.empty() ? "it differs still" : row.reason);
      }
      events_.OnTable(work.result);
    }
  }

  const RepairOptions& options_;
  const Clock& clock_;
  const Pause& pause_;
  RepairEvents& events_;
  SideSession source_, target_;
  const std::string mark_;
  std::vector<TableTask> tasks_;
  std::unique_ptr<SyncPoint> sync_;
  std::vector<ForeignKey> foreign_keys_;
  std::unique_ptr<RepairWriter> writer_;  // null: nothing is executed
  std::vector<Work> work_;                // parents before their children
  bool may_write_ = false;                // in this round
  bool progress_ = false;                 // this round has brought something
};

// Makes a report of what a verification tells.
class Reporter final : public VerificationEvents {
 public:
  explicit Reporter(VerificationEvents& events) : events_(events) {}

  void OnStart(const std::vector<TableTask>& tables, const std::string& sync) override {
    events_.OnStart(tables, sync);
  }
  void OnWarning(const std::string& text) override { events_.OnWarning(text); }
  void OnNote(const std::string& text) override { events_.OnNote(text); }
  void OnRows(const std::string& table, uint64_t rows) override { events_.OnRows(table, rows); }
  void OnDifference(const Difference& difference) override {
    report_[difference.table].rows.push_back(
        {difference.key, difference.kind == Difference::Kind::kExtra});
    events_.OnDifference(difference);
  }
  void OnTable(const TableResult& result) override {
    ReportedTable& table = report_[result.table];
    table.skipped = result.skipped;
    table.incomplete = result.incomplete;
    events_.OnTable(result);
  }

  RepairReport Take() { return std::move(report_); }

 private:
  VerificationEvents& events_;
  RepairReport report_;
};

absl::Status RefuseBytes(const VerificationOptions& options) {
  if (!options.bytes) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "a job with compare = \"bytes\" cannot be repaired: whether two columns can hold the same "
      "bytes is a matter of their definitions. Repair with compare = \"values\", and mend the "
      "definitions by hand");
}

}  // namespace

absl::Status RunRepair(const RepairOptions& options, const RepairReport& report, const Clock& clock,
                       const Pause& pause, RepairEvents& events) {
  DCP_RETURN_IF_ERROR(RefuseBytes(options.verification));
  return Repair(options, clock, pause, events).Run(report);
}

absl::StatusOr<RepairReport> VerifyForRepair(const VerificationOptions& options, const Clock& clock,
                                             const Pause& pause, VerificationEvents& events) {
  DCP_RETURN_IF_ERROR(RefuseBytes(options));
  Reporter reporter(events);
  DCP_RETURN_IF_ERROR(RunVerification(options, clock, pause, reporter));
  return reporter.Take();
}

}  // namespace dcp::verifier
