// GtidPairer: align = gtid. A target transaction belongs to the source segment
// that holds its GTID, wherever it stands; a segment is closed when all of its
// GTIDs have come (MySQL), or have passed (MariaDB: DomainProgress).
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "checker/domain_progress.h"
#include "checker/pairer.h"
#include "model/gtid_set.h"

namespace dcp::checker {

class GtidPairer final : public Pairer {
 public:
  GtidPairer(Origin origin, StreamCutter* source, StreamCutter* target);

  void Advance(std::vector<PairEvent>* events) override;
  Align align() const override { return Align::kGtid; }
  const std::string& align_reason() const override { return reason_; }
  std::optional<Waiting> waiting() const override;
  bool needs_source() const override { return !needs_target(); }
  bool needs_target() const override { return running_ ? source_closed_ : candidate_.has_value(); }
  uint64_t held_target_bytes() const override { return held_bytes_; }
  uint64_t work_bytes() const override { return pair_.source.bytes; }
  std::optional<TargetPlace> held_target_from() const override;
  model::GtidSet JudgedAhead(uint64_t said_to, uint64_t ordinal) override;
  uint64_t dropped_changes() const override { return dropped_; }

 private:
  struct SourceBarrier {
    uint64_t offset = 0;
    model::Gtid gtid;
    absl::Duration at;
    std::string name = {};  // as CommonBarrier
    model::Place place = {};
  };
  // A barrier as the target shows it.
  struct ShownBarrier {
    uint64_t offset = 0;
    TargetPlace place;
  };
  // A target transaction that has come and is not in a segment yet.
  struct Arrival {
    BatchHolder batch;
    uint32_t txn = 0;
    uint64_t barriers_before = 0;  // target barriers that came before it
    model::Place from;             // stands before it
    bool own = false;              // the target's own write
    // Of an own transaction, the changes that wait for a later segment; empty: all of it.
    std::vector<Item> rest;
    uint64_t bytes = 0;

    TxnRef ref() const { return {batch.get(), txn}; }
    const model::Gtid& gtid() const { return ref().get().gtid; }
  };
  // An own transaction whose last changes are in the segment that ends at barrier `segment`.
  struct OwnPlaced {
    uint64_t segment = 0;
    uint64_t ordinal = 0;  // Arrival::barriers_before
    model::Gtid gtid;
  };
  enum class Place : uint8_t { kHere, kHereOwn, kBefore, kLater };

  bool Seek(std::vector<PairEvent>* events);
  bool Run(std::vector<PairEvent>* events);

  bool FindCandidate(std::vector<PairEvent>* events);
  void SetCandidate(SourceBarrier barrier);
  bool AcceptCandidate(std::vector<PairEvent>* events);
  void BeginSource(const model::StreamOrigin& origin);
  void DropOwnBeforeCandidate();
  bool CloseSource(std::vector<PairEvent>* events);
  // Takes target transactions until `enough` of what is awaited has come.
  // False: more must come first, or the target's stream begins anew there.
  template <typename Enough>
  bool ConsumeTargetUntil(Enough enough);
  void AddTransaction(const BatchHolder& batch, const TxnRef& ref);
  void NoteMarks(const TxnRef& ref);
  void AddArrival(const BatchHolder& batch, const TxnRef& ref);
  void AddBarrier(const model::Gtid& gtid, const model::Mark& barrier);
  bool target_begins_anew() const;
  void PassTargetOrigin(std::vector<PairEvent>* events);
  static SourceBarrier BarrierOf(const Chunk& chunk);
  CommonBarrier Common(const SourceBarrier& source, const ShownBarrier& target) const;

  void Announce(std::vector<PairEvent>* events);
  void AnnounceShortRun(const model::GtidSet& rest, std::vector<PairEvent>* events);
  void MissedByTarget(const SourceBarrier& barrier);
  void EmitSegment(std::vector<PairEvent>* events);
  void GatherTarget(SegmentSide* side, std::optional<TargetPlace>* from);
  Place PlaceOf(const Arrival& arrival) const;
  bool IsForeign(const Arrival& arrival, uint64_t end) const;
  bool FollowedBy(uint64_t barriers, const Arrival& arrival, uint64_t end) const;
  bool SourcePassedBy(const model::Gtid& gtid) const;
  bool MayOvertakeBarriers(const model::Gtid& gtid) const;
  void SourceExecuted(const model::GtidSet& gtids);
  void NoteServers(const model::GtidSet& gtids);
  void NoteNewest(const model::GtidSet& gtids);
  void GiveUpOldest(std::vector<PairEvent>* events);
  static std::vector<Item> ItemsOf(const Arrival& arrival);
  const model::StreamOrigin* left_out() const {
    return origin_ == Origin::kSource ? &target_origin_ : nullptr;
  }
  bool WasJudged(const Arrival& arrival) const;
  void TakeOwn(Arrival own, std::vector<Arrival>* later, SegmentSide* side);
  bool PlaceOwn(Arrival own, std::vector<Arrival>* later, SegmentSide* side);
  void EndRun(const std::string& reason, const std::string& detail, std::vector<PairEvent>* events);

  // What counts as one server, whatever it writes into: MySQL's uuid, MariaDB's server id.
  using Server = std::pair<model::Uuid, uint32_t>;
  static Server ServerOf(const model::GtidSource& source) {
    return {source.uuid, source.server_id};
  }

  const Origin origin_;
  StreamCutter& source_;
  StreamCutter& target_;
  std::string reason_ = "configured";

  bool running_ = false;
  bool announced_ = false;  // kRunStart was said: the first segment can be seen whole
  uint64_t epoch_ = 1;
  uint64_t dropped_ = 0;
  std::optional<uint64_t> source_last_;
  model::GtidSet before_;     // executed on the source up to the last common barrier
  model::GtidSet before_c0_;  // of that, up to the run's first
  // What of before_ lies two segments back and more: the newest number of each.
  absl::flat_hash_map<model::GtidSource, uint64_t> newest_;
  std::deque<model::GtidSet> recent_;           // the segments since
  absl::flat_hash_set<Server> source_servers_;  // that the source has transactions of

  std::optional<SourceBarrier> candidate_;  // seeking: is to become c0
  // The oldest barrier behind the last common one whose transaction the target executed in
  // its stream without showing the barrier: the segment that it ends is still not closed.
  std::optional<SourceBarrier> unshown_;

  // Running.
  uint64_t common_ = 0;  // the last common offset
  CommonBarrier c0_;     // of the run, before it was announced
  SegmentPair pair_;
  model::GtidSet gtids_;  // of the segment in work
  SourceBarrier end_;     // of the segment in work
  bool source_closed_ = false;
  uint64_t awaited_ = 0;  // GTIDs of the segment that have not come; MariaDB: domains_ tells
  RunStart resumed_;      // what StartAt() asked for, as long as that run lasts
  std::deque<OwnPlaced> own_placed_;
  DomainProgress domains_;
  uint32_t barrier_domain_ = 0;

  // The target since its stream began.
  model::StreamOrigin target_origin_;
  model::GtidSet seen_;
  std::deque<Arrival> arrivals_;
  size_t next_txn_ = 0;  // of the target's first chunk
  uint64_t held_bytes_ = 0;
  uint64_t barriers_seen_ = 0;
  model::Place target_place_;             // of the last of them, or of the origin behind it
  std::deque<uint64_t> barrier_offsets_;  // of barriers_seen_, the newest last
  uint64_t barrier_offsets_first_ = 0;    // number of the first of them
  absl::flat_hash_map<model::Gtid, ShownBarrier> shown_;  // by their transactions
};

}  // namespace dcp::checker
