#include "verifier/verification.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/mutex.h"
#include "base/status.h"
#include "verifier/checkpoint.h"
#include "verifier/sql_page_reader.h"
#include "verifier/table_comparison.h"
#include "verifier/table_verifier.h"

namespace dcp::verifier {
namespace {

TableResult Skipped(const TableTask& task, absl::string_view why) {
  TableResult result;
  result.table = task.logical;
  result.skipped = std::string(why);
  return result;
}

// Some workers that take tables one after the other.
class Workers {
 public:
  Workers(const VerificationOptions& options, const std::vector<TableTask>& tasks,
          const Clock& clock, const Pause& pause, VerificationEvents& events,
          Checkpoint* checkpoint)
      : options_(options),
        tasks_(tasks),
        clock_(clock),
        pause_(pause),
        checkpoint_(checkpoint),
        events_(events) {}

  // `sessions` and `sync` are those of the first worker, which is the calling thread.
  absl::Status Run(WorkerSessions& sessions, SyncPoint& sync, SyncKind kind) {
    kind_ = kind;
    std::vector<std::thread> threads;
    const size_t count =
        std::clamp<size_t>(options_.parallel, 1, std::max<size_t>(tasks_.size(), 1));
    for (size_t i = 1; i < count; ++i) threads.emplace_back([this] { RunOther(); });
    Take(sessions, sync);
    for (std::thread& thread : threads) thread.join();
    const MutexLock lock(mu_);
    return status_;
  }

 private:
  void RunOther() {
    WorkerSessions sessions(options_);
    SyncOptions sync_options = options_.sync;
    sync_options.kind = kind_;
    absl::StatusOr<ChosenSync> sync =
        MakeSync(sync_options, sessions.source, sessions.target, clock_, pause_);
    if (sync.ok()) return Take(sessions, *sync->point);
    // The others do the work.
    const MutexLock lock(mu_);
    events_.OnWarning(std::string(sync.status().message()));
  }

  void Take(WorkerSessions& sessions, SyncPoint& sync) {
    for (size_t i = next_++; i < tasks_.size(); i = next_++) {
      const TableListener listener = {[&, i](uint64_t rows) {
                                        const MutexLock lock(mu_);
                                        events_.OnRows(tasks_[i].logical, rows);
                                      },
                                      [&](const Difference& difference) {
                                        const MutexLock lock(mu_);
                                        events_.OnDifference(difference);
                                      },
                                      [&](const std::string& text) {
                                        const MutexLock lock(mu_);
                                        events_.OnNote(text);
                                      },
                                      [&](const TableShape& shape) {
                                        const MutexLock lock(mu_);
                                        events_.OnShape(shape);
                                      }};
      absl::StatusOr<TableResult> result = tasks_[i].skipped.empty()
                                               ? VerifyTable(tasks_[i], options_, sessions, sync,
                                                             clock_, pause_, listener, checkpoint_)
                                               : Skipped(tasks_[i], tasks_[i].skipped);
      const MutexLock lock(mu_);
      status_.Update(result.status());
      if (!result.ok()) return;
      events_.OnTable(*result);
    }
  }

  const VerificationOptions& options_;
  const std::vector<TableTask>& tasks_;
  const Clock& clock_;
  const Pause& pause_;
  Checkpoint* const checkpoint_;  // may be null
  std::atomic<size_t> next_{0};
  SyncKind kind_ = SyncKind::kNone;

