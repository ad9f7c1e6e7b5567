// StreamCutter cuts one stream into chunks at every barrier mark and at every
// new origin. What the cuts mean (repetition, replay, epoch) is for the pairers.
//
// Thread-compatible. The queue grows with the changes that wait; the owner bounds what of
// it is in memory by Spill(), and by slowing the intake.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "checker/chunk_bytes.h"
#include "checker/segment.h"
#include "model/change_batch.h"
#include "model/gtid_set.h"
#include "model/ports/spill_store.h"

namespace dcp::checker {

// MariaDB's transactions of one server that follow each other within a domain.
struct DomainStretch {
  model::Gtid first, last;
  uint64_t transactions = 0;
};

// Bytes that a transaction takes in memory.
uint64_t BytesOf(const TxnRef& ref);

// The stretch of a stream up to and including its end.
struct Chunk {
  enum class End : uint8_t { kOpen, kBarrier, kOrigin };

  std::vector<BatchHolder> batches;
  // A transaction with a barrier in its middle is the last of one chunk and the
  // first of the next; `continued` says that the first one is such.
  std::vector<TxnRef> txns;
  bool continued = false;
  // Both from the transaction's begin on while it is in the store.
  TxnPlace begin;      // where the first transaction's part begins, if `continued`
  TxnPlace last;       // where the last transaction's part ends, if end is kBarrier
  uint64_t bytes = 0;  // in memory, when its transactions are there
  // Not empty: its transactions are in the store, and `batches` and `txns` are empty.
  std::vector<model::SpillTicket> spilled;
  std::vector<DomainStretch> spilled_stretches;

  End end = End::kOpen;
  uint64_t offset = 0;         // kBarrier
  model::Gtid gtid;            // kBarrier: of the barrier's transaction
  model::Place place;          // kBarrier: shows that transaction again
  model::StreamOrigin origin;  // kOrigin: what begins behind this chunk
  absl::Duration ended_at;     // monotonic

  // Both leave out what was written on the server behind `left_out`; nullptr: nothing.
  // Cut exactly at the barrier marks.
  void AppendExact(const model::StreamOrigin* left_out, SegmentSide* side) const;
  // Whole transactions: each belongs to the chunk that it begins in.
  void AppendWhole(const model::StreamOrigin* left_out, SegmentSide* side) const;
  // Transactions that begin in this chunk start at this index of `txns`.
  size_t first_own_txn() const { return continued ? 1 : 0; }
  // GTIDs of the transactions that begin in this chunk.
  model::GtidSet Gtids() const;
  // Of the transactions that begin in it, also of one in the store.
  std::vector<DomainStretch> DomainStretches() const;
  // Which transaction of the stream the barrier is, by GTID or position; empty: not told.
  // REQUIRES: end is kBarrier
  std::string BarrierName() const;
};

class StreamCutter {
 public:
  void Open(model::StreamOrigin origin, absl::Duration now);
  void Append(model::ChangeBatchPtr batch, absl::Duration now);

  // Chunks not yet consumed; the last one is open, all others are ended. What of them is in
  // the store has no transactions here; the front is never there.
  // References stay valid until PopFront().
  const std::deque<Chunk>& chunks() const { return chunks_; }
  const Chunk& front() const { return chunks_.front(); }
  bool has_closed() const { return chunks_.size() > 1; }
  // REQUIRES: has_closed(), or !status().ok(): then it is an empty one
  Chunk PopFront();

  // From now on ended chunks can be put into `store`.
  void SetStore(std::unique_ptr<model::SpillStore> store) { store_ = std::move(store); }
  // Puts ended chunks into the store, those that are needed last first, until so many bytes
  // are freed or none is left. Not OK: what the store says; the rest stays in memory.
  absl::Status Spill(uint64_t bytes);
  // Not OK: a chunk could not be had again from the store. Nothing more comes out of this.
  const absl::Status& status() const { return status_; }

  // Chunks that a barrier ended.
  uint64_t barriers() const { return barriers_; }
  // The oldest of them, or the oldest with a higher offset than `above`; nullptr: none.
  const Chunk* oldest_barrier(uint64_t above = 0) const;

  bool opened() const { return opened_; }
  uint64_t pending_bytes() const { return pending_bytes_; }
  // Of those, what is in memory, and what each chunk in the store still takes there.
  uint64_t resident_bytes() const { return resident_bytes_; }
  uint64_t spilled_chunks() const { return spilled_chunks_; }
  uint64_t spilled_bytes() const { return spilled_bytes_; }  // in the store
  uint64_t last_offset() const { return last_offset_; }      // newest barrier seen, 0: none
  // Changes seen since the newest barrier or origin.
  uint64_t changes_since_barrier() const { return changes_since_barrier_; }
  // When the first of them came, and how much later than it the last was committed, as the stream
  // tells it: what held up the reading is not in it. REQUIRES: changes_since_barrier() > 0
  absl::Duration unbarred_since() const { return unbarred_since_; }
  absl::Duration unbarred_span() const { return unbarred_span_; }

 private:
  Chunk& open() { return chunks_.back(); }
  void AppendTxn(const BatchHolder& holder, uint32_t index, absl::Duration now);
  void CutAtBarrier(const BatchHolder& holder, const TxnRef& ref, uint32_t mark,
                    absl::Duration now);
  void CountUnbarred(const model::Txn& txn, uint32_t changes, absl::Duration now);
  void KeepAlive(const BatchHolder& holder);
  // The last chunk has ended: another one is open.
  void BeginChunk();
  // It is behind the front, ended, and has transactions in memory.
  static bool CanSpill(const Chunk& chunk) { return chunk.spilled.empty() && !chunk.txns.empty(); }
  absl::Status SpillOne(Chunk* chunk);
  absl::StatusOr<std::vector<model::SpillTicket>> WriteParts(const Chunk& chunk);
  void DropAll(const std::vector<model::SpillTicket>& tickets);
  // The chunk that has become the front is in memory after this.
  void LoadFront();
  absl::Status Load(Chunk* chunk);
  void Fail(absl::Status status);

  std::unique_ptr<model::SpillStore> store_;  // null: there is none
  TableNumbers tables_;
  absl::Status status_;
  uint64_t can_spill_ = 0;  // chunks
  uint64_t spilled_chunks_ = 0, spilled_bytes_ = 0;
  uint64_t resident_bytes_ = 0;
  std::deque<Chunk> chunks_ = std::deque<Chunk>(1);
  uint64_t barriers_ = 0;
  uint64_t pending_bytes_ = 0;
  uint64_t last_offset_ = 0;
  uint64_t changes_since_barrier_ = 0;
  absl::Duration unbarred_since_, unbarred_span_;
  int64_t unbarred_first_micros_ = 0;  // commit time; 0: not told
  bool opened_ = false;
};

}  // namespace dcp::checker
