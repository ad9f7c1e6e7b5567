// GtidSet: a set of GTIDs, kept as sorted, disjoint, non-adjacent intervals per
// (uuid, label).
//
// Text form as MySQL's: "uuid:1-5:7,uuid:label:1-3" (ends inclusive), any case,
// spaces allowed around separators; printed in order of uuid and label, lower
// case. One form inside; binary forms are converted in mysql/.
//
// A MariaDB binlog state "0-1-105,0-2-7" is the set of all numbers up to these of each
// domain and server, as servers count upwards; "0-1-100..105" is a stretch.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/gtid.h"

namespace dcp::model {

// True for what MySQL takes for the tag of a GTID, in its own form: 1 to 32 of a-z, 0-9 and _, of
// which the first is no digit.
bool IsGtidLabel(absl::string_view text);

class GtidSet {
 public:
  struct Interval {
    uint64_t first = 0;  // inclusive
    uint64_t last = 0;   // inclusive
    friend bool operator==(const Interval&, const Interval&) = default;
  };
  using Intervals = std::vector<Interval>;

  // kInvalidArgument: names the offending part of `text`. "" is the empty set.
  static absl::StatusOr<GtidSet> Parse(absl::string_view text);
  std::string ToString() const;

  bool empty() const { return sources_.empty(); }
  // Number of GTIDs in the set.
  uint64_t size() const;

  void Add(const Gtid& gtid) { AddInterval(gtid.source, {gtid.number, gtid.number}); }
  // REQUIRES: 1 <= interval.first <= interval.last
  void AddInterval(const GtidSource& source, Interval interval);
  void Add(const GtidSet& other);
  void Subtract(const GtidSet& other);

  bool Contains(const Gtid& gtid) const;
  // True if every GTID of `other` is in this set.
  bool Contains(const GtidSet& other) const;
  bool Intersects(const GtidSet& other) const;

  const std::map<GtidSource, Intervals>& sources() const { return sources_; }

  friend bool operator==(const GtidSet&, const GtidSet&) = default;

 private:
  std::map<GtidSource, Intervals> sources_;  // no empty vector inside
};

absl::StatusOr<Uuid> ParseUuid(absl::string_view text);
std::string ToString(const Uuid& uuid);
// "uuid:7" or "uuid:label:7", MariaDB's "0-1-7"; "" for an empty one.
std::string ToString(const Gtid& gtid);

}  // namespace dcp::model
