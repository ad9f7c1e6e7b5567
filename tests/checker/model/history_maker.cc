#include "tests/checker/model/history_maker.h"

#include <algorithm>
#include <utility>

namespace dcp::checker::test {
namespace {

using model::Digest;
using model::Mark;
using model::Op;
using model::Version;

const std::string& KeylessTable() {
  static const auto* const kName = new std::string("u");
  return *kName;
}
const std::string& TableOf(bool keyless) { return keyless ? KeylessTable() : KeyedTable(); }

model::Uuid UuidOf(uint8_t first) {
  model::Uuid uuid{};
  uuid[0] = first;
  return uuid;
}

}  // namespace

const std::string& KeyedTable() {
  static const auto* const kName = new std::string("t");
  return *kName;
}

model::Gtid GtidOf(uint8_t server, uint64_t number) { return {{UuidOf(server), ""}, number}; }

Version Letter(uint64_t n) { return Version::Content(Digest{0, n}); }

HistoryMaker::HistoryMaker(Theme theme, uint64_t seed)
    : theme_(theme), random_(seed * 8 + static_cast<uint64_t>(theme)) {
  history_.seed = seed;
}

History HistoryMaker::Make() {
  ChooseOptions();
  ChooseBarriers();
  MakeSource();
  Emit();
  FindTruth();
  return std::move(history_);
}

// --- what kind of history ---

void HistoryMaker::ChooseOptions() {
  mariadb_ = Is(Theme::kMariaDb) || Is(Theme::kMariaDbFaults);
  gtid_ = mariadb_ || Is(Theme::kGtid) || Is(Theme::kGtidFaults);
  PairOptions& options = history_.options;
  options.check = "c";
  options.source = model::Tag("src");
  options.target = model::Tag("dst");
  options.timeout = absl::Hours(1);
  options.align = random_.Percent(50) ? Align::kAuto : gtid_ ? Align::kGtid : Align::kBarrier;
  options.lateness = 0;
  if (!gtid_ && !Is(Theme::kExact) && random_.Percent(70)) {
    options.lateness = static_cast<uint32_t>(random_.In(1, 3));
  }
  if (Is(Theme::kLateness) && options.lateness == 0) options.lateness = 1;
  const int64_t least = int64_t{options.lateness} * 2 + 3;
  options.history = random_.Percent(70) ? static_cast<uint32_t>(random_.In(least, least + 5)) : 100;
  keys_ = random_.In(1, 3);
  letters_ = random_.In(2, 4);
  pushed_source_ = !gtid_ && random_.Percent(20);
  pushed_target_ = !gtid_ && random_.Percent(20);
  keyless_ = !pushed_source_ && !pushed_target_ && random_.Percent(30);
  barriers_ = random_.In(4, 10) + 2 * N() + (random_.Percent(10) ? 15 : 0);
  quiet_ = random_.Percent(80) ? 2 * N() + 2 : 0;
  base_offset_ = static_cast<uint64_t>(random_.In(1, 50));
  if (Is(Theme::kRestart)) ChooseBreaks();
  if (pushed_source_) Note("pushed source");
  if (pushed_target_) Note("pushed target");
}

void HistoryMaker::ChooseBreaks() {
  const int64_t at = random_.In(1, barriers_ - 1);
  switch (random_.Below(4)) {
    case 0:
      epoch_at_ = at;
      epoch_back_ = random_.In(1, 3);
      base_offset_ += 3;
      break;
    case 1:
      restart_source_at_ = at;
      restart_length_ = random_.In(0, 2);
      break;
    case 2:
      restart_target_at_ = at;
      restart_length_ = random_.In(0, 2);
      break;
    default:
      mark_at_ = at;
      mark_on_source_ = random_.Percent(50);
      mark_all_ = random_.Percent(30);
  }
}

bool HistoryMaker::HasBreaks() const {
  return epoch_at_ != kNever || restart_source_at_ != kNever || restart_target_at_ != kNever ||
         mark_at_ != kNever;
}

uint64_t HistoryMaker::OffsetOf(int64_t barrier) const {
  const int64_t back = barrier >= epoch_at_ ? epoch_back_ : 0;
  return base_offset_ + static_cast<uint64_t>(barrier - back);
}

void HistoryMaker::ChooseBarriers() {
  const bool missing = random_.Percent(40) && epoch_at_ == kNever;
  if (random_.Percent(30)) source_start_ = random_.In(0, 3);
  if (random_.Percent(30)) target_start_ = random_.In(0, 3);
  if (epoch_at_ != kNever) {
    source_start_ = target_start_ = 0;
  }
  for (int64_t i = 0; i <= barriers_; ++i) {
    if (missing && random_.Percent(15)) source_misses_.insert(i);
    if (missing && random_.Percent(15)) target_misses_.insert(i);
    if (!SourceShows(i) || !TargetShows(i)) continue;
    common_.push_back(i);
  }
}

bool HistoryMaker::InRestart(int64_t i, int64_t at, int64_t length) {
  return i >= at && i < at + length;
}

bool HistoryMaker::SourceShows(int64_t i) const {
  return i >= source_start_ && !source_misses_.contains(i) &&
         !InRestart(i, restart_source_at_, restart_length_);
}

bool HistoryMaker::TargetShows(int64_t i) const {
  return i >= target_start_ && !target_misses_.contains(i) &&
         !InRestart(i, restart_target_at_, restart_length_);
}

int64_t HistoryMaker::CommonFrom(int64_t i) const {
  for (const int64_t c : common_) {
    if (c >= i) return c;
  }
  return kNever;
}

std::vector<int64_t> HistoryMaker::Starts() const {
  std::vector<int64_t> starts = {CommonFrom(0)};
  for (const int64_t at : {epoch_at_, mark_at_}) {
    if (at != kNever) starts.push_back(CommonFrom(at));
  }
  for (const int64_t at : {restart_source_at_, restart_target_at_}) {
    if (at != kNever) starts.push_back(CommonFrom(at + restart_length_));
  }
  return starts;
}

int64_t HistoryMaker::KnownSince(int64_t segment) const {
  int64_t since = -1;
  for (const int64_t start : Starts()) {
    if (start < segment) since = std::max(since, start);
  }
  return since;
}

// --- the source ---

void HistoryMaker::MakeSource() {
  for (int64_t i = 0; i < keys_; ++i) {
    const std::string key = absl::StrCat(KeyedTable(), "[", i, "]");
    const Version version = random_.Percent(60) ? Letter(random_.Below(letters())) : Version();
    initial_[key] = version;
    source_state_[key] = version;
    key_names_.push_back(key);
  }
  if (keyless_) key_names_.push_back(absl::StrCat(KeylessTable(), "[0]"));
  for (int64_t i = 0; i <= barriers_; ++i) {
    const int64_t txns = i + quiet_ > barriers_ ? 0 : random_.In(0, 2);
    for (int64_t t = 0; t < txns; ++t) source_.push_back(MakeSourceTxn(i));
    source_.push_back({{}, i, i, 0, {}});
  }
  for (size_t i = 0; i < source_.size(); ++i) source_[i].number = i + 1;
  for (SourceTxn& txn : source_) txn.gtid = GtidOf(kSourceServer, txn.number);
}

SourceTxn HistoryMaker::MakeSourceTxn(int64_t segment) {
  SourceTxn txn{{}, -1, segment, 0, {}};
  const int64_t writes = random_.In(1, 3);
  for (int64_t i = 0; i < writes; ++i) {
    const std::string key = key_names_[random_.Below(key_names_.size())];
    txn.writes.push_back(MakeSourceWrite(key, segment));
  }
  return txn;
}

Write HistoryMaker::MakeSourceWrite(const std::string& key, int64_t segment) {
  Write write{key, {}, false, 0, segment, false};
  if (!initial_.contains(key)) {
    write.relative = true;
    write.delta = random_.Percent(60) ? 1 : -1;
    return write;
  }
  const Version current = source_state_[key];
  do {
    write.after = random_.Percent(25) ? Version::Absent() : Letter(random_.Below(letters()));
  } while (write.after == current);
  source_state_[key] = write.after;
  return write;
}

PlainChange HistoryMaker::ChangeOf(const Write& write, const Version& before, bool pushed) {
  PlainChange change;
  change.table = TableOf(write.relative);
  change.key = write.key;
  if (write.relative) {
    change.relative = true;
    change.delta = write.delta > 0 ? Digest{0, 1} : -Digest{0, 1};
    change.op = write.delta > 0 ? Op::kInsert : Op::kDelete;
    return change;
  }
  change.after = write.after;
  change.op = before.absent() ? Op::kInsert : write.after.absent() ? Op::kDelete : Op::kUpdate;
  change.before = pushed && change.op != Op::kInsert ? Version::Unknown() : before;
  if (write.after.absent()) change.op = Op::kDelete;
  return change;
}

Mark HistoryMaker::BarrierMark(uint64_t offset) {
  Mark mark;
  mark.barrier_offset = offset;
  return mark;
}

model::StreamOrigin HistoryMaker::Origin(bool source, const std::string& reason) const {
  model::StreamOrigin origin;
  const uint8_t server = source ? kSourceServer : kTargetServer;
  if (mariadb_) {
    origin.server_id = server;
  } else {
    origin.server_uuid = UuidOf(server);
  }
  origin.has_gtids = gtid_;
  origin.reason = reason;
  return origin;
}

// --- the truth ---

void HistoryMaker::FindTruth() {
  for (const auto& [key, version] : target_state_) {
    const auto it = source_state_.find(key);
    const Version expected = it == source_state_.end() ? Version() : it->second;
    if (version != expected) history_.wrong_at_end.insert(key);
  }
}

}  // namespace dcp::checker::test
