#include "collector/grpc/intake_block.h"

#include <utility>

#include "collector/grpc/little_endian.h"
#include "model/digest.h"

namespace dcp::collector {
namespace {

constexpr absl::string_view kMagic = "DCIB";
constexpr size_t kCheckAt = 8;  // in the header
constexpr size_t kCheckedFrom = kCheckAt + sizeof(uint64_t);
constexpr size_t kPartBytes = size_t{1} << 20;

// Of the header behind the check, the kind before it, and the body.
uint64_t Check(absl::string_view header, absl::string_view body) {
  std::string head(header.substr(0, kCheckAt));
  head.append(header.data() + kCheckedFrom, header.size() - kCheckedFrom);
  const model::Digest digest = model::Xxh3(body);
  PutNumber(digest.low, head);
  PutNumber(digest.high, head);
  return model::Xxh3(head).low;
}

bool HasNumber(EntryKind kind) {
  return kind == EntryKind::kNumbered || kind == EntryKind::kRefused;
}

}  // namespace

std::optional<BlockHeader> BlockHeader::Parse(absl::string_view header) {
  if (header.substr(0, kMagic.size()) != kMagic) return std::nullopt;
  header.remove_prefix(kMagic.size());
  uint32_t kind = 0;
  BlockHeader out;
  if (!TakeNumber(header, kind) || !TakeNumber(header, out.check) ||
      !TakeNumber(header, out.first) || !TakeNumber(header, out.durable) ||
      !TakeNumber(header, out.count) || !TakeNumber(header, out.size)) {
    return std::nullopt;
  }
  out.kind = BlockKind{kind};
  return out;
}

bool CheckBlock(absl::string_view header, absl::string_view body) {
  return GetNumber<uint64_t>(header.substr(kCheckAt)) == Check(header, body);
}

void PutBlock(const BlockHeader& header, absl::string_view body, std::string& out) {
  std::string head(kMagic);
  PutNumber(static_cast<uint32_t>(header.kind), head);
  PutNumber(uint64_t{0}, head);
  PutNumber(header.first, head);
  PutNumber(header.durable, head);
  PutNumber(header.count, head);
  PutNumber(static_cast<uint32_t>(body.size()), head);
  std::string check;
  PutNumber(Check(head, body), check);
  head.replace(kCheckAt, check.size(), check);
  out.append(head);
  out.append(body.data(), body.size());
}

size_t FindMagic(absl::string_view bytes, size_t from) { return bytes.find(kMagic, from); }

std::optional<EntriesBody> EntriesBody::Parse(absl::string_view body, uint32_t count) {
  EntriesBody out;
  if (!TakeText(body, out.session)) return std::nullopt;
  for (uint32_t i = 0; i < count; ++i) {
    uint8_t kind = 0;
    IntakeEntry entry;
    if (!TakeNumber(body, kind) || !TakeText(body, entry.bytes)) return std::nullopt;
    entry.kind = EntryKind{kind};
    if (HasNumber(entry.kind) && !TakeNumber(body, entry.number)) return std::nullopt;
    out.entries.push_back(entry);
  }
  if (!body.empty()) return std::nullopt;
  return out;
}

void IntakeBatch::Add(EntryKind kind, absl::string_view bytes, uint64_t number) {
  if (parts_.empty() || parts_.back().body.size() + bytes.size() > kPartBytes) {
    PutText(session_, parts_.emplace_back().body);
  }
  Part& part = parts_.back();
  PutNumber(static_cast<uint8_t>(kind), part.body);
  PutText(bytes, part.body);
  if (HasNumber(kind)) PutNumber(number, part.body);
  ++part.count;
  ++count_;
  bytes_ += bytes.size() + sizeof(uint64_t) * 2;
  if (number > last_number_) last_number_ = number;
}

void IntakeBatch::PutBlocks(uint64_t first, uint64_t durable, std::string& out) const {
  for (const Part& part : parts_) {
    BlockHeader header;
    header.first = first;
    header.durable = durable;
    header.count = part.count;
    PutBlock(header, part.body, out);
    first += part.count;
  }
}

}  // namespace dcp::collector
