// MySQL's binary GTID sets: PREVIOUS_GTIDS events and COM_BINLOG_DUMP_GTID.
//
// Two formats. Untagged (5.6 and later): number of UUIDs (8 bytes), then per
// UUID the 16 bytes, the number of intervals (8) and per interval the first
// number and the number after the last one (8 each).
// Tagged (8.3 and later, only when a tag is present): byte 0 and byte 7 of the
// head are 1 with the number of (UUID, tag) pairs in the 6 bytes between them;
// after each UUID stands its tag: its length as a variable-length integer
// (see serialization.h) and its characters.
// Source: sql/rpl_gtid_set.cc (Gtid_set::encode), sql/rpl_gtid_tag.cc of MySQL.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/gtid_position.h"
#include "model/gtid_set.h"
#include "mysql/bytes.h"

namespace dcp::mysql {

// Untagged unless `set` holds a tag.
std::string EncodeGtidSet(const model::GtidSet& set);

// kDataLoss: the bytes are not exactly one GTID set.
absl::StatusOr<model::GtidSet> DecodeGtidSet(Bytes bytes);

// The place behind all transactions of a set of MariaDB's GTIDs: of each domain the highest
// number, since numbers count up along a domain whichever server writes.
model::GtidPosition PositionBehind(const model::GtidSet& set);

}  // namespace dcp::mysql
