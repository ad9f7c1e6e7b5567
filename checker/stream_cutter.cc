#include "checker/stream_cutter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::checker {
namespace {

uint64_t BytesOf(const TxnRef& ref) {
  const model::Txn& txn = ref.get();
  uint64_t bytes = sizeof(model::Txn) + (txn.marks_end - txn.marks_begin) * sizeof(model::Mark);
  for (uint32_t i = txn.changes_begin; i < txn.changes_end; ++i) {
    const model::Change& change = (*ref.batch)->changes[i];
    bytes += sizeof(model::Change) + change.key_text.size + change.content.size;
  }
  return bytes;
}

bool IsLeftOut(const TxnRef& ref, const model::StreamOrigin* left_out) {
  return left_out != nullptr && WrittenOn(ref.get(), *left_out);
}

}  // namespace

void Chunk::AppendExact(const model::StreamOrigin* left_out, SegmentSide* side) const {
  for (const BatchHolder& batch : batches) side->KeepAlive(batch);
  for (size_t i = 0; i < txns.size(); ++i) {
    if (IsLeftOut(txns[i], left_out)) continue;
    const bool first = continued && i == 0;
    const bool ends_here = end == End::kBarrier && i + 1 == txns.size();
    AppendItems(txns[i], first ? begin : BeginOf(txns[i].get()),
                ends_here ? last : EndOf(txns[i].get()), side);
  }
}

void Chunk::AppendWhole(const model::StreamOrigin* left_out, SegmentSide* side) const {
  for (const BatchHolder& batch : batches) side->KeepAlive(batch);
  for (size_t i = first_own_txn(); i < txns.size(); ++i) {
    if (!IsLeftOut(txns[i], left_out)) AppendItems(txns[i], side);
  }
}

model::GtidSet Chunk::Gtids() const {
  model::GtidSet gtids;
  for (size_t i = first_own_txn(); i < txns.size(); ++i) {
    const model::Txn& txn = txns[i].get();
    if (!txn.gtid.empty()) gtids.Add(txn.gtid);
  }
  return gtids;
}

std::string Chunk::BarrierName() const {
  if (!gtid.empty()) return model::ToString(gtid);
  const TxnRef& ref = txns.back();
  const model::Txn& txn = ref.get();
  if (txn.end_offset == 0) return "";
  return absl::StrCat((*ref.batch)->files[txn.file], ":", txn.end_offset);
}

void StreamCutter::Open(model::StreamOrigin origin, absl::Duration now) {
  open().origin = std::move(origin);
  open().end = Chunk::End::kOrigin;
  open().ended_at = now;
  chunks_.emplace_back();
  opened_ = true;
  changes_since_barrier_ = 0;
}

void StreamCutter::Append(model::ChangeBatchPtr batch, absl::Duration now) {
  const auto holder = std::make_shared<const model::ChangeBatchPtr>(std::move(batch));
  for (uint32_t i = 0; i < (*holder)->txns.size(); ++i) AppendTxn(holder, i, now);
}

Chunk StreamCutter::PopFront() {
  Chunk chunk = std::move(chunks_.front());
  chunks_.pop_front();
  pending_bytes_ -= chunk.bytes;
  if (chunk.end == Chunk::End::kBarrier) --barriers_;
  return chunk;
}

const Chunk* StreamCutter::oldest_barrier(uint64_t above) const {
  // Only origins, which are rare, stand before it, or what a restart reads again.
  for (const Chunk& chunk : chunks_) {
    if (chunk.end == Chunk::End::kBarrier && chunk.offset > above) return &chunk;
  }
  return nullptr;
}

void StreamCutter::KeepAlive(const BatchHolder& holder) {
  if (open().batches.empty() || open().batches.back() != holder) open().batches.push_back(holder);
}

void StreamCutter::AppendTxn(const BatchHolder& holder, uint32_t index, absl::Duration now) {
  const TxnRef ref{holder.get(), index};
  const model::Txn& txn = ref.get();
  const uint64_t bytes = BytesOf(ref);
  KeepAlive(holder);
  open().txns.push_back(ref);
  open().bytes += bytes;
  pending_bytes_ += bytes;
  CountUnbarred(txn, txn.changes_end - txn.changes_begin, now);
  for (uint32_t i = txn.marks_begin; i < txn.marks_end; ++i) {
    if ((*holder)->marks[i].kind == model::Mark::Kind::kBarrier) CutAtBarrier(holder, ref, i, now);
  }
}

void StreamCutter::CountUnbarred(const model::Txn& txn, uint32_t changes, absl::Duration now) {
  if (changes == 0) return;
  if (changes_since_barrier_ == 0) {
    unbarred_since_ = now;
    unbarred_span_ = absl::ZeroDuration();
    unbarred_first_micros_ = txn.timestamp_micros;
  } else if (unbarred_first_micros_ > 0) {
    const auto span = absl::Microseconds(txn.timestamp_micros - unbarred_first_micros_);
    unbarred_span_ = std::max(unbarred_span_, span);
  }
  changes_since_barrier_ += changes;
}

void StreamCutter::CutAtBarrier(const BatchHolder& holder, const TxnRef& ref, uint32_t mark,
                                absl::Duration now) {
  const model::Mark& barrier = (*holder)->marks[mark];
  const TxnPlace place{barrier.at, mark + 1};
  Chunk& closed = open();
  closed.end = Chunk::End::kBarrier;
  ++barriers_;
  closed.offset = barrier.barrier_offset;
  closed.gtid = ref.get().gtid;
  closed.place = barrier.place;
  closed.ended_at = now;
  closed.last = place;
  last_offset_ = barrier.barrier_offset;
  changes_since_barrier_ = 0;
  CountUnbarred(ref.get(), ref.get().changes_end - barrier.at, now);
  chunks_.emplace_back();
  const TxnPlace end = EndOf(ref.get());
  if (place.change == end.change && place.mark == end.mark) return;
  open().continued = true;
  open().begin = place;
  open().txns.push_back(ref);
  KeepAlive(holder);
}

}  // namespace dcp::checker
