#include "collector/mysql/encoding_history.h"

#include <utility>

namespace dcp::collector {
namespace {

// Beyond it the oldest are forgotten: a target that lags behind so many changes of one table
// is encoded as the oldest that is known.
constexpr size_t kMaxVersions = 256;

}  // namespace

void EncodingHistory::Add(Encoding encoding, uint64_t window_from, bool by_ddl) {
  Version version;
  version.encoding = std::move(encoding);
  version.window = window_from;
  version.by_ddl = by_ddl;
  versions_.push_back(std::move(version));
  if (versions_.size() > kMaxVersions) versions_.pop_front();
}

void EncodingHistory::Barrier(uint64_t offset) {
  for (Version& version : versions_) {
    if (version.sure.has_value() || ++version.barriers <= window_) continue;
    version.sure = offset;
  }
}

void EncodingHistory::Restart() {
  if (versions_.empty()) return;
  Version newest = std::move(versions_.back());
  newest.window = 0;
  newest.sure = 0;
  versions_.clear();
  versions_.push_back(std::move(newest));
}

EncodingHistory::Choice EncodingHistory::Choose(const Follower& follower) const {
  size_t first = 0, last = 0;
  for (size_t i = 1; i < versions_.size(); ++i) {
    if (versions_[i].window > follower.place) break;
    last = i;
    if (versions_[i].sure.has_value() && *versions_[i].sure <= follower.place) first = i;
  }
  if (first == last) return {&versions_[first].encoding, last + 1 == versions_.size()};
  return {ChooseInWindow(follower, first, last), false};
}

// Appliers run a DDL statement between the rows before and behind it, so the columns that
// the target's rows have tell on which side of it they stand, if the statement is what gave
// them these columns.
const Encoding* EncodingHistory::ChooseInWindow(const Follower& follower, size_t first,
                                                size_t last) const {
  std::vector<const Encoding*> candidates;
  for (size_t i = first; i <= last; ++i) candidates.push_back(&versions_[i].encoding);
  const Encoding own = OwnEncoding(*follower.now);
  const Differences differences(candidates);
  if (differences.empty()) return &versions_[last].encoding;
  for (size_t i = first + 1; i <= last; ++i) {
    if (!versions_[i].by_ddl && versions_[i].encoding != versions_[i - 1].encoding) return nullptr;
  }
  if (differences.SameIn(own, *candidates.front())) return candidates.front();
  for (size_t i = last; i > first; --i) {
    const Version& version = versions_[i];
    if (!differences.SameIn(own, version.encoding)) continue;
    const bool came_to_it = follower.before != nullptr && follower.since >= version.window &&
                            !differences.SameIn(OwnEncoding(*follower.before), version.encoding);
    return came_to_it ? &version.encoding : nullptr;
  }
  return nullptr;
}

}  // namespace dcp::collector
