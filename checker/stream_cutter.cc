#include "checker/stream_cutter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::checker {
namespace {

// Records are no larger, unless a transaction is: one record is in memory twice for a moment.
constexpr uint64_t kPartBytes = uint64_t{4} << 20;
// What an ended chunk takes besides its transactions: itself, its places and names, and what
// a queue of such takes.
constexpr uint64_t kChunkBytes = sizeof(Chunk) + 256;

bool IsLeftOut(const TxnRef& ref, const model::StreamOrigin* left_out) {
  return left_out != nullptr && WrittenOn(ref.get(), *left_out);
}

// What the vectors of a batch have room for beyond what is in them.
uint64_t SlackOf(const model::ChangeBatch& batch) {
  return (batch.bytes.capacity() - batch.bytes.size()) +
         (batch.statements.capacity() - batch.statements.size()) * sizeof(model::Statement) +
         (batch.changes.capacity() - batch.changes.size()) * sizeof(model::Change) +
         (batch.txns.capacity() - batch.txns.size()) * sizeof(model::Txn);
}

// A place from the transaction's begin on, and back.
TxnPlace Relative(TxnPlace place, const model::Txn& txn) {
  return {place.change - txn.changes_begin, place.mark - txn.marks_begin};
}
TxnPlace Absolute(TxnPlace place, const model::Txn& txn) {
  return {place.change + txn.changes_begin, place.mark + txn.marks_begin};
}

}  // namespace

uint64_t BytesOf(const TxnRef& ref) {
  const model::Txn& txn = ref.get();
  uint64_t bytes = sizeof(model::Txn) + sizeof(TxnRef) + txn.pushed_id.size();
  for (uint32_t i = txn.marks_begin; i < txn.marks_end; ++i) {
    const model::Mark& mark = (*ref.batch)->marks[i];
    bytes += sizeof(model::Mark) + mark.table.size() + mark.reason.size() + mark.detail.size();
    if (mark.place != nullptr) bytes += mark.place->size();
  }
  for (const model::Statement& statement : (*ref.batch)->StatementsOf(txn)) {
    bytes += sizeof(statement) + statement.text.size;
  }
  for (uint32_t i = txn.changes_begin; i < txn.changes_end; ++i) {
    const model::Change& change = (*ref.batch)->changes[i];
    bytes += sizeof(model::Change) + change.key_text.size + change.content.size;
  }
  return bytes;
}

