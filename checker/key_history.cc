#include "checker/key_history.h"

#include <algorithm>
#include <utility>

namespace dcp::checker {

using model::Version;

namespace {

// The index that stands for no index is packed as often as others: as a small number too.
int64_t Near(Index i) { return i == kAlways ? -1 : i == kNever ? -2 : i; }
Index Far(int64_t packed) {
  return packed == -1 ? kAlways : packed == -2 ? kNever : static_cast<Index>(packed);
}

// Zero but for relative changes.
void PackSum(const model::Digest& sum, Packer* to) {
  const bool zero = sum == model::Digest{};
  to->Number(zero ? 0 : 1);
  if (!zero) to->Digest(sum);
}
model::Digest UnpackSum(Unpacker* from) {
  return from->Number() == 0 ? model::Digest{} : from->Digest();
}

}  // namespace

void KeyHistory::ApplySource(const Version& before, const Version& after, Index i) {
  if (std::exchange(assumed_, false) && before.known()) {
    source_.front() = {before, kAlways, kNever};  // told is worth more than taken
  }
  if (source_.empty()) source_.push_back({before, kAlways, kNever});
  if (before.known() && !(before == source_.back().version)) {
    source_.back().left = i;
    source_.push_back({before, i, kNever});
  }
  if (after == source_.back().version) return;
  source_.back().left = i;
  source_.push_back({after, i, kNever});
}

void KeyHistory::ApplyTarget(const Version& after, Index i) {
  if (!target_.empty() && target_.back().entered == i) {
    target_.back().version = after;
  } else {
    target_.push_back({after, i});
  }
}

KeyHistory::Step KeyHistory::AddToSource(const model::Digest& delta) {
  const Version before = Version::Content(source_sum_);
  return {before, Version::Content(source_sum_ += delta)};
}

KeyHistory::Step KeyHistory::AddToTarget(const model::Digest& delta) {
  const Version before = Version::Content(target_sum_);
  return {before, Version::Content(target_sum_ += delta)};
}

void KeyHistory::SourceGone(Index i, bool counts) {
  source_sum_ = {};
  ApplySource(Version::Unknown(), counts ? Version::Content({}) : Version::Absent(), i);
}

void KeyHistory::TargetGone(Index i, bool counts) {
  target_sum_ = {};
  ApplyTarget(counts ? Version::Content({}) : Version::Absent(), i);
}

void KeyHistory::TouchTarget(Index i) {
  last_target_touch_ = i;
  if (first_target_touch_ == kNone) first_target_touch_ = i;
}

bool KeyHistory::Had(const Version& version, Index x, Index y) const {
  return version.known() && std::any_of(source_.begin(), source_.end(), [&](const Interval& i) {
           return i.version == version && i.Overlaps(x, y);
         });
}

bool KeyHistory::HadOrUnknownBase(const Version& version, Index x, Index y) const {
  if (Had(version, x, y)) return true;
  return HadUnknownBase(x, y);
}

bool KeyHistory::HadUnknownBase(Index x, Index y) const {
  return last_source_touch_ != kNone && !source_.empty() && !source_.front().version.known() &&
         source_.front().Overlaps(x, y);
}

const KeyHistory::Entered* KeyHistory::StateAt(Index j) const {
  const Entered* state = nullptr;
  for (const Entered& s : target_) {
    if (s.entered <= j) state = &s;
  }
  return state;
}

Version KeyHistory::TargetState(Index j) const {
  const Entered* state = StateAt(j);
  return state != nullptr ? state->version : Version::Unknown();
}

bool KeyHistory::HadTargetState(Index j, Index x, Index y) const {
  if (const Entered* state = StateAt(j)) return Had(state->version, x, y);
  if (source_.empty()) return false;
  return source_.front().Overlaps(x, y) || Had(source_.front().version, x, y);
}

bool KeyHistory::Agrees(Index i) const {
  if (source_.empty()) return false;
  if (const Entered* state = StateAt(i)) {
    return state->version.known() && state->version == source_.back().version;
  }
  return source_.size() == 1 || source_.front().version == source_.back().version;
}

void KeyHistory::AssumeSource(const Version& version) {
  assumed_ = true;
  if (version.kind == Version::Kind::kContent) source_sum_ = version.digest;  // of a relative key
  source_.push_back({version, kAlways, kNever});
}

void KeyHistory::AdoptSource(Index i, bool counts) {
  ApplyTarget(source_.back().version, i);
  if (counts) target_sum_ = source_sum_;
}

void KeyHistory::AssumeTarget(Index i) {
  const Version version = TargetAt(i);
  source_.clear();
  AssumeSource(version);
}

Version KeyHistory::SourceAt(Index i) const {
  for (const Interval& interval : source_) {
    if (interval.entered <= i && interval.left > i) return interval.version;
  }
  return Version::Unknown();
}

Version KeyHistory::TargetAt(Index i) const {
  if (const Entered* state = StateAt(i)) return state->version;
  return source_.empty() ? Version::Unknown() : source_.front().version;
}

bool KeyHistory::ChangedAt(Index i) const {
  return SourceAt(i) != SourceAt(i - 1) || TargetAt(i) != TargetAt(i - 1);
}

void KeyHistory::Pin(const Version& source, const Version& target, bool counts, Index i) {
  if (!source.known()) source_.clear();
  if (source_.empty()) AssumeSource(source);
  if (source.known()) ApplySource(Version::Unknown(), source, i);
  ApplyTarget(target, i);
  if (!counts) return;
  source_sum_ = source.digest;
  target_sum_ = target.digest;
}

void KeyHistory::Lose() {
  source_.clear();
  target_.clear();
  assumed_ = false;
  source_sum_ = target_sum_ = {};
  last_source_touch_ = last_target_touch_ = first_target_touch_ = kNone;
  target_.push_back({Version::Unknown(), kAlways});
}

void KeyHistory::Fold(Index i, Index oldest) {
  const Entered* state = StateAt(i);
  const Version settled = state != nullptr ? state->version : source_.back().version;
  target_.clear();
  target_.push_back({settled, kAlways});
  FoldSource(oldest);
}

void KeyHistory::FoldDiffering(Index i, Index oldest) {
  const Version state = TargetAt(i);
  target_.clear();
  target_.push_back({state, kAlways});
  if (!source_.empty()) FoldSource(oldest);
}

void KeyHistory::FoldSource(Index oldest) {
  // The current interval always stays.
  source_.erase(std::remove_if(source_.begin(), source_.end() - 1,
                               [&](const Interval& interval) { return interval.left <= oldest; }),
                source_.end() - 1);
}

void KeyHistory::Pack(Packer* to) const {
  to->Number(source_.size());
  for (const Interval& interval : source_) {
    to->Version(interval.version);
    to->Signed(Near(interval.entered));
    to->Signed(Near(interval.left));
  }
  to->Number(target_.size());
  for (const Entered& entered : target_) {
    to->Version(entered.version);
    to->Signed(Near(entered.entered));
  }
  PackSum(source_sum_, to);
  PackSum(target_sum_, to);
  to->Signed(Near(last_source_touch_));
  to->Signed(Near(last_target_touch_));
  to->Signed(Near(first_target_touch_));
  to->Number(assumed_ ? 1 : 0);
}

void KeyHistory::Unpack(Unpacker* from) {
  for (uint64_t n = from->Number(); n > 0; --n) {
    Interval& interval = source_.emplace_back();
    interval.version = from->Version();
    interval.entered = Far(from->Signed());
    interval.left = Far(from->Signed());
  }
  for (uint64_t n = from->Number(); n > 0; --n) {
    Entered& entered = target_.emplace_back();
    entered.version = from->Version();
    entered.entered = Far(from->Signed());
  }
  source_sum_ = UnpackSum(from);
  target_sum_ = UnpackSum(from);
  last_source_touch_ = Far(from->Signed());
  last_target_touch_ = Far(from->Signed());
  first_target_touch_ = Far(from->Signed());
  assumed_ = from->Number() != 0;
}

}  // namespace dcp::checker
