#include "collector/mysql/start_point.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace dcp::collector {

std::string StartPoint::Describe() const {
  switch (kind) {
    case Kind::kNow:
      return "the server's present end";
    case Kind::kGtid:
      return absl::StrCat("GTID set \"", executed.ToString(), "\"");
    case Kind::kPosition:
      return absl::StrCat(position.file, ":", position.offset);
  }
  return "";
}

namespace {

// The server gives one number (1236) to all its refusals; its words differ.
bool SaysOneOf(const absl::Status& status, absl::Span<const absl::string_view> words) {
  if (status.code() != absl::StatusCode::kFailedPrecondition) return false;
  const std::string message = absl::AsciiStrToLower(status.message());
  return std::any_of(words.begin(), words.end(),
                     [&](absl::string_view word) { return absl::StrContains(message, word); });
}

}  // namespace

bool PositionLost(const absl::Status& status) {
  constexpr std::array<absl::string_view, 9> kWords = {
      "purged",                         // … has purged required binary logs / transactions
      "could not find first log file",  // the file is gone
      "has more gtids than the master", "has more gtids than the source", "impossible position",
      // MariaDB: … start from GTID 0-1-5, which is not in the master's binlog; … is missing
      // the GTID 0-1-5 requested by the slave
      "is not in the master's binlog", "is missing the gtid",
      // MariaDB: Could not find GTID state requested by slave in any binlog files.
      "could not find gtid state", "the server lacks transactions"};
  return SaysOneOf(status, kWords);
}

bool SourceDamaged(const absl::Status& status) {
  constexpr std::array<absl::string_view, 7> kWords = {
      "did not pass crc check",     "crc check failed",        "checksum failure",
      "binlog truncated",           "bogus data in log event", "event is corrupted",
      "corrupted replication event"};
  return SaysOneOf(status, kWords);
}

bool ServerIdTaken(const absl::Status& status) {
  constexpr std::array<absl::string_view, 2> kWords = {"same server_uuid/server_id",
                                                       "same server_id"};
  return SaysOneOf(status, kWords);
}

void ResumePoint::Start(const model::StreamOrigin& origin, const model::BinlogPosition& position) {
  executed_ = origin.executed;
  has_gtids_ = origin.has_gtids;
  anonymous_seen_ = false;
  position_ = position;
  const bool mariadb =
      origin.has_gtids && origin.server_id != 0 && origin.server_uuid == model::Uuid{};
  exact_position_ = mariadb && !position.file.empty();
}

void ResumePoint::GroupEnded(const model::Gtid& gtid, const model::BinlogPosition& end) {
  if (gtid.empty()) {
    anonymous_seen_ = true;
  } else {
    executed_.Add(gtid);
  }
  MovedTo(end);
}

void ResumePoint::OnOtherServer() {
  exact_position_ = false;
  position_ = {};
}

void ResumePoint::MovedTo(const model::BinlogPosition& position) {
  if (position.file.empty() || position.offset == 0) return;
  position_ = position;
}

StartPoint ResumePoint::Get() const {
  StartPoint point;
  point.kind = by_gtid() ? StartPoint::Kind::kGtid : StartPoint::Kind::kPosition;
  point.executed = executed_;
  point.position = position_;
  return point;
}

}  // namespace dcp::collector