  Mutex mu_;
  VerificationEvents& events_;  // called under mu_
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

SyncKind KindOf(const SyncPoint& sync) {
  if (sync.name() == "barrier") return SyncKind::kBarrier;
  return sync.name() == "gtid" ? SyncKind::kGtid : SyncKind::kNone;
}

// Of a comparison that was planned only.
TableResult SchemaResult(const TableTask& task, WorkerSessions& sessions) {
  if (!task.skipped.empty()) return Skipped(task, task.skipped);
  const absl::StatusOr<TableComparison> comparison =
      PlanComparison(task, sessions.source, sessions.target);
  if (IsNotComparable(comparison.status())) {
    return Skipped(task, std::string(comparison.status().message()));
  }
  TableResult result;
  result.table = task.logical;
  if (comparison.ok()) {
    result.schema_differences = comparison->schema_differences;
    result.all_columns = comparison->all_columns;
  } else {
    result.undecided = 1;
    result.reasons.emplace_back(comparison.status().message());
  }
  return result;
}

// What is compared, in words: what has to be the same for a run to go on with another.
std::string DescribeJob(const VerificationOptions& options, const std::vector<TableTask>& tasks) {
  std::string text = absl::StrCat("source ", model::Describe(options.source), ", target ",
                                  model::Describe(options.target), options.bytes ? ", bytes" : "");
  for (const TableTask& task : tasks) {
    absl::StrAppend(&text, ", ", task.logical, " (");
    for (size_t i = 0; i < task.source.size(); ++i) {
      absl::StrAppend(&text, task.source[i].ToString(), " where '", task.where[i], "' ");
      for (const RenamedColumn& column : task.renamed[i]) {
        absl::StrAppend(&text, "column '", column.source, "' as '", column.target, "' ");
      }
    }
    absl::StrAppend(&text, "target where '", task.target_where, "' without '",
                    absl::StrJoin(task.ignore_columns, ","), "')");
  }
  return text;
}

// Opens the file, and plans what was begun: it must be defined as it was.
absl::StatusOr<std::unique_ptr<Checkpoint>> TryCheckpoint(const VerificationOptions& options,
                                                          const std::vector<TableTask>& tasks,
                                                          WorkerSessions& sessions,
                                                          std::vector<TableShape>* shapes) {
  DCP_ASSIGN_OR_RETURN(auto checkpoint,
                       Checkpoint::Open(options.checkpoint, DescribeJob(options, tasks)));
  for (const TableTask& task : tasks) {
    const TableProgress* const before = checkpoint->Find(task.logical);
    if (before == nullptr || before->schema.empty()) continue;
    DCP_ASSIGN_OR_RETURN(const TableComparison now,
                         PlanComparison(task, sessions.source, sessions.target));
    if (FingerprintOf(now) != before->schema) {
      return absl::FailedPreconditionError(
          absl::StrCat("checkpoint ", options.checkpoint, ": the definition of ", task.logical,
                       " has changed since it was begun: remove the file to begin anew"));
    }
    shapes->push_back(ShapeOf(task.logical, now.plan));
  }
  return checkpoint;
}

// Null without a file.
absl::StatusOr<std::unique_ptr<Checkpoint>> OpenCheckpoint(const VerificationOptions& options,
                                                           const std::vector<TableTask>& tasks,
                                                           WorkerSessions& sessions,
                                                           std::vector<TableShape>* shapes,
                                                           VerificationEvents& events) {
  if (options.checkpoint.empty()) return std::unique_ptr<Checkpoint>();
  auto checkpoint = TryCheckpoint(options, tasks, sessions, shapes);
  const bool unfit = IsNotComparable(checkpoint.status());
  if (checkpoint.ok() || !unfit || !options.renew_checkpoint) return checkpoint;
  shapes->clear();
  events.OnWarning(absl::StrCat(std::string(checkpoint.status().message()), "; begun anew"));
  std::error_code error;
  std::filesystem::remove(options.checkpoint, error);
  return TryCheckpoint(options, tasks, sessions, shapes);
}

class Explainer {
 public:
  Explainer(const VerificationOptions& options, WorkerSessions& sessions)
      : options_(options), sessions_(sessions) {}

  void Explain(const TableTask& task) {
    if (!task.skipped.empty()) return Say(task, absl::StrCat("skipped: ", task.skipped));
    const auto comparison = PlanComparison(task, sessions_.source, sessions_.target);
    if (!comparison.ok()) {
      return Say(task, absl::StrCat("skipped: ", std::string(comparison.status().message())));
    }
    for (const std::string& line : comparison->schema_differences) Say(task, line);
    Say(task, comparison->paged ? "read in pieces by its key"
                                : absl::StrCat("read at once, at most ", options_.unpaged_rows,
                                               " rows: ", comparison->unpaged_because));
    ExplainSide(task, "source", *comparison, comparison->plan.source, comparison->source_index,
                sessions_.source);
    ExplainSide(task, "target", *comparison, comparison->plan.target, comparison->target_index,
                sessions_.target);
  }

  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  void Say(const TableTask& task, absl::string_view text) {
    lines_.push_back(absl::StrCat(task.logical, ": ", text));
  }

