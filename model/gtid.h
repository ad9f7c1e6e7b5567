// Gtid: the name of one transaction.
// MySQL: source uuid, optional tag (8.3 and later) and number.
// https://dev.mysql.com/doc/refman/9.7/en/replication-gtids-concepts.html
// MariaDB: domain, server id and number. https://mariadb.com/kb/en/gtid/
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace dcp::model {

using Uuid = std::array<uint8_t, 16>;

// The part of a GTID that its number counts within: of MySQL `uuid` and `label`
// (the GTID tag, lower case; empty for an untagged GTID); of MariaDB `domain` and
// `server_id`, which is never 0 there.
struct GtidSource {
  Uuid uuid{};
  std::string label;
  uint32_t domain = 0;
  uint32_t server_id = 0;  // 0: MySQL

  static GtidSource MariaDb(uint32_t domain, uint32_t server_id) {
    return {{}, {}, domain, server_id};
  }
  bool mariadb() const { return server_id != 0; }

  friend bool operator==(const GtidSource&, const GtidSource&) = default;
  friend auto operator<=>(const GtidSource&, const GtidSource&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const GtidSource& s) {
    return H::combine(std::move(h), s.uuid, s.label, s.domain, s.server_id);
  }
};

struct Gtid {
  GtidSource source;
  uint64_t number = 0;  // from 1; 0 means "no GTID" (anonymous or pushed)

  bool empty() const { return number == 0; }

  friend bool operator==(const Gtid&, const Gtid&) = default;

  template <typename H>
  friend H AbslHashValue(H h, const Gtid& g) {
    return H::combine(std::move(h), g.source, g.number);
  }
};

}  // namespace dcp::model
