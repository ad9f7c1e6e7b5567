#include "collector/mysql/stream_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mysql/binlog_place.h"

namespace dcp::collector {
namespace {

constexpr uint8_t kFormatDescriptionEvent = 15;

std::string Text(const model::BinlogPosition& place) {
  return absl::StrCat(place.file, ":", place.offset);
}

}  // namespace

void StreamWatch::Begin(bool goes_on) {
  place_ = {};
  goes_on_ = goes_on;
  stuck_since_.reset();
}

absl::Status StreamWatch::Saw(const mysql::BinlogEvent& event) {
  if (!event.end.file.empty()) {
    if (place_.file != event.end.file) place_.file = event.end.file;
    place_.offset = event.end.offset;
  }
  if (event.type_code != kFormatDescriptionEvent) return absl::OkStatus();
  return SawFile(event.timestamp_micros);
}

// The time in a format description's header is that of the file's creation. A stream never goes on
// in an earlier file, by GTID neither.
absl::Status StreamWatch::SawFile(int64_t created_micros) {
  const std::string before = std::exchange(file_, place_.file);
  const int64_t created_before = std::exchange(created_micros_, created_micros);
  if (!std::exchange(goes_on_, false) || before.empty()) return absl::OkStatus();
  const bool other = file_ == before ? created_micros_ != created_before
                                     : mysql::FileNumber(file_) < mysql::FileNumber(before);
  if (!other) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(before, " was read before, and ", file_,
                   " came now, which is older or another file of that name: an impossible "
                   "position; the binlog was reset"));
}

absl::Status StreamWatch::Ends(const model::BinlogPosition& end, bool silent, absl::Duration now) {
  if (end.file.empty() || place_.file.empty()) return absl::OkStatus();
  // A binlog never ends before what was read of it.
  if (!mysql::AtOrAfter(end, place_)) {
    return absl::FailedPreconditionError(
        absl::StrCat(Text(place_), " is an impossible position now: the server's binlog ends at ",
                     Text(end), "; it was reset"));
  }
  if (!silent || end == place_) {
    stuck_since_.reset();
  } else if (!stuck_since_.has_value() || !(stuck_at_ == place_)) {
    stuck_at_ = place_;
    stuck_since_ = now;
  } else if (now - *stuck_since_ >= kPatience) {
    return absl::UnavailableError(absl::StrCat("the server's binlog ends at ", Text(end),
                                               ", but behind ", Text(place_),
                                               " nothing comes on this connection"));
  }
  return absl::OkStatus();
}

}  // namespace dcp::collector
