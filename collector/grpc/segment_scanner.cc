#include "collector/grpc/segment_scanner.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/status.h"

namespace dcp::collector {
namespace {

constexpr size_t kSearchBytes = size_t{1} << 20;

}  // namespace

absl::StatusOr<SegmentScanner> SegmentScanner::Open(FileIo& io, std::string path) {
  OpenFile file(io, path, O_RDONLY);
  if (!file.open()) return IoError(errno, "open", path);
  return SegmentScanner(std::move(file), std::move(path));
}

absl::StatusOr<SegmentScanner::Found> SegmentScanner::Next(uint64_t limit) {
  if (offset_ >= limit) return Found::kEnd;
  DCP_ASSIGN_OR_RETURN(const bool whole, ReadBlock(offset_, limit));
  if (!whole) return Found::kDamage;
  offset_ += BlockHeader::kBytes + header_.size;
  return Found::kBlock;
}

// The length is not believed before it fits into the file.
absl::StatusOr<bool> SegmentScanner::ReadBlock(uint64_t at, uint64_t limit) {
  if (limit - at < BlockHeader::kBytes) return false;
  DCP_ASSIGN_OR_RETURN(const std::string head, ReadAt(file_, at, BlockHeader::kBytes, path_));
  if (head.size() < BlockHeader::kBytes) return false;
  const std::optional<BlockHeader> header = BlockHeader::Parse(head);
  if (!header || header->size > limit - at - BlockHeader::kBytes) return false;
  DCP_ASSIGN_OR_RETURN(std::string body,
                       ReadAt(file_, at + BlockHeader::kBytes, header->size, path_));
  if (body.size() < header->size || !CheckBlock(head, body)) return false;
  header_ = *header;
  body_ = std::move(body);
  return true;
}

absl::StatusOr<bool> SegmentScanner::SkipDamage(uint64_t limit) {
  for (uint64_t at = offset_ + 1; at + BlockHeader::kBytes <= limit;) {
    const auto want = static_cast<size_t>(std::min<uint64_t>(kSearchBytes, limit - at));
    DCP_ASSIGN_OR_RETURN(const std::string bytes, ReadAt(file_, at, want, path_));
    for (size_t i = FindMagic(bytes, 0); i != std::string::npos; i = FindMagic(bytes, i + 1)) {
      DCP_ASSIGN_OR_RETURN(const bool whole, ReadBlock(at + i, limit));
      if (!whole) continue;
      offset_ = at + i;
      return true;
    }
    if (bytes.size() < kSearchBytes) return false;
    at += bytes.size() - BlockHeader::kBytes;  // one may lie over the edge
  }
  return false;
}

}  // namespace dcp::collector
