// StreamCutter cuts one stream into chunks at every barrier mark and at every
// new origin. What the cuts mean (repetition, replay, epoch) is for the pairers.
//
// Thread-compatible. The queue grows with the changes that wait; the owner
// bounds it by slowing the intake.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "checker/segment.h"
#include "model/change_batch.h"
#include "model/gtid_set.h"

namespace dcp::checker {

// The stretch of a stream up to and including its end.
struct Chunk {
  enum class End : uint8_t { kOpen, kBarrier, kOrigin };

  std::vector<BatchHolder> batches;
  // A transaction with a barrier in its middle is the last of one chunk and the
  // first of the next; `continued` says that the first one is such.
  std::vector<TxnRef> txns;
  bool continued = false;
  TxnPlace begin;  // where the first transaction's part begins, if `continued`
  TxnPlace last;   // where the last transaction's part ends, if end is kBarrier
  uint64_t bytes = 0;

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
  // Which transaction of the stream the barrier is, by GTID or position; empty: not told.
  // REQUIRES: end is kBarrier
  std::string BarrierName() const;
};

class StreamCutter {
 public:
  void Open(model::StreamOrigin origin, absl::Duration now);
  void Append(model::ChangeBatchPtr batch, absl::Duration now);

  // Chunks not yet consumed; the last one is open, all others are ended.
  // References stay valid until PopFront().
  const std::deque<Chunk>& chunks() const { return chunks_; }
  const Chunk& front() const { return chunks_.front(); }
  bool has_closed() const { return chunks_.size() > 1; }
  // REQUIRES: has_closed()
  Chunk PopFront();

  // Chunks that a barrier ended.
  uint64_t barriers() const { return barriers_; }
  // The oldest of them, or the oldest with a higher offset than `above`; nullptr: none.
  const Chunk* oldest_barrier(uint64_t above = 0) const;

  bool opened() const { return opened_; }
  uint64_t pending_bytes() const { return pending_bytes_; }
  uint64_t last_offset() const { return last_offset_; }  // newest barrier seen, 0: none
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