void Chunk::AppendExact(const model::StreamOrigin* left_out, SegmentSide* side) const {
  for (const BatchHolder& batch : batches) side->KeepAlive(batch);
  side->bytes += bytes;
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
  side->bytes += bytes;
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

std::vector<DomainStretch> Chunk::DomainStretches() const {
  if (!spilled.empty()) return spilled_stretches;
  std::vector<DomainStretch> stretches;
  for (size_t i = first_own_txn(); i < txns.size(); ++i) {
    const model::Gtid& gtid_here = txns[i].get().gtid;
    if (!gtid_here.source.mariadb()) continue;
    const auto newest =
        std::find_if(stretches.rbegin(), stretches.rend(), [&](const DomainStretch& stretch) {
          return stretch.last.source.domain == gtid_here.source.domain;
        });
    if (newest != stretches.rend() && newest->last.source == gtid_here.source) {
      newest->last = gtid_here;
      ++newest->transactions;
    } else {
      stretches.push_back({gtid_here, gtid_here, 1});
    }
  }
  return stretches;
}

std::string Chunk::BarrierName() const {
  if (!gtid.empty()) return model::ToString(gtid);
  if (txns.empty()) return "";
  const TxnRef& ref = txns.back();
  const model::Txn& txn = ref.get();
  if (txn.end_offset == 0) return "";
  return absl::StrCat((*ref.batch)->files[txn.file], ":", txn.end_offset);
}

void StreamCutter::Open(model::StreamOrigin origin, absl::Duration now) {
  if (!status_.ok()) return;
  open().origin = std::move(origin);
  open().end = Chunk::End::kOrigin;
  open().ended_at = now;
  BeginChunk();
  opened_ = true;
  changes_since_barrier_ = 0;
}

void StreamCutter::Append(model::ChangeBatchPtr batch, absl::Duration now) {
  if (!status_.ok()) return;
  const auto holder = std::make_shared<const model::ChangeBatchPtr>(std::move(batch));
  const uint64_t slack = SlackOf(**holder);
  open().bytes += slack;
  pending_bytes_ += slack;
  resident_bytes_ += slack;
  for (uint32_t i = 0; i < (*holder)->txns.size(); ++i) AppendTxn(holder, i, now);
}

void StreamCutter::BeginChunk() {
  if (chunks_.size() > 1 && CanSpill(open())) ++can_spill_;
  open().bytes += kChunkBytes;
  pending_bytes_ += kChunkBytes;
  resident_bytes_ += kChunkBytes;
  chunks_.emplace_back();
}

Chunk StreamCutter::PopFront() {
  if (!has_closed()) return Chunk();
  Chunk chunk = std::move(chunks_.front());
  chunks_.pop_front();
  pending_bytes_ -= chunk.bytes;
  resident_bytes_ -= chunk.bytes;
  if (chunk.end == Chunk::End::kBarrier) --barriers_;
  LoadFront();
  return chunk;
}

// --- the store ---

absl::Status StreamCutter::Spill(uint64_t bytes) {
  if (store_ == nullptr) return absl::OkStatus();
  const uint64_t enough = resident_bytes_ - std::min(resident_bytes_, bytes);
  for (size_t i = chunks_.size() - 1; i-- > 1 && can_spill_ > 0 && resident_bytes_ > enough;) {
    if (CanSpill(chunks_[i])) DCP_RETURN_IF_ERROR(SpillOne(&chunks_[i]));
  }
  return absl::OkStatus();
}

absl::Status StreamCutter::SpillOne(Chunk* chunk) {
  DCP_ASSIGN_OR_RETURN(auto tickets, WriteParts(*chunk));
  chunk->spilled_stretches = chunk->DomainStretches();
  if (chunk->continued) chunk->begin = Relative(chunk->begin, chunk->txns.front().get());
  if (chunk->end == Chunk::End::kBarrier) {
    chunk->last = Relative(chunk->last, chunk->txns.back().get());
  }
  chunk->spilled = std::move(tickets);
  std::vector<BatchHolder>().swap(chunk->batches);
  std::vector<TxnRef>().swap(chunk->txns);
  --can_spill_;
  ++spilled_chunks_;
  for (const model::SpillTicket& ticket : chunk->spilled) spilled_bytes_ += ticket.size;
  resident_bytes_ -= chunk->bytes - kChunkBytes;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<model::SpillTicket>> StreamCutter::WriteParts(const Chunk& chunk) {
  std::vector<model::SpillTicket> tickets;
  std::vector<TxnRef> part;
  uint64_t part_bytes = 0;
  for (size_t i = 0; i < chunk.txns.size(); ++i) {
    part.push_back(chunk.txns[i]);
    part_bytes += BytesOf(chunk.txns[i]);
    if (part_bytes < kPartBytes && i + 1 < chunk.txns.size()) continue;
    auto ticket = store_->Write(EncodeTxns(part, &tables_));
    if (!ticket.ok()) {
      DropAll(tickets);
      return ticket.status();
    }
    tickets.push_back(*ticket);
    part.clear();
    part_bytes = 0;
  }
  return tickets;
}

void StreamCutter::DropAll(const std::vector<model::SpillTicket>& tickets) {
  for (const model::SpillTicket& ticket : tickets) store_->Drop(ticket);
}

void StreamCutter::LoadFront() {
  Chunk& chunk = chunks_.front();
  if (chunk.spilled.empty()) {
    if (chunk.end != Chunk::End::kOpen && CanSpill(chunk)) --can_spill_;
    return;
  }
  absl::Status loaded = Load(&chunk);
  if (!loaded.ok()) Fail(std::move(loaded));
}

absl::Status StreamCutter::Load(Chunk* chunk) {
  for (const model::SpillTicket& ticket : chunk->spilled) {
    DCP_ASSIGN_OR_RETURN(const std::string bytes, store_->Read(ticket));
    DCP_ASSIGN_OR_RETURN(model::ChangeBatchPtr batch, DecodeTxns(bytes, tables_));
    const auto holder = std::make_shared<const model::ChangeBatchPtr>(std::move(batch));
    chunk->batches.push_back(holder);
    for (uint32_t i = 0; i < (*holder)->txns.size(); ++i) chunk->txns.push_back({holder.get(), i});
  }
  if (chunk->txns.empty()) return absl::DataLossError("a segment has come back empty");
  if (chunk->continued) chunk->begin = Absolute(chunk->begin, chunk->txns.front().get());
  if (chunk->end == Chunk::End::kBarrier) {
    chunk->last = Absolute(chunk->last, chunk->txns.back().get());
  }
  const std::vector<model::SpillTicket> tickets = std::exchange(chunk->spilled, {});
  chunk->spilled_stretches.clear();
  --spilled_chunks_;
  for (const model::SpillTicket& ticket : tickets) spilled_bytes_ -= ticket.size;
  resident_bytes_ += chunk->bytes - kChunkBytes;
  DropAll(tickets);
  return absl::OkStatus();
}

void StreamCutter::Fail(absl::Status status) {
  status_ = std::move(status);
  chunks_.clear();
  chunks_.emplace_back();
  barriers_ = can_spill_ = spilled_chunks_ = spilled_bytes_ = 0;
  pending_bytes_ = resident_bytes_ = 0;
  changes_since_barrier_ = 0;
}

// --- cutting ---

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
  resident_bytes_ += bytes;
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
  BeginChunk();
  const TxnPlace end = EndOf(ref.get());
  if (place.change == end.change && place.mark == end.mark) return;
  open().continued = true;
  open().begin = place;
  open().txns.push_back(ref);
  KeepAlive(holder);
}

}  // namespace dcp::checker
