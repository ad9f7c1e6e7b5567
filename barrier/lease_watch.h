// LeaseWatch: whether a lease that another one holds has run out, as far as a standby can
// tell: by its own monotonic clock, from the row alone. Clocks of two machines are
// never compared.
//
//   unseen -> (row) held -> (no beat for its lease time) free
//
// Thread-compatible. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "barrier/lease_rows.h"

namespace dcp::barrier {

class LeaseWatch {
 public:
  // `interval`: this one's own; a holder with a longer one is given that.
  explicit LeaseWatch(absl::Duration interval) : interval_(interval) {}

  // The row as it was read; `now`: once that was done. So the beat was before it.
  void See(const std::optional<LeaseRow>& row, absl::Duration now) {
    if (seen_ && row_ == row) return;
    seen_ = true;
    row_ = row;
    since_ = now;
  }

  // It cannot be read: a holder can have done no better, and is given its time again.
  void Lose() { seen_ = false; }

  // The row that was seen last is nobody's: it may be taken, if it is still that.
  // `now`: before the row was read last.
  bool Free(absl::Duration now) const {
    if (!seen_) return false;
    return !row_ || row_->name.empty() || now - since_ >= LeaseTime(Longest());
  }

  bool seen() const { return seen_; }
  const std::optional<LeaseRow>& row() const { return row_; }
  // How long the holder may be silent.
  absl::Duration patience() const { return LeaseTime(Longest()); }

 private:
  absl::Duration Longest() const { return row_ ? std::max(interval_, row_->interval) : interval_; }

  const absl::Duration interval_;
  bool seen_ = false;
  std::optional<LeaseRow> row_;
  absl::Duration since_;
};

}  // namespace dcp::barrier
