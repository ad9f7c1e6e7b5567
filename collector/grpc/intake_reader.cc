#include "collector/grpc/intake_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::collector {
namespace {

using Found = SegmentScanner::Found;

// Of the file to be read when one at `number` is (0: none), for what begins at `next`.
size_t Choose(const std::vector<IntakeLog::Segment>& segments, uint64_t number, uint64_t next) {
  size_t chosen = 0;
  for (size_t i = 1; i < segments.size(); ++i) {
    if (segments[i].first <= next || segments[i].number == number) chosen = i;
  }
  return chosen;
}

}  // namespace

absl::StatusOr<std::optional<IntakeReader::Block>> IntakeReader::Next() {
  while (true) {
    const uint64_t end = log_.next();  // before segments(): what is before it stands in these
    if (next_ >= end) return std::nullopt;
    const std::vector<IntakeLog::Segment> segments = log_.segments();
    const size_t i = Choose(segments, number_, next_);
    DCP_RETURN_IF_ERROR(GoTo(segments[i]));
    const bool is_last = i + 1 == segments.size();
    DCP_ASSIGN_OR_RETURN(const Found found, scanner_->Next(segments[i].bytes));
    if (found == Found::kDamage) {
      damage_ = absl::StrCat(scanner_->path(), " at ", scanner_->offset());
      DCP_ASSIGN_OR_RETURN(const bool more, scanner_->SkipDamage(segments[i].bytes));
      if (more) continue;
    }
    const bool is_over =
        found != Found::kBlock || (!is_last && scanner_->header().first >= segments[i + 1].first);
    if (is_over && is_last) return Gap(end);
    if (is_over) {
      DCP_RETURN_IF_ERROR(GoTo(segments[i + 1]));
      continue;
    }
    if (scanner_->header().kind == BlockKind::kSnapshot) continue;
    if (scanner_->header().kind != BlockKind::kEntries) {
      return absl::FailedPreconditionError(
          absl::StrCat(scanner_->path(), " was written by a newer dcp: start that one"));
    }
    auto block = Take(EntriesBody::Parse(scanner_->body(), scanner_->header().count));
    if (block) return block;
  }
}

absl::Status IntakeReader::GoTo(const IntakeLog::Segment& segment) {
  if (number_ == segment.number) return absl::OkStatus();
  DCP_ASSIGN_OR_RETURN(scanner_, SegmentScanner::Open(log_.io(), log_.PathOf(segment.number)));
  number_ = segment.number;
  return absl::OkStatus();
}

// What stands before next_ was asked for by nobody; nullopt: all of it.
std::optional<IntakeReader::Block> IntakeReader::Take(std::optional<EntriesBody> body) {
  const BlockHeader& header = scanner_->header();
  if (!body) {
    damage_ = absl::StrCat(scanner_->path(), " before ", scanner_->offset());
    return std::nullopt;
  }
  if (header.first + header.count <= next_) return std::nullopt;
  Block block = header.first > next_ ? Gap(header.first) : Block{};
  damage_.clear();
  const uint64_t skip = next_ - header.first;
  body->entries.erase(body->entries.begin(), body->entries.begin() + static_cast<ptrdiff_t>(skip));
  block.first = next_;
  block.body = *std::move(body);
  next_ = header.first + header.count;
  return block;
}

IntakeReader::Block IntakeReader::Gap(uint64_t to) {
  Block block;
  block.lost = to - next_;
  block.damage = damage_.empty() ? "its file is not there" : std::exchange(damage_, "");
  block.first = next_ = to;
  return block;
}

}  // namespace dcp::collector
