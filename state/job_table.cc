#include "state/job_table.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "state/columns.h"

namespace dcp::state {
namespace {

using model::JobRun;

std::vector<std::string> ToTexts(const std::vector<model::SeenBarrier>& barriers) {
  std::vector<std::string> texts;
  for (const model::SeenBarrier& barrier : barriers) {
    texts.insert(texts.end(), {barrier.check, barrier.target, absl::StrCat(barrier.of_source),
                               absl::StrCat(barrier.of_target)});
  }
  return texts;
}

std::optional<std::vector<model::SeenBarrier>> ToBarriers(const std::string& column) {
  const auto texts = TextsFromColumn(column);
  if (!texts || texts->size() % 4 != 0) return std::nullopt;
  std::vector<model::SeenBarrier> barriers;
  for (size_t i = 0; i < texts->size(); i += 4) {
    model::SeenBarrier barrier = {(*texts)[i], (*texts)[i + 1]};
    if (!absl::SimpleAtoi((*texts)[i + 2], &barrier.of_source)) return std::nullopt;
    if (!absl::SimpleAtoi((*texts)[i + 3], &barrier.of_target)) return std::nullopt;
    barriers.push_back(std::move(barrier));
  }
  return barriers;
}

std::optional<JobRun::Result> ToResult(absl::string_view text) {
  for (size_t i = 0; i < JobRun::kResults; ++i) {
    const auto result = static_cast<JobRun::Result>(i);
    if (text == model::ToString(result)) return result;
  }
  return std::nullopt;
}

// Infinite times are the ends of what the column can tell.
int64_t ToColumn(absl::Time time) { return absl::ToUnixNanos(time); }
absl::Time ToTime(int64_t column) {
  return column == absl::ToUnixNanos(absl::InfinitePast()) ? absl::InfinitePast()
                                                           : absl::FromUnixNanos(column);
}

std::optional<JobRun> ReadRun(Statement& row) {
  row.ReadText();  // the job
  JobRun run;
  run.number = row.ReadUnsigned();
  const auto result = ToResult(row.ReadText());
  run.started = ToTime(row.ReadInteger());
  run.ended = ToTime(row.ReadInteger());
  run.tables = row.ReadUnsigned();
  run.rows = row.ReadUnsigned();
  run.different = row.ReadUnsigned();
  run.undecided = row.ReadUnsigned();
  run.skipped = row.ReadUnsigned();
  run.detail = row.ReadText();
  if (!row.SumMatches() || !result) return std::nullopt;
  run.result = *result;
  return run;
}

}  // namespace

absl::Status JobTable::SaveState(const std::string& job, const model::JobState& state) {
  DCP_ASSIGN_OR_RETURN(Statement to, db_.Prepare("INSERT OR REPLACE INTO jobs (job, handled, "
                                                 "open_run, begun, barriers, sum) "
                                                 "VALUES (?, ?, ?, ?, ?, ?)"));
  to.Bind().Text(job).Integer(ToColumn(state.handled)).Unsigned(state.open_run);
  to.Integer(ToColumn(state.begun)).Text(ToColumn(ToTexts(state.barriers)));
  return to.BindSum().Run();
}

absl::Status JobTable::SaveRun(const std::string& job, const JobRun& run) {
  DCP_ASSIGN_OR_RETURN(Statement to,
                       db_.Prepare("INSERT OR REPLACE INTO job_runs (job, number, result, started, "
                                   "ended, tables, rows, different, undecided, skipped, detail, "
                                   "sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  to.Bind().Text(job).Unsigned(run.number).Text(model::ToString(run.result));
  to.Integer(ToColumn(run.started)).Integer(ToColumn(run.ended)).Unsigned(run.tables);
  to.Unsigned(run.rows).Unsigned(run.different).Unsigned(run.undecided).Unsigned(run.skipped);
  DCP_RETURN_IF_ERROR(to.Text(run.detail).BindSum().Run());
  DCP_ASSIGN_OR_RETURN(Statement prune,
                       db_.Prepare("DELETE FROM job_runs WHERE job = ? AND number <= ?"));
  return prune.Bind().Text(job).Integer(static_cast<int64_t>(run.number) - kKeptRuns).Run();
}

absl::Status JobTable::SaveProof(const model::TableProof& proof) {
  DCP_ASSIGN_OR_RETURN(Statement to,
                       db_.Prepare("INSERT OR REPLACE INTO table_proofs (check_name, target, "
                                   "table_name, job, barrier, at, sum) "
                                   "VALUES (?, ?, ?, ?, ?, ?, ?)"));
  to.Bind().Text(proof.check).Text(proof.target).Text(proof.table).Text(proof.job);
  return to.Unsigned(proof.offset).Integer(ToColumn(proof.at)).BindSum().Run();
}

absl::StatusOr<std::optional<model::JobState>> JobTable::LoadState(const std::string& job) {
  DCP_ASSIGN_OR_RETURN(Statement row,
                       db_.Prepare("SELECT job, handled, open_run, begun, barriers, sum FROM jobs "
                                   "WHERE job = ?"));
  DCP_ASSIGN_OR_RETURN(const bool found, row.Bind().Text(job).Step());
  if (!found) return std::nullopt;
  row.ReadText();
  model::JobState state;
  state.handled = ToTime(row.ReadInteger());
  state.open_run = row.ReadUnsigned();
  state.begun = ToTime(row.ReadInteger());
  auto barriers = ToBarriers(row.ReadText());
  if (!row.SumMatches() || !barriers) return DamagedError(db_, absl::StrCat("job ", job));
  state.barriers = *std::move(barriers);
  return state;
}

absl::StatusOr<std::vector<JobRun>> JobTable::LoadRuns(const std::string& job) {
  DCP_ASSIGN_OR_RETURN(Statement row,
                       db_.Prepare("SELECT job, number, result, started, ended, tables, rows, "
                                   "different, undecided, skipped, detail, sum FROM job_runs "
                                   "WHERE job = ? ORDER BY number DESC"));
  row.Bind().Text(job);
  std::vector<JobRun> runs;
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return runs;
    auto run = ReadRun(row);
    if (!run) return DamagedError(db_, absl::StrCat("a run of job ", job));
    runs.push_back(*std::move(run));
  }
}

absl::StatusOr<std::vector<model::TableProof>> JobTable::LoadProofs() {
  DCP_ASSIGN_OR_RETURN(Statement row,
                       db_.Prepare("SELECT check_name, target, table_name, job, barrier, at, sum "
                                   "FROM table_proofs ORDER BY check_name, target, table_name"));
  row.Bind();
  std::vector<model::TableProof> proofs;
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, row.Step());
    if (!found) return proofs;
    model::TableProof proof;
    proof.check = row.ReadText();
    proof.target = row.ReadText();
    proof.table = row.ReadText();
    proof.job = row.ReadText();
    proof.offset = row.ReadUnsigned();
    proof.at = ToTime(row.ReadInteger());
    if (!row.SumMatches()) return DamagedError(db_, "a table that was verified");
    proofs.push_back(std::move(proof));
  }
}

}  // namespace dcp::state
