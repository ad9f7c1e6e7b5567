#include "mysql/gtid_codec.h"

#include <algorithm>

#include "base/status.h"
#include "mysql/serialization.h"

namespace dcp::mysql {
namespace {

constexpr uint64_t kTaggedFormat = 1;

void AppendLe64(uint64_t value, std::string* out) {
  for (int i = 0; i < 8; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

absl::Status Damaged() { return absl::DataLossError("damaged GTID set"); }

bool ReadLabel(ByteReader* reader, std::string* label) {
  const absl::string_view text = AsText(reader->Take(ReadVarlenUint(reader)));
  *label = std::string(text);
  return reader->ok() && (text.empty() || model::IsGtidLabel(text));
}

bool ReadIntervals(ByteReader* reader, const model::GtidSource& source, model::GtidSet* set) {
  const uint64_t count = reader->U64();
  if (!reader->ok() || count > reader->left() / 16) return false;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t first = reader->U64();
    const uint64_t end = reader->U64();
    if (first < 1 || end <= first || end > uint64_t{1} << 63) return false;
    set->AddInterval(source, {first, end - 1});
  }
  return true;
}

bool ReadSource(ByteReader* reader, bool tagged, model::GtidSet* set) {
  model::GtidSource source;
  const Bytes uuid = reader->Take(source.uuid.size());
  if (!reader->ok()) return false;
  std::copy(uuid.begin(), uuid.end(), source.uuid.begin());
  if (tagged && !ReadLabel(reader, &source.label)) return false;
  return ReadIntervals(reader, source, set);
}

}  // namespace

std::string EncodeGtidSet(const model::GtidSet& set) {
  const auto& sources = set.sources();
  const bool tagged = std::any_of(sources.begin(), sources.end(),
                                  [](const auto& entry) { return !entry.first.label.empty(); });
  std::string out;
  const uint64_t count = sources.size();
  AppendLe64(tagged ? kTaggedFormat | count << 8 | kTaggedFormat << 56 : count, &out);
  for (const auto& [source, intervals] : sources) {
    out.append(reinterpret_cast<const char*>(source.uuid.data()), source.uuid.size());
    if (tagged) {
      AppendVarlenUint(source.label.size(), &out);
      out += source.label;
    }
    AppendLe64(intervals.size(), &out);
    for (const model::GtidSet::Interval& interval : intervals) {
      AppendLe64(interval.first, &out);
      AppendLe64(interval.last + 1, &out);
    }
  }
  return out;
}

absl::StatusOr<model::GtidSet> DecodeGtidSet(Bytes bytes) {
  ByteReader reader(bytes);
  uint64_t count = reader.U64();
  const uint64_t format = count >> 56;
  if (format > kTaggedFormat) return Damaged();
  const bool tagged = format == kTaggedFormat;
  if (tagged) count = count >> 8 & 0xffffffffffff;
  if (!reader.ok() || count > reader.left() / 16) return Damaged();
  model::GtidSet set;
  for (uint64_t i = 0; i < count; ++i) {
    if (!ReadSource(&reader, tagged, &set)) return Damaged();
  }
  if (!reader.ok() || reader.left() != 0) return Damaged();
  return set;
}

model::GtidPosition PositionBehind(const model::GtidSet& set) {
  model::GtidPosition position;
  for (const auto& [source, intervals] : set.sources()) {
    if (!source.mariadb()) continue;
    const uint64_t last = intervals.back().last;
    const auto known = position.last().find(source.domain);
    if (known == position.last().end() || known->second.number < last) {
      position.Advance({source, last});
    }
  }
  return position;
}

}  // namespace dcp::mysql
