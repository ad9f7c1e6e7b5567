#include "collector/grpc/batch_builder.h"

#include <limits>
#include <string>
#include <utility>

#include "model/digest.h"
#include "row/pushed.h"

namespace dcp::collector {
namespace {

uint32_t Size32(size_t size) { return static_cast<uint32_t>(size); }

// Saturates: a client that sends nanoseconds gets a time far in the future.
int64_t ToMicros(uint64_t seconds) {
  constexpr uint64_t kPerSecond = 1'000'000;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(seconds > kMax / kPerSecond ? kMax : seconds * kPerSecond);
}

}  // namespace

void BatchBuilder::AddBarrier(absl::string_view id, uint64_t seconds, uint64_t offset,
                              model::Place place) {
  model::Mark& mark = batch().marks.emplace_back();
  mark.kind = model::Mark::Kind::kBarrier;
  mark.at = Size32(batch().changes.size());
  mark.barrier_offset = offset;
  mark.place = std::move(place);
  bytes_ += sizeof(model::Mark);
  AddTxn(id, seconds);
}

void BatchBuilder::AddChange(absl::string_view id, uint64_t seconds, absl::string_view key,
                             absl::string_view content, absl::string_view checksum) {
  const row::PushedVersions pushed = row::InterpretPushed(content, checksum);
  model::Change& change = batch().changes.emplace_back();
  change.key = model::Xxh3(key);
  change.op = pushed.op;
  change.before = pushed.before;
  change.after = pushed.after;
  change.key_text = Store(key);
  if (capture_) change.content = StoreContent(content);
  bytes_ += sizeof(model::Change);
  AddTxn(id, seconds);
}

model::ChangeBatchPtr BatchBuilder::Take() {
  bytes_ = 0;
  return std::exchange(batch_, nullptr);
}

model::ChangeBatch& BatchBuilder::batch() {
  if (batch_ == nullptr) batch_ = std::make_shared<model::ChangeBatch>();
  return *batch_;
}

model::Slice BatchBuilder::Store(absl::string_view text) {
  std::string& bytes = batch().bytes;
  const model::Slice slice{Size32(bytes.size()), Size32(text.size())};
  bytes.append(text.data(), text.size());
  bytes_ += text.size();
  return slice;
}

model::Slice BatchBuilder::StoreContent(absl::string_view content) {
  const model::Slice kind = Store(absl::string_view(&model::kPushedText, 1));
  const model::Slice text = Store(content);
  return {kind.offset, kind.size + text.size};
}

// The transaction holds what was added to the batch since the one before.
void BatchBuilder::AddTxn(absl::string_view id, uint64_t seconds) {
  model::ChangeBatch& batch = this->batch();
  const bool first = batch.txns.empty();
  const uint32_t changes_begin = first ? 0 : batch.txns.back().changes_end;
  const uint32_t marks_begin = first ? 0 : batch.txns.back().marks_end;
  model::Txn& txn = batch.txns.emplace_back();
  txn.pushed_id = std::string(id);
  txn.timestamp_micros = ToMicros(seconds);
  txn.changes_begin = changes_begin;
  txn.changes_end = Size32(batch.changes.size());
  txn.marks_begin = marks_begin;
  txn.marks_end = Size32(batch.marks.size());
  bytes_ += sizeof(model::Txn) + id.size();
}

void AddMessage(const Message& message, model::Place place, BatchBuilder& builder) {
  if (message.has_payload()) {
    builder.AddChange(message.id(), message.timestamp(), message.payload().id(),
                      message.payload().content(), message.checksum());
  } else {
    builder.AddBarrier(message.id(), message.timestamp(), message.barrier(), std::move(place));
  }
}

}  // namespace dcp::collector
