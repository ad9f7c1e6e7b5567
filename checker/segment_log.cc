#include "checker/segment_log.h"

#include <algorithm>
#include <utility>

#include "model/alarm_id.h"

namespace dcp::checker {

using model::Verdict;

void SegmentLog::StartRun(uint64_t, uint64_t) { first_ = 1; }

void SegmentLog::EndRun(const std::string& reason, const std::string& detail, absl::Time now) {
  for (Index i = first_; i <= last(); ++i) {
    if (At(i).waiting > 0) Unverify(i, reason, detail, "");
    At(i).waiting = 0;
  }
  Flush(now);
  said_to_ = 0;
}

Index SegmentLog::Add(const SegmentPair& pair) {
  Record record;
  Verdict& verdict = record.verdict;
  verdict.head.check = options_.check;
  verdict.head.source = options_.source.value();
  verdict.head.target = options_.target.value();
  verdict.head.epoch = pair.epoch;
  verdict.head.from = pair.from;
  verdict.head.to = pair.to;
  verdict.late = pair.late;
  verdict.source_rows = pair.source.changes;
  verdict.target_rows = pair.target.changes;
  records_.push_back(std::move(record));
  return last();
}

void SegmentLog::AddKnown(Index i, const model::Digest& key) {
  Verdict& verdict = At(i).verdict;
  ++verdict.known;
  if (verdict.known_keys.size() < model::kMaxKnownKeys) verdict.known_keys.push_back(key);
}

void SegmentLog::AddDiff(Index i, model::RowDiff row) {
  Verdict& verdict = At(i).verdict;
  ++verdict.diff_count;
  const std::string& table = row.table != nullptr ? row.table->name : row.table_name;
  if (!table.empty()) ++verdict.diff_tables[table];
  if (verdict.diffs.size() < options_.max_diff_rows) {
    verdict.diffs.push_back(std::move(row));
    return;
  }
  if (options_.spill == nullptr) return;
  if (verdict.diff_count == verdict.diffs.size() + 1) {
    for (const model::RowDiff& shown : verdict.diffs) Spill(i, shown);
  }
  Spill(i, row);
}

void SegmentLog::Spill(Index i, const model::RowDiff& row) {
  At(i).verdict.diff_file = options_.spill->Add(DiffAlarmId(i), row);
}

void SegmentLog::Unverify(Index i, const std::string& reason, const std::string& detail,
                          const std::string& table) {
  Verdict& verdict = At(i).verdict;
  if (!verdict.unverified_reason.empty()) return;
  verdict.unverified_reason = reason;
  verdict.unverified_detail = detail;
  verdict.unverified_table = table;
}

void SegmentLog::AddResolved(Index i, const std::string& alarm_id, const model::Digest& key,
                             std::string key_text, const std::string& job) {
  Resolving at_once;
  Record* record = records_.empty() ? nullptr : waits(i) ? &At(i) : &records_.back();
  Resolving& to = record == nullptr ? at_once : record->resolving[job];
  if (!alarm_id.empty()) to.alarm_ids.push_back(alarm_id);
  to.keys.push_back(std::move(key_text));
  to.digests.push_back(key);
  if (record == nullptr) SayResolved(job, std::move(at_once));
}

std::string SegmentLog::DiffAlarmId(Index i) const {
  return model::AlarmId(At(i).verdict.head, "diff");
}

FindingChanges& SegmentLog::ChangesAt(Index i) {
  if (records_.empty()) return changes_;
  return waits(i) ? At(i).changes : records_.back().changes;
}

void SegmentLog::AddFinding(Index i, model::OpenFinding finding) {
  ChangesAt(i).Set(std::move(finding));
}

void SegmentLog::CloseFinding(Index i, const model::Digest& key) { ChangesAt(i).Close(key); }

void SegmentLog::Flush(absl::Time now) {
  while (!records_.empty() && records_.front().waiting == 0) {
    Record record = std::move(records_.front());
    records_.pop_front();
    ++first_;
    Say(std::move(record), now);
  }
}

void SegmentLog::Say(Record record, absl::Time now) {
  Verdict& verdict = record.verdict;
  verdict.head.at = now;
  if (verdict.diff_count > 0 || verdict.known > 0) {
    verdict.kind = Verdict::Kind::kDiff;
  } else if (!verdict.unverified_reason.empty()) {
    verdict.kind = Verdict::Kind::kUnverified;
  }
  last_said_ = verdict.head;
  if (verdict.head.to <= said_to_) return;
  changes_.Add(std::move(record.changes));
  outcomes_.push_back(std::move(verdict));
  for (auto& [job, resolving] : record.resolving) SayResolved(job, std::move(resolving));
}

// An alarm of which another key was opened since is not ended.
void SegmentLog::SayResolved(const std::string& job, Resolving resolving) {
  std::vector<std::string>& ids = resolving.alarm_ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::erase_if(ids, [&](const std::string& id) { return findings_.IsOpen(id); });
  model::Resolved resolved{last_said_, std::move(ids), std::move(resolving.keys),
                           std::move(resolving.digests)};
  resolved.job = job;
  outcomes_.push_back(std::move(resolved));
}

}  // namespace dcp::checker
