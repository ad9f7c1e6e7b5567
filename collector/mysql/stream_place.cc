#include "collector/mysql/stream_place.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "mysql/binlog_place.h"

namespace dcp::collector {
namespace {

constexpr absl::string_view kGtid = "gtid", kPosition = "position";

absl::Status Unreadable(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("a stream's place cannot be read: ", what));
}

model::GtidSet Intersection(const model::GtidSet& a, const model::GtidSet& b) {
  model::GtidSet only_a = a;
  only_a.Subtract(b);
  model::GtidSet both = a;
  both.Subtract(only_a);
  return both;
}

}  // namespace

std::string StreamPlace::ToText() const {
  const bool by_gtid = start.kind == StartPoint::Kind::kGtid;
  std::string text = absl::StrCat(model::ToString(server_uuid), "\n", server_id, "\n",
                                  by_gtid ? kGtid : kPosition, "\n", start.executed.ToString());
  if (!by_gtid) absl::StrAppend(&text, "\n", start.position.offset, "\n", start.position.file);
  return text;
}

absl::StatusOr<StreamPlace> StreamPlace::Parse(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, absl::MaxSplits('\n', 5));
  if (lines.size() < 4) return Unreadable("it has fewer than 4 lines");
  StreamPlace place;
  DCP_ASSIGN_OR_RETURN(place.server_uuid, model::ParseUuid(lines[0]));
  if (!absl::SimpleAtoi(lines[1], &place.server_id)) return Unreadable("the server id");
  DCP_ASSIGN_OR_RETURN(place.start.executed, model::GtidSet::Parse(lines[3]));
  if (lines[2] == kGtid && lines.size() == 4) {
    place.start.kind = StartPoint::Kind::kGtid;
    return place;
  }
  if (lines[2] != kPosition || lines.size() != 6 || lines[5].empty()) {
    return Unreadable("it has neither GTIDs nor a position");
  }
  place.start.kind = StartPoint::Kind::kPosition;
  if (!absl::SimpleAtoi(lines[4], &place.start.position.offset)) return Unreadable("the offset");
  place.start.position.file = std::string(lines[5]);
  return place;
}

std::optional<StreamPlace> Earliest(const StreamPlace& a, const StreamPlace& b) {
  if (a.start.kind != b.start.kind) return std::nullopt;
  if (a.start.kind == StartPoint::Kind::kGtid) {
    StreamPlace place = a;
    place.start.executed = Intersection(a.start.executed, b.start.executed);
    return place;
  }
  if (a.server_uuid != b.server_uuid || a.server_id != b.server_id) return std::nullopt;
  return mysql::AtOrAfter(a.start.position, b.start.position) ? b : a;
}

}  // namespace dcp::collector
