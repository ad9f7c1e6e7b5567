#include "cmd/dcp/job_findings.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/alarm_id.h"
#include "model/change.h"

namespace dcp::cmd {
namespace {

using verifier::Difference;

model::DiffKind ToKind(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::kMissing:
      return model::DiffKind::kMissing;
    case Difference::Kind::kExtra:
      return model::DiffKind::kExtra;
    case Difference::Kind::kMismatch:
      return model::DiffKind::kMismatch;
  }
  return model::DiffKind::kMismatch;
}

// `json`: the row's array, or null. As a content that is text, which shows the same.
model::PresentRow ToPresent(const std::string& json) {
  model::PresentRow row;
  row.exists = json != "null";
  if (row.exists) row.content = absl::StrCat(std::string(1, model::kPushedText), "INSERT ", json);
  return row;
}

model::PairState StateAt(const model::OutcomeHead& head) {
  model::PairState state;
  state.epoch = head.epoch;
  state.said_to = head.to;
  return state;
}

// "shop.a: why; shop.b: why; and 3 more"
std::string Listed(const std::map<std::string, std::string>& tables) {
  constexpr size_t kShown = 5;
  std::string text;
  size_t shown = 0;
  for (const auto& [table, why] : tables) {
    if (++shown > kShown) break;
    absl::StrAppend(&text, text.empty() ? "" : "; ", table, ": ", why);
  }
  if (tables.size() > kShown) absl::StrAppend(&text, "; and ", tables.size() - kShown, " more");
  return text;
}

// No row is left out, and columns are those that streams compare.
bool IsWhole(const verifier::TableTask& task) {
  const auto is_empty = [](const auto& one) { return one.empty(); };
  return std::all_of(task.where.begin(), task.where.end(), is_empty) &&
         std::all_of(task.renamed.begin(), task.renamed.end(), is_empty) &&
         task.target_where.empty() && task.key.empty();
}

}  // namespace

JobFindings::JobFindings(model::OutcomeHead head, std::vector<model::OpenFinding> open,
                         model::TableRegistry* registry, model::DiffSpill* spill,
                         std::function<void(absl::string_view)> log, bool hides_keys)
    : head_(std::move(head)),
      open_(std::move(open)),
      registry_(registry),
      spill_(spill),
      log_(std::move(log)),
      hides_keys_(hides_keys) {
  for (const model::OpenFinding& finding : open_) open_keys_.insert(finding.key);
}

void JobFindings::OnStart(const std::vector<verifier::TableTask>& tables, const std::string& sync) {
  tasks_ = tables;
  uint64_t rows = 0;
  for (const verifier::TableTask& task : tables) rows += task.rows_about;
  progress_.tables = tables.size();
  progress_.rows_about = rows;
  log_(absl::StrCat(tables.size(), " tables, about ", rows, " rows; sync: ", sync));
}

void JobFindings::OnRows(const std::string&, uint64_t rows) { progress_.rows += rows; }

void JobFindings::OnShape(const verifier::TableShape& shape) {
  shapes_[shape.table] =
      registry_->Intern({shape.table, shape.columns, shape.keyless, shape.key_columns});
}

void JobFindings::OnDifference(const Difference& difference) {
  const std::string key_text = absl::StrCat(difference.table, difference.key);
  const model::Digest key = model::Xxh3(key_text);
  auto& unequal = unequal_[difference.table];
  if (unequal.size() <= kMostFindings) unequal.push_back(key);
  ++counts_.different;
  if (!open_keys_.contains(key)) return AddNew(difference, key, key_text);
  seen_.insert(key);
  ++verdict_.known;
  if (verdict_.known_keys.size() < model::kMaxKnownKeys) verdict_.known_keys.push_back(key);
}

model::RowDiff JobFindings::ToRow(const Difference& difference, const model::Digest& key,
                                  const std::string& key_text) const {
  model::RowDiff row;
  row.kind = ToKind(difference.kind);
  const auto shape = shapes_.find(difference.table);
  if (shape != shapes_.end()) row.table = shape->second;
  row.table_name = difference.table;
  row.key = key;
  row.key_text = key_text;
  row.source_present = ToPresent(difference.source);
  row.target_present = ToPresent(difference.target);
  return row;
}

void JobFindings::AddNew(const Difference& difference, const model::Digest& key,
                         const std::string& key_text) {
  model::RowDiff row = ToRow(difference, key, key_text);
  ++verdict_.diff_count;
  ++verdict_.diff_tables[difference.table];
  const std::string id = model::AlarmId(head_, "diff");
  if (new_.size() < kMostFindings) {
    model::OpenFinding finding;
    finding.key = key;
    finding.alarm_id = id;
    finding.kind = row.kind;
    finding.table = difference.table;
    finding.keyless = row.table != nullptr && row.table->keyless;
    finding.key_text = key_text;
    finding.not_before = head_.to;
    new_.push_back(std::move(finding));
  }
  if (verdict_.diff_count <= kShownRows) return verdict_.diffs.push_back(std::move(row));
  if (verdict_.diff_count == kShownRows + 1) {
    for (const model::RowDiff& shown : verdict_.diffs) spill_->Add(id, shown);
  }
  verdict_.diff_file = spill_->Add(id, row);
}

