#include "collector/mysql/start_point.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

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

bool PositionLost(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kFailedPrecondition) return false;
  // The server gives one number (1236) to all its refusals; its words differ.
  constexpr std::array<absl::string_view, 7> kWords = {
      "purged",                         // … has purged required binary logs / transactions
      "could not find first log file",  // the file is gone
      "has more gtids than the master", "has more gtids than the source", "impossible position",
      // MariaDB: … start from GTID 0-1-5, which is not in the master's binlog; … is missing
      // the GTID 0-1-5 requested by the slave
      "is not in the master's binlog", "is missing the gtid"};
  const std::string message = absl::AsciiStrToLower(status.message());
  for (const absl::string_view word : kWords) {
    if (absl::StrContains(message, word)) return true;
  }
  return false;
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
