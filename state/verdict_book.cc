#include "state/verdict_book.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "state/open_database.h"

namespace dcp::state {
namespace {

using model::SegmentActivity;

constexpr char kSelect[] =
    "SELECT number, check_name, target, epoch, from_barrier, to_barrier, kind, late, source_rows, "
    "target_rows, diff_count, known, unverified_reason, at FROM verdicts JOIN pairs USING (pair) ";

SegmentActivity ReadSegment(Statement& row) {
  SegmentActivity segment;
  segment.number = row.ReadUnsigned();
  segment.check = row.ReadText();
  segment.target = row.ReadText();
  segment.epoch = row.ReadUnsigned();
  segment.from = row.ReadUnsigned();
  segment.to = row.ReadUnsigned();
  segment.verdict = row.ReadText();
  segment.late = row.ReadInteger() != 0;
  segment.source_rows = row.ReadUnsigned();
  segment.target_rows = row.ReadUnsigned();
  segment.diff_count = row.ReadUnsigned();
  segment.known = row.ReadUnsigned();
  segment.unverified_reason = row.ReadText();
  segment.at = absl::FromUnixNanos(row.ReadInteger());
  return segment;
}

}  // namespace

absl::StatusOr<std::unique_ptr<VerdictBook>> VerdictBook::Open(const std::string& dir) {
  DCP_ASSIGN_OR_RETURN(auto db, OpenPresent(dir, Database::Mode::kReadOnly));
  return std::unique_ptr<VerdictBook>(new VerdictBook(std::move(db)));
}

absl::StatusOr<std::vector<SegmentActivity>> VerdictBook::Read(
    absl::string_view tail, const std::function<void(Statement&)>& bind) {
  DCP_ASSIGN_OR_RETURN(Statement select, db_->Prepare(absl::StrCat(kSelect, tail)));
  bind(select.Bind());
  std::vector<SegmentActivity> segments;
  while (true) {
    DCP_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return segments;
    segments.push_back(ReadSegment(select));
  }
}

// By the index of the pair's segments. Offsets from 2^63 on read as negative there: in an epoch
// that crosses that, those before are seen as the last ones.
absl::StatusOr<std::vector<SegmentActivity>> VerdictBook::Last(const std::string& check,
                                                               const std::string& target,
                                                               size_t most) {
  DCP_ASSIGN_OR_RETURN(
      std::vector<SegmentActivity> segments,
      Read(absl::StrCat("WHERE pair = (SELECT pair FROM pairs WHERE check_name = ? AND target = ?) "
                        "ORDER BY epoch DESC, from_barrier DESC, to_barrier DESC LIMIT ",
                        most),
           [&](Statement& to) { to.Text(check).Text(target); }));
  std::reverse(segments.begin(), segments.end());
  return segments;
}

absl::StatusOr<std::vector<SegmentActivity>> VerdictBook::After(uint64_t number, size_t most) {
  return Read(absl::StrCat("WHERE number > ? ORDER BY number LIMIT ", most),
              [&](Statement& to) { to.Unsigned(number); });
}

absl::StatusOr<uint64_t> VerdictBook::NewestNumber() {
  DCP_ASSIGN_OR_RETURN(const int64_t newest,
                       db_->ReadInteger("SELECT ifnull(max(number), 0) FROM verdicts"));
  return static_cast<uint64_t>(newest);
}

}  // namespace dcp::state