void JobFindings::OnTable(const verifier::TableResult& result) {
  ++progress_.tables_done;
  ++counts_.tables;
  counts_.rows += result.rows;
  counts_.undecided += result.undecided;
  if (!result.skipped.empty()) {
    ++counts_.skipped;
    skipped_tables_[result.table] = result.skipped;
    return;
  }
  if (!result.schema_differences.empty()) {
    schema_tables_[result.table] = result.schema_differences.front();
  }
  if (result.undecided > 0 || !result.incomplete.empty()) {
    const std::string& reason = hides_keys_ || result.reasons.empty()
                                    ? (result.cause.empty() ? result.incomplete : result.cause)
                                    : result.reasons.front();
    undecided_tables_[result.table] = reason;
    return;
  }
  const auto task = std::find_if(tasks_.begin(), tasks_.end(),
                                 [&](const auto& one) { return one.logical == result.table; });
  // Of a row that differed in a column that is left out now nothing new is known.
  if (task == tasks_.end() || !result.all_columns) return;
  Decided decided;
  decided.task = *task;
  decided.whole = IsWhole(*task);
  decided.unequal = unequal_[result.table];
  decided_.push_back(std::move(decided));
}

model::Report JobFindings::MakeReport(absl::Time at) {
  model::Report report;
  report.check = head_.check;
  report.target = head_.target;
  report.at = at;
  verdict_.head = head_;
  verdict_.head.at = at;
  verdict_.source_rows = verdict_.target_rows = counts_.rows;
  verdict_.unverified_detail = Unverified(&verdict_.unverified_reason);
  const auto& left = !undecided_tables_.empty() ? undecided_tables_
                     : !skipped_tables_.empty() ? skipped_tables_
                                                : schema_tables_;
  if (left.size() == 1) verdict_.unverified_table = left.begin()->first;
  if (counts_.different > 0) {
    verdict_.kind = model::Verdict::Kind::kDiff;
  } else if (!verdict_.unverified_reason.empty()) {
    verdict_.kind = model::Verdict::Kind::kUnverified;
  }
  report.outcomes.push_back(verdict_);
  AddResolved(at, &report);
  report.update.findings = new_;
  report.update.state = StateAt(head_);
  return report;
}

// An alarm is over with the last of its findings.
void JobFindings::AddResolved(absl::Time at, model::Report* report) {
  std::set<std::string> decided;
  for (const Decided& one : decided_) decided.insert(one.task.logical);
  model::Resolved resolved;
  resolved.head = head_;
  resolved.head.at = at;
  std::set<std::string> ended, going_on;
  std::map<std::string, model::Digest> keys;  // by their texts
  for (const model::OpenFinding& finding : open_) {
    const bool over = !seen_.contains(finding.key) && decided.contains(finding.table);
    (over ? ended : going_on).insert(finding.alarm_id);
    if (over) keys[finding.key_text] = finding.key;
  }
  for (const auto& [text, key] : keys) {
    resolved.keys.push_back(text);
    resolved.key_digests.push_back(key);
  }
  if (resolved.keys.empty()) return;
  std::set_difference(ended.begin(), ended.end(), going_on.begin(), going_on.end(),
                      std::back_inserter(resolved.resolves));
  report->update.closed = resolved.key_digests;
  report->outcomes.push_back(std::move(resolved));
}

std::string JobFindings::Unverified(std::string* reason) const {
  struct Cause {
    const char* reason;
    const char* words;
    const std::map<std::string, std::string>& tables;
  };
  reason->clear();
  std::string text;
  for (const Cause& cause : {Cause{"undecided", "undecided: ", undecided_tables_},
                             Cause{"skipped", "skipped: ", skipped_tables_},
                             Cause{"schema", "definitions differ: ", schema_tables_}}) {
    if (cause.tables.empty()) continue;
    if (reason->empty()) *reason = cause.reason;
    absl::StrAppend(&text, text.empty() ? "" : "; ", cause.words, Listed(cause.tables));
  }
  return text;
}

model::Report JobFindings::MakeUnverified(model::OutcomeHead head, const std::string& reason,
                                          const std::string& detail) {
  model::Report report;
  report.check = head.check;
  report.target = head.target;
  report.at = head.at;
  model::Verdict verdict;
  verdict.head = head;
  verdict.kind = model::Verdict::Kind::kUnverified;
  verdict.unverified_reason = reason;
  verdict.unverified_detail = detail;
  report.outcomes.push_back(std::move(verdict));
  report.update.state = StateAt(head);
  return report;
}

model::JobRun JobFindings::Summary() const {
  model::JobRun run = counts_;
  std::string reason;
  run.detail = Unverified(&reason);
  run.result = counts_.different > 0 ? model::JobRun::Result::kDiff
               : reason.empty()      ? model::JobRun::Result::kSame
                                     : model::JobRun::Result::kUnverified;
  return run;
}

}  // namespace dcp::cmd
