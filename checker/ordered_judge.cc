#include "checker/ordered_judge.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "checker/evidence.h"

namespace dcp::checker {
namespace {

using model::DiffKind;

struct Entry {
  model::Op op;
  model::Version after;
  friend bool operator==(const Entry&, const Entry&) = default;
};

bool Before(const Entry& a, const Entry& b) {
  return std::tie(a.op, a.after.digest) < std::tie(b.op, b.after.digest);
}

// A relative change or a DDL statement is compared by its delta.
Entry EntryOf(const Item& item) {
  if (item.is_mark) return {model::Op::kOther, model::Version::Content(item.mark().ddl)};
  const model::Change& change = item.change();
  return {change.op, change.relative ? model::Version::Content(change.delta) : change.after};
}

// A server changes equal rows of a table without a key in an order of its own.
bool IsUnordered(const std::vector<const Item*>& items) {
  return !items.empty() && !items.front()->is_mark && items.front()->change().relative;
}

std::vector<Entry> EntriesOf(const std::vector<const Item*>& items) {
  std::vector<Entry> entries;
  entries.reserve(items.size());
  for (const Item* item : items) entries.push_back(EntryOf(*item));
  if (IsUnordered(items)) std::sort(entries.begin(), entries.end(), Before);
  return entries;
}

model::Digest SumOf(const std::vector<Entry>& entries) {
  model::Digest sum;
  for (const Entry& entry : entries) sum += entry.after.digest;
  return sum;
}

bool HoldsVersion(const std::vector<Entry>& entries, const model::Version& version) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.after == version; });
}

DiffKind KindOf(const std::vector<Entry>& source, const std::vector<Entry>& target,
                bool unordered) {
  if (source.empty()) return DiffKind::kExtra;
  if (target.empty()) return DiffKind::kMissing;
  if (unordered) {
    return SumOf(source) == SumOf(target) ? DiffKind::kReordered : DiffKind::kMismatch;
  }
  const model::Version end = target.back().after;
  if (end == source.back().after) {
    const bool foreign = std::any_of(target.begin(), target.end(), [&](const Entry& entry) {
      return !HoldsVersion(source, entry.after);
    });
    return foreign ? DiffKind::kHealed : DiffKind::kReordered;
  }
  return HoldsVersion(source, end) ? DiffKind::kStale : DiffKind::kMismatch;
}

}  // namespace

void OrderedJudge::Restore(uint64_t said_to, bool,
                           const std::vector<model::OpenFinding>& findings) {
  log_.ContinueFrom(said_to);
  restored_at_ = said_to;
  for (const model::OpenFinding& finding : findings) {
    findings_.Open(finding.alarm_id);
    const bool ddl = finding.kind == DiffKind::kDdl;
    open_[finding.key] = {finding.alarm_id, finding.key_text, ddl ? "" : finding.table, said_to};
  }
}

void OrderedJudge::StartRun(uint64_t epoch, uint64_t offset, bool) {
  log_.StartRun(epoch, offset);
  // What was before the run is before its first barrier.
  for (auto& [digest, open] : open_) open.touched_to = std::max(offset, restored_at_);
}

void OrderedJudge::EndRun(const std::string& reason, const std::string& detail, absl::Time now) {
  log_.EndRun(reason, detail, now);
  restored_at_ = 0;
  verified_.clear();
}

void OrderedJudge::Feed(const SegmentPair& pair, absl::Time now) {
  now_ = log_.Add(pair);
  now_offset_ = pair.to;
  if (log_.said_before(now_)) return log_.Flush(now);
  lost_tables_.clear();
  TakeMarks(pair.source);
  TakeMarks(pair.target);
  TouchLost();
  if (pair.replayed_beyond_history) {
    log_.Unverify(now_, "history",
                  "the target's applier replayed from before the segments that are remembered", "");
  }
  Keys keys;
  std::vector<model::Digest> order;
  Collect(pair.source, true, &keys, &order);
  Collect(pair.target, false, &keys, &order);
  for (const model::Digest& digest : order) Compare(digest, keys[digest]);
  ResolveVerified();
  log_.Flush(now);
}

// What was not seen of them is not known.
void OrderedJudge::TouchLost() {
  if (lost_tables_.empty()) return;
  for (auto& [digest, open] : open_) {
    const bool lost = std::any_of(lost_tables_.begin(), lost_tables_.end(),
                                  [&, &open = open](const std::string& table) {
                                    return table.empty() || table == open.table;
                                  });
    if (lost) open.touched_to = now_offset_;
  }
}

