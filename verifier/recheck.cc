#include "verifier/recheck.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/backoff.h"
#include "base/status.h"

namespace dcp::verifier {
namespace {

using Kind = RowVerdict::Kind;
using Found = std::function<void(RowVerdict)>;

struct Suspect {
  std::string key;
  int steady = 0;                             // rounds one behind the other, the last one included
  int failures = 0;                           // rounds in which a read failed
  std::optional<std::string> source, target;  // of the last steady round
};

// One round's reads of one row.
struct Reads {
  SideRow source, target, source_again;
};

enum class Outcome : uint8_t { kEqual, kSteady, kChanging };

// REQUIRES: all reads are OK.
Outcome Compare(const Reads& reads) {
  if (reads.target.content == reads.source.content ||
      reads.target.content == reads.source_again.content) {
    return Outcome::kEqual;
  }
  return reads.source.content == reads.source_again.content ? Outcome::kSteady : Outcome::kChanging;
}

void NoteSteady(Reads reads, Suspect* suspect) {
  const bool as_before = suspect->steady > 0 && suspect->source == reads.source.content &&
                         suspect->target == reads.target.content;
  suspect->steady = as_before ? suspect->steady + 1 : 1;
  suspect->source = std::move(reads.source.content);
  suspect->target = std::move(reads.target.content);
}

absl::Status FirstError(const Reads& reads) {
  for (const SideRow* row : {&reads.source, &reads.target, &reads.source_again}) {
    if (!row->status.ok()) return row->status;
  }
  return absl::OkStatus();
}

RowVerdict Undecided(std::string key, std::string reason) {
  RowVerdict verdict;
  verdict.key = std::move(key);
  verdict.reason = std::move(reason);
  return verdict;
}

class Run {
 public:
  Run(const RecheckOptions& options, RowLookup& rows, SyncPoint& sync, const Pause& pause,
      const Found& found)
      : options_(options),
        rows_(rows),
        sync_(sync),
        pause_(pause),
        found_(found),
        needed_(sync.replicates() ? options.rounds : options.unsynced_rounds),
        backoff_({options.first_pause, options.last_pause}) {}

  absl::Status Judge(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) open_.push_back({key, 0, 0, {}, {}});
    for (int round = 0; !open_.empty() && round < options_.max_rounds; ++round) {
      if (round > 0) DCP_RETURN_IF_ERROR(pause_(NextPause()));
      DCP_RETURN_IF_ERROR(Round());
    }
    for (Suspect& suspect : open_) {
      found_(Undecided(std::move(suspect.key),
                       absl::StrCat("still changing after ", options_.max_rounds,
                                    " reads of both sides: left to the check of the streams")));
    }
    return absl::OkStatus();
  }

 private:
  absl::Duration NextPause() {
    return sync_.replicates() ? backoff_.Next() : options_.unsynced_pause;
  }

  absl::Status Round() {
    const std::vector<std::string> keys = OpenKeys();
    std::vector<SideRow> source = rows_.ReadSource(keys);
    absl::Status synced = sync_.Mark();
    if (synced.ok()) synced = sync_.Await();
    if (absl::IsCancelled(synced)) return synced;
    if (!synced.ok()) return GiveUp(synced);
    std::vector<SideRow> target = rows_.ReadTarget(keys);
    std::vector<SideRow> again = rows_.ReadSource(keys);
    std::vector<Suspect> before = std::move(open_);
    open_.clear();
    for (size_t i = 0; i < before.size(); ++i) {
      Take({std::move(source[i]), std::move(target[i]), std::move(again[i])}, std::move(before[i]));
    }
    return absl::OkStatus();
  }

  std::vector<std::string> OpenKeys() const {
    std::vector<std::string> keys;
    for (const Suspect& suspect : open_) keys.push_back(suspect.key);
    return keys;
  }

  // One row's round.
  void Take(Reads reads, Suspect suspect) {
    if (const absl::Status error = FirstError(reads); !error.ok()) {
      suspect.steady = 0;
      if (++suspect.failures < options_.max_failures) return Keep(std::move(suspect));
      return found_(Undecided(std::move(suspect.key), std::string(error.message())));
    }
    switch (Compare(reads)) {
      case Outcome::kEqual:
        return found_({Kind::kEqual, std::move(suspect.key), {}, {}, ""});
      case Outcome::kChanging:
        suspect.steady = 0;
        return Keep(std::move(suspect));
      case Outcome::kSteady:
        NoteSteady(std::move(reads), &suspect);
        if (suspect.steady < needed_) return Keep(std::move(suspect));
        return found_({Kind::kDifferent, std::move(suspect.key), std::move(suspect.source),
                       std::move(suspect.target), ""});
    }
  }

  void Keep(Suspect suspect) { open_.push_back(std::move(suspect)); }

  // The target cannot be brought to a point: nothing that is open can be decided.
  absl::Status GiveUp(const absl::Status& why) {
    for (Suspect& suspect : open_) {
      found_(Undecided(std::move(suspect.key), std::string(why.message())));
    }
    open_.clear();
    return absl::OkStatus();
  }

  const RecheckOptions& options_;
  RowLookup& rows_;
  SyncPoint& sync_;
  const Pause& pause_;
  const Found& found_;
  const int needed_;
  Backoff backoff_;
  std::vector<Suspect> open_;
};

}  // namespace

absl::Status Recheck(const std::vector<std::string>& keys, const RecheckOptions& options,
                     RowLookup& rows, SyncPoint& sync, const Pause& pause, const Found& found) {
  return Run(options, rows, sync, pause, found).Judge(keys);
}

}  // namespace dcp::verifier
