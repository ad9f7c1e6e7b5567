// A Pairer aligns the source's and the target's streams: it decides which target
// changes belong to a source segment and when the target has closed it
// (docs/semantics.md, section 1). It pulls from two StreamCutters and decides by
// what they hold, never by when that came.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checker/options.h"
#include "checker/segment.h"
#include "checker/stream_cutter.h"
#include "model/place.h"

namespace dcp::checker {

// A place in the target's stream. A smaller ordinal stands before it.
struct TargetPlace {
  uint64_t ordinal = 0;
  model::Place place;
};

// A common barrier, and where the streams can be read again from it on.
struct CommonBarrier {
  std::string name;  // Chunk::BarrierName() of the source
  model::Place source;
  TargetPlace target;
  uint64_t target_ordinal = 0;  // of the barrier itself on the target
};

// Where a run is to begin again that was cut off by a restart.
struct RunStart {
  uint64_t epoch = 1;
  uint64_t offset = 0;
  std::string name;             // as CommonBarrier::name
  uint64_t said_to = 0;         // verdicts were said up to this barrier
  model::GtidSet judged_ahead;  // as RunState::judged_ahead
  uint64_t higher_seen = 0;     // barriers of one side that were higher, while it was sought
};

// Grammar: (kRunStart kSegment* kRunEnd)* kRunStart? kSegment*, and a kRunEnd at the
// beginning where what StartAt() asks for cannot be.
struct PairEvent {
  enum class Kind : uint8_t { kRunStart, kSegment, kRunEnd };
  Kind kind = Kind::kSegment;
  uint64_t epoch = 1;   // kRunStart
  uint64_t offset = 0;  // kRunStart: c0
  std::string reason;   // kRunEnd
  std::string detail;
  SegmentPair pair;                 // kSegment
  absl::Duration source_closed_at;  // kSegment: monotonic; of merged ones the first
  CommonBarrier barrier;            // kRunStart: c0, kSegment: its end
  // kSegment: before all of the target's transactions in it; nullopt: they stand behind
  // the barrier that it begins at.
  std::optional<TargetPlace> target_from;
};

class Pairer {
 public:
  virtual ~Pairer() = default;

  // The first run begins at this barrier, or a kRunEnd tells why it cannot. Call before
  // anything else.
  void StartAt(RunStart start) { start_ = std::move(start); }

  // Says what can be said now: one thing at a time, nothing when no more can be said.
  // REQUIRES: `events` is empty
  virtual void Advance(std::vector<PairEvent>* events) = 0;

  virtual Align align() const = 0;
  virtual const std::string& align_reason() const = 0;

  // Of the source's closed segments that the target has not closed, the oldest:
  // when the source closed it, and its end. nullopt: none.
  struct Waiting {
    absl::Duration since;
    uint64_t from = 0;
    uint64_t to = 0;
    uint64_t segments = 0;
    bool unshown = false;  // the target executed its barrier's transaction, without the barrier
  };
  virtual std::optional<Waiting> waiting() const = 0;

  // Whether Advance() could go on if more of this side came. Such a side must
  // never be held up, however much of it waits.
  virtual bool needs_source() const = 0;
  virtual bool needs_target() const = 0;

  // Settled keys that were last touched in segments up to the run's `segment`th are forgotten.
  virtual void NoteForgotten(uint64_t) {}

  // Bytes of target transactions taken from the cutter and still waiting here.
  virtual uint64_t held_target_bytes() const { return 0; }
  // Bytes of the segment in work, about.
  virtual uint64_t work_bytes() const { return 0; }
  // Before the first of those transactions.
  virtual std::optional<TargetPlace> held_target_from() const { return std::nullopt; }
  // The target's own transactions in segments up to barrier `said_to` that stand behind
  // the target's barrier `ordinal`, which is that one.
  virtual model::GtidSet JudgedAhead(uint64_t, uint64_t) { return {}; }
  virtual uint64_t dropped_changes() const = 0;

 protected:
  // Adds a segment that was closed later than those added before.
  static void AddWaiting(absl::Duration since, uint64_t from, uint64_t to,
                         std::optional<Waiting>* waiting);
  // Adds what stands in the source's queue; nullopt: from each barrier to itself.
  static void AddWaiting(const StreamCutter& source, std::optional<uint64_t> from,
                         std::optional<Waiting>* waiting);
  // The barrier that ends `chunk` may begin a run: no certain one is sought, or it is the one.
  bool MayStart(const Chunk& source_chunk, std::vector<PairEvent>* events);
  bool MayStart(uint64_t target_offset, std::vector<PairEvent>* events);
  // What StartAt() asked for cannot be.
  void GiveUpStart(const std::string& reason, const std::string& detail,
                   std::vector<PairEvent>* events);
  // The same, because this side's stream does not show the barrier.
  void GiveUpStart(const char* side, std::vector<PairEvent>* events);
  static PairEvent RunEndEvent(const std::string& reason, const std::string& detail);

  std::optional<RunStart> start_;  // what StartAt() asked for, until a run begins

 private:
  bool Seek(bool found, uint64_t offset, const char* side, std::vector<PairEvent>* events);
};

// The pairer that `options.align` asks for; kAuto decides at the first common offset.
// Both cutters must outlive it.
std::unique_ptr<Pairer> MakePairer(const PairOptions& options, StreamCutter* source,
                                   StreamCutter* target);

}  // namespace dcp::checker