  void ExplainSide(const TableTask& task, absl::string_view side, const TableComparison& comparison,
                   const std::vector<TableRead>& tables,
                   const std::vector<std::optional<PagingIndex>>& indexes, SideSession& session) {
    for (size_t i = 0; i < tables.size(); ++i) {
      const auto sql =
          PageSql(comparison.plan, tables[i], indexes[i], nullptr, nullptr,
                  indexes[i].has_value() ? options_.scan.chunk.first : options_.unpaged_rows + 1);
      if (!sql.ok()) continue;
      Say(task, absl::StrCat(side, ": ", *sql));
      Say(task, absl::StrCat(side, ": ", PlanOf(*sql, session)));
    }
  }

  static std::string PlanOf(const std::string& sql, SideSession& session) {
    const absl::StatusOr<mysql::Rows> rows = session.Query(absl::StrCat("EXPLAIN ", sql));
    if (!rows.ok()) return std::string(rows.status().message());
    std::vector<std::string> lines;
    for (const mysql::Row& row : *rows) {
      lines.push_back(absl::StrJoin(row, " | ", [](std::string* out, const auto& value) {
        absl::StrAppend(out, value.value_or("NULL"));
      }));
    }
    return absl::StrCat("EXPLAIN: ",
                        absl::StrReplaceAll(absl::StrJoin(lines, "; "), {{"\n", " "}}));
  }

  const VerificationOptions& options_;
  WorkerSessions& sessions_;
  std::vector<std::string> lines_;
};

}  // namespace

absl::StatusOr<std::vector<TableTask>> ListTasks(const VerificationOptions& options,
                                                 SideSession& source, SideSession& target) {
  DCP_ASSIGN_OR_RETURN(const mysql::Rows source_rows, source.Query(kListTablesSql));
  DCP_ASSIGN_OR_RETURN(const mysql::Rows target_rows, target.Query(kListTablesSql));
  std::vector<TableTask> tasks =
      ChooseTables(options.tables, ToListedTables(source_rows), ToListedTables(target_rows));
  for (TableTask& task : tasks) task.bytes = options.bytes;
  return tasks;
}

absl::Status RunVerification(const VerificationOptions& options, const Clock& clock,
                             const Pause& pause, VerificationEvents& events) {
  WorkerSessions sessions(options);
  DCP_ASSIGN_OR_RETURN(const std::vector<TableTask> tasks,
                       ListTasks(options, sessions.source, sessions.target));
  DCP_ASSIGN_OR_RETURN(const ChosenSync sync,
                       MakeSync(options.sync, sessions.source, sessions.target, clock, pause));
  std::vector<TableShape> shapes;
  DCP_ASSIGN_OR_RETURN(const std::unique_ptr<Checkpoint> checkpoint,
                       OpenCheckpoint(options, tasks, sessions, &shapes, events));
  for (const std::string& line : sync.refused) events.OnWarning(line);
  events.OnStart(tasks, sync.point->name());
  if (checkpoint != nullptr && !checkpoint->tables().empty()) {
    events.OnNote(absl::StrCat("goes on from ", options.checkpoint));
  }
  for (const TableShape& shape : shapes) events.OnShape(shape);
  DCP_RETURN_IF_ERROR(Workers(options, tasks, clock, pause, events, checkpoint.get())
                          .Run(sessions, *sync.point, KindOf(*sync.point)));
  if (checkpoint == nullptr) return absl::OkStatus();
  if (!checkpoint->error().ok()) events.OnWarning(std::string(checkpoint->error().message()));
  return checkpoint->Remove();
}

absl::Status CompareJobSchemas(const VerificationOptions& options, VerificationEvents& events) {
  WorkerSessions sessions(options);
  DCP_ASSIGN_OR_RETURN(const std::vector<TableTask> tasks,
                       ListTasks(options, sessions.source, sessions.target));
  events.OnStart(tasks, "");
  for (const TableTask& task : tasks) events.OnTable(SchemaResult(task, sessions));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ExplainVerification(const VerificationOptions& options) {
  WorkerSessions sessions(options);
  DCP_ASSIGN_OR_RETURN(const std::vector<TableTask> tasks,
                       ListTasks(options, sessions.source, sessions.target));
  Explainer explainer(options, sessions);
  for (const TableTask& task : tasks) explainer.Explain(task);
  return explainer.Take();
}

}  // namespace dcp::verifier
