#include "state/pair_table.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "state/columns.h"

namespace dcp::state {
namespace {

using model::OpenFinding;
using model::PairState;

constexpr char kInsertPair[] = "INSERT INTO pairs (check_name, target, sum) VALUES (?, ?, ?)";
#define DCP_STATE_COLUMNS                                                                  \
  "pair, epoch, said_to, rules, run_from, run_from_name, run_is_first, run_judged_ahead, " \
  "run_source_place, run_target_place, lost_reason, lost_detail, timeout_source, "         \
  "timeout_epoch, timeout_from, timeout_to, timeout_at, source_timeout_source, "           \
  "source_timeout_epoch, source_timeout_from, source_timeout_to, source_timeout_at, sum"
#define DCP_FINDING_COLUMNS                                                        \
  "pair, key, alarm_id, kind, table_name, keyless, key_text, not_before, source, " \
  "target, sum"

constexpr char kReplaceState[] = "REPLACE INTO pair_states (" DCP_STATE_COLUMNS
                                 ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
constexpr char kSelectState[] = "SELECT " DCP_STATE_COLUMNS " FROM pair_states WHERE pair = ?";
constexpr char kReplaceFinding[] =
    "REPLACE INTO findings (" DCP_FINDING_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?)";
constexpr char kDeleteFinding[] = "DELETE FROM findings WHERE pair = ? AND key = ?";
constexpr char kSelectFindings[] =
    "SELECT " DCP_FINDING_COLUMNS " FROM findings WHERE pair = ? ORDER BY key";
constexpr char kSelectAllFindings[] = "SELECT " DCP_FINDING_COLUMNS " FROM findings";

#undef DCP_STATE_COLUMNS
#undef DCP_FINDING_COLUMNS

constexpr char kInsertVerdict[] =
    "INSERT INTO verdicts (pair, source, epoch, from_barrier, to_barrier, kind, late, source_rows, "
    "target_rows, diff_count, known, unverified_reason, at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) "
    "ON CONFLICT (pair, epoch, from_barrier, to_barrier) DO NOTHING";
constexpr char kPruneVerdicts[] =
    "DELETE FROM verdicts WHERE number IN (SELECT number FROM verdicts ORDER BY number LIMIT ?) "
    "AND (number <= ? OR (number <= ? AND at < ?))";

const char* ToColumn(model::Verdict::Kind kind) {
  switch (kind) {
    case model::Verdict::Kind::kSame:
      return "same";
    case model::Verdict::Kind::kDiff:
      return "diff";
    case model::Verdict::Kind::kUnverified:
      return "unverified";
  }
  return "unknown";
}

void BindRun(const std::optional<model::RunState>& run, Statement& to) {
  if (!run) {
    to.Null().Null().Null().Null().Null().Null();
    return;
  }
  to.Unsigned(run->from).Text(run->from_name).Integer(run->is_first ? 1 : 0);
  to.Text(run->judged_ahead.ToString()).Text(run->source_place).Text(run->target_place);
}

void BindTimeout(const std::optional<model::OutcomeHead>& timeout, Statement& to) {
  if (!timeout) {
    to.Null().Null().Null().Null().Null();
    return;
  }
  to.Text(timeout->source).Unsigned(timeout->epoch).Unsigned(timeout->from);
  to.Unsigned(timeout->to).Integer(absl::ToUnixNanos(timeout->at));
}

// False: it is not as it was written.
bool ReadRun(Statement& row, std::optional<model::RunState>* to) {
  const bool none = row.IsNull();
  model::RunState run;
  run.from = row.ReadUnsigned();
  run.from_name = row.ReadText();
  run.is_first = row.ReadInteger() != 0;
  auto judged_ahead = model::GtidSet::Parse(row.ReadText());
  run.source_place = row.ReadText();
  run.target_place = row.ReadText();
  if (none) return true;
  if (!judged_ahead.ok()) return false;
  run.judged_ahead = *std::move(judged_ahead);
  *to = std::move(run);
  return true;
}

std::optional<model::OutcomeHead> ReadTimeout(Statement& row, const PairTable::Pair& names) {
  const bool none = row.IsNull();
  model::OutcomeHead head;
  head.check = names.first;
  head.target = names.second;
  head.source = row.ReadText();
  head.epoch = row.ReadUnsigned();
  head.from = row.ReadUnsigned();
  head.to = row.ReadUnsigned();
  head.at = absl::FromUnixNanos(row.ReadInteger());
  return none ? std::nullopt : std::optional(std::move(head));
}

// nullopt: it is not as it was written.
std::optional<OpenFinding> ReadFinding(Statement& row) {
  row.ReadInteger();  // pair
  OpenFinding finding;
  const auto key = model::FromHex(row.ReadText());
  finding.alarm_id = row.ReadText();
  const auto kind = KindFromColumn(row.ReadText());
  finding.table = row.ReadText();
  finding.keyless = row.ReadInteger() != 0;
  finding.key_text = row.ReadText();
  finding.not_before = row.ReadUnsigned();
  const auto source = VersionFromColumn(row.ReadText());
  const auto target = VersionFromColumn(row.ReadText());
  if (!row.SumMatches() || !key || !kind || !source || !target) return std::nullopt;
  finding.key = *key;
  finding.kind = *kind;
  finding.source = *source;
  finding.target = *target;
  return finding;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PairTable>> PairTable::Open(Database& db) {
  std::unique_ptr<PairTable> table(new PairTable(db));
  DCP_RETURN_IF_ERROR(table->Prepare());
  DCP_RETURN_IF_ERROR(table->ReadPairs());
  for (const auto& [names, number] : table->pairs_) {
    DCP_RETURN_IF_ERROR(table->LoadState(number, names).status());
  }
  DCP_RETURN_IF_ERROR(table->CheckFindings());
  return table;
}

absl::Status PairTable::Prepare() {
  DCP_ASSIGN_OR_RETURN(insert_pair_, db_.Prepare(kInsertPair));
  DCP_ASSIGN_OR_RETURN(replace_state_, db_.Prepare(kReplaceState));
  DCP_ASSIGN_OR_RETURN(select_state_, db_.Prepare(kSelectState));
  DCP_ASSIGN_OR_RETURN(replace_finding_, db_.Prepare(kReplaceFinding));
  DCP_ASSIGN_OR_RETURN(delete_finding_, db_.Prepare(kDeleteFinding));
  DCP_ASSIGN_OR_RETURN(select_findings_, db_.Prepare(kSelectFindings));
  DCP_ASSIGN_OR_RETURN(insert_verdict_, db_.Prepare(kInsertVerdict));
  DCP_ASSIGN_OR_RETURN(prune_verdicts_, db_.Prepare(kPruneVerdicts));
  DCP_ASSIGN_OR_RETURN(newest_verdict_, db_.Prepare("SELECT ifnull(max(number), 0) FROM verdicts"));
  return absl::OkStatus();
}

absl::Status PairTable::Damaged(absl::string_view what) const {
  return DamagedError(db_, absl::StrCat(what, " is not what was written"));
}

// Not by their index: what is looked up in a damaged one seems not to be there.
absl::Status PairTable::ReadPairs() {
  DCP_ASSIGN_OR_RETURN(Statement select,
                       db_.Prepare("SELECT check_name, target, sum, pair FROM pairs NOT INDEXED"));
  select.Bind();
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::OkStatus();
    Pair names;
    names.first = select.ReadText();
    names.second = select.ReadText();
    if (!select.SumMatches()) return Damaged("the name of a check");
    pairs_[std::move(names)] = select.ReadInteger();
  }
}

absl::StatusOr<int64_t> PairTable::NumberOf(const std::string& check, const std::string& target) {
  const Pair names(check, target);
  const auto known = pairs_.find(names);
  if (known != pairs_.end()) return known->second;
  DCP_RETURN_IF_ERROR(insert_pair_.Bind().Text(check).Text(target).BindSum().Run());
  return uncommitted_[names] = db_.last_insert_rowid();
}

void PairTable::Committed() { pairs_.merge(std::exchange(uncommitted_, {})); }

absl::Status PairTable::SaveFindings(int64_t pair, absl::Span<const OpenFinding> findings,
                                     absl::Span<const model::Digest> closed) {
  for (const OpenFinding& finding : findings) DCP_RETURN_IF_ERROR(SaveFinding(pair, finding));
  for (const model::Digest& key : closed) {
    DCP_RETURN_IF_ERROR(delete_finding_.Bind().Integer(pair).Text(model::ToHex(key)).Run());
  }
  return absl::OkStatus();
}

absl::Status PairTable::SaveState(int64_t pair, const PairState& state) {
  Statement& to = replace_state_.Bind();
  to.Integer(pair).Unsigned(state.epoch).Unsigned(state.said_to).Text(state.rules);
  BindRun(state.run, to);
  to.Text(state.lost_reason).Text(state.lost_detail);
  BindTimeout(state.timeout, to);
  BindTimeout(state.source_timeout, to);
  return to.BindSum().Run();
}

absl::Status PairTable::SaveFinding(int64_t pair, const OpenFinding& finding) {
  Statement& to = replace_finding_.Bind();
  to.Integer(pair).Text(model::ToHex(finding.key)).Text(finding.alarm_id);
  to.Text(model::ToString(finding.kind)).Text(finding.table).Integer(finding.keyless ? 1 : 0);
  to.Text(finding.key_text).Unsigned(finding.not_before);
  to.Text(ToColumn(finding.source)).Text(ToColumn(finding.target));
  return to.BindSum().Run();
}

absl::Status PairTable::SaveVerdict(int64_t pair, const model::Verdict& verdict) {
  Statement& to = insert_verdict_.Bind();
  const model::OutcomeHead& head = verdict.head;
  to.Integer(pair).Text(head.source).Unsigned(head.epoch).Unsigned(head.from).Unsigned(head.to);
  to.Text(ToColumn(verdict.kind)).Integer(verdict.late ? 1 : 0).Unsigned(verdict.source_rows);
  to.Unsigned(verdict.target_rows).Unsigned(verdict.diff_count).Unsigned(verdict.known);
  return to.Text(verdict.unverified_reason).Integer(absl::ToUnixNanos(head.at)).Run();
}

absl::Status PairTable::PruneVerdicts(const Retention& retention, absl::Time now, int64_t most) {
  DCP_RETURN_IF_ERROR(newest_verdict_.Bind().Step().status());
  const int64_t newest = newest_verdict_.ReadInteger();
  newest_verdict_.Bind();
  Statement& to = prune_verdicts_.Bind();
  to.Integer(most).Integer(newest - retention.max_count).Integer(newest - retention.min_count);
  return to.Integer(absl::ToUnixNanos(now - retention.age)).Run();
}

absl::StatusOr<std::optional<model::StoredPair>> PairTable::Load(const std::string& check,
                                                                 const std::string& target) {
  const auto known = pairs_.find({check, target});
  if (known == pairs_.end()) return std::nullopt;
  DCP_ASSIGN_OR_RETURN(std::optional<PairState> state, LoadState(known->second, known->first));
  model::StoredPair stored;
  DCP_ASSIGN_OR_RETURN(stored.findings, LoadFindings(known->second));
  if (!state && stored.findings.empty()) return std::nullopt;
  if (state) stored.state = std::move(*state);
  return stored;
}

absl::StatusOr<std::optional<PairState>> PairTable::LoadState(int64_t pair, const Pair& names) {
  Statement& row = select_state_.Bind().Integer(pair);
  DCP_ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::nullopt;
  PairState state;
  row.ReadInteger();  // pair
  state.epoch = row.ReadUnsigned();
  state.said_to = row.ReadUnsigned();
  state.rules = row.ReadText();
  bool whole = ReadRun(row, &state.run);
  state.lost_reason = row.ReadText();
  state.lost_detail = row.ReadText();
  state.timeout = ReadTimeout(row, names);
  state.source_timeout = ReadTimeout(row, names);
  whole = row.SumMatches() && whole;
  row.Bind();
  if (whole) return state;
  return Damaged(absl::StrCat("the state of check ", names.first));
}

absl::StatusOr<std::vector<OpenFinding>> PairTable::LoadFindings(int64_t pair) {
  std::vector<OpenFinding> findings;
  select_findings_.Bind().Integer(pair);
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select_findings_.Step());
    if (!found) return findings;
    std::optional<OpenFinding> finding = ReadFinding(select_findings_);
    if (!finding) {
      select_findings_.Bind();
      return Damaged("an open finding");
    }
    findings.push_back(std::move(*finding));
  }
}

absl::Status PairTable::CheckFindings() {
  DCP_ASSIGN_OR_RETURN(Statement all, db_.Prepare(kSelectAllFindings));
  all.Bind();
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, all.Step());
    if (!found) return absl::OkStatus();
    if (!ReadFinding(all)) return Damaged("an open finding");
  }
}

absl::Status PairTable::Forget(const Pair& pair) {
  const int64_t number = pairs_.at(pair);
  for (const char* sql :
       {"DELETE FROM findings WHERE pair = ?", "DELETE FROM pair_states WHERE pair = ?",
        "DELETE FROM verdicts WHERE pair = ?", "DELETE FROM pairs WHERE pair = ?"}) {
    DCP_ASSIGN_OR_RETURN(Statement statement, db_.Prepare(sql));
    DCP_RETURN_IF_ERROR(statement.Bind().Integer(number).Run());
  }
  return absl::OkStatus();
}

}  // namespace dcp::state
