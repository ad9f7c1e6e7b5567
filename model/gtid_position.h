// GtidPosition: MariaDB's place in a stream, the last GTID of each domain: "0-1-105,7-2-9"
// (gtid_slave_pos, gtid_binlog_pos, @slave_connect_state).
// https://mariadb.com/kb/en/gtid/
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/gtid_set.h"

namespace dcp::model {

class GtidPosition {
 public:
  // kInvalidArgument: names the offending part, also a domain given twice. "" is the
  // place before everything.
  static absl::StatusOr<GtidPosition> Parse(absl::string_view text);
  std::string ToString() const;

  bool empty() const { return last_.empty(); }
  // The transaction that stands behind the place; REQUIRES: a MariaDB GTID.
  void Advance(const Gtid& gtid) { last_[gtid.source.domain] = gtid; }
  // By domain.
  const std::map<uint32_t, Gtid>& last() const { return last_; }
  // What of the named servers it has passed.
  GtidSet Executed() const;

  friend bool operator==(const GtidPosition&, const GtidPosition&) = default;

 private:
  std::map<uint32_t, Gtid> last_;
};

}  // namespace dcp::model