void OrderedJudge::ResolveVerified() {
  std::erase_if(verified_, [&](const model::VerifiedTable& verified) {
    if (now_offset_ <= verified.to_barrier) return false;
    ResolveVerified(verified);
    return true;
  });
}

void OrderedJudge::ResolveVerified(const model::VerifiedTable& verified) {
  absl::erase_if(open_, [&](const auto& entry) {
    const auto& [digest, open] = entry;
    const bool proved = open.table == verified.table && open.touched_to <= verified.from_barrier &&
                        !absl::c_linear_search(verified.not_equal, digest);
    if (proved) Resolve(digest, open, verified.job);
    return proved;
  });
}

void OrderedJudge::Resolve(const model::Digest& digest, const Open& open, const std::string& job) {
  const bool last = findings_.Close(open.alarm_id);
  log_.AddResolved(now_, last ? open.alarm_id : "", digest, open.key_text, job);
  log_.CloseFinding(now_, digest);
}

void OrderedJudge::TakeMarks(const SegmentSide& side) {
  for (const Item& item : side.items) {
    if (!item.is_mark || item.mark().kind != model::Mark::Kind::kUnverified) continue;
    lost_tables_.push_back(item.mark().table);
    log_.Unverify(now_, item.mark().reason, item.mark().detail, item.mark().table);
  }
}

bool OrderedJudge::Dropped(const Item& item) const {
  return std::any_of(lost_tables_.begin(), lost_tables_.end(), [&](const std::string& table) {
    return table.empty() || table == TableOf(item);
  });
}

void OrderedJudge::Collect(const SegmentSide& side, bool is_source, Keys* keys,
                           std::vector<model::Digest>* order) {
  for (const Item& item : side.items) {
    const bool ddl = item.is_mark && item.mark().kind == model::Mark::Kind::kDdl;
    if (item.is_mark && (!ddl || options_.ignore_ddl)) continue;
    if (Dropped(item)) continue;
    const model::Digest digest =
        ddl ? model::Xxh3(DdlKeyText(item.mark().table)) : item.change().key;
    const auto [it, inserted] = keys->try_emplace(digest);
    if (inserted) order->push_back(digest);
    (is_source ? it->second.source : it->second.target).push_back(&item);
  }
}

void OrderedJudge::Compare(const model::Digest& digest, const Sequences& sequences) {
  const std::vector<Entry> source = EntriesOf(sequences.source);
  const std::vector<Entry> target = EntriesOf(sequences.target);
  const auto open = open_.find(digest);
  if (open != open_.end()) {
    log_.AddKnown(now_, digest);
    open->second.touched_to = now_offset_;
    if (source != target || source.empty()) return;
    Resolve(digest, open->second, "");
    open_.erase(open);
    return;
  }
  if (source == target) return;
  Say(digest, sequences, KindOf(source, target, IsUnordered(sequences.source)));
}

// REQUIRES: one of the sequences is not empty.
void OrderedJudge::Say(const model::Digest& digest, const Sequences& sequences, DiffKind kind) {
  const Item* source = sequences.source.empty() ? nullptr : sequences.source.back();
  const Item* target = sequences.target.empty() ? nullptr : sequences.target.back();
  const Item& any = source != nullptr ? *source : *sequences.target.back();
  model::RowDiff row;
  row.kind = any.is_mark ? DiffKind::kDdl : kind;
  row.key = digest;
  if (any.is_mark) {
    row.table_name = any.mark().table;
    row.key_text = DdlKeyText(any.mark().table);
    row.detail = any.mark().detail;
  } else {
    row.table = any.change().table;
    row.key_text = std::string(any.text(any.change().key_text));
  }
  if (source != nullptr) row.source = EvidenceOf(*source);
  if (target != nullptr) row.target = EvidenceOf(*target);
  const std::string alarm_id = log_.DiffAlarmId(now_);
  const std::string key_text = row.key_text;
  model::OpenFinding finding;
  finding.key = digest;
  finding.alarm_id = alarm_id;
  finding.kind = row.kind;
  finding.table = row.table != nullptr ? row.table->name : row.table_name;
  finding.key_text = key_text;
  log_.AddDiff(now_, std::move(row));
  findings_.Open(alarm_id);
  if (kind == DiffKind::kHealed || kind == DiffKind::kReordered) {
    log_.AddResolved(now_, findings_.Close(alarm_id) ? alarm_id : "", digest, key_text);
  } else {
    open_[digest] = {alarm_id, key_text, any.is_mark ? "" : finding.table, now_offset_};
    log_.AddFinding(now_, std::move(finding));
  }
}

}  // namespace dcp::checker
