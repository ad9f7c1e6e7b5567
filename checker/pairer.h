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
#include <vector>

#include "checker/options.h"
#include "checker/segment.h"
#include "checker/stream_cutter.h"

namespace dcp::checker {

// Grammar: (kRunStart kSegment* kRunEnd)* kRunStart? kSegment*
struct PairEvent {
  enum class Kind : uint8_t { kRunStart, kSegment, kRunEnd };
  Kind kind = Kind::kSegment;
  uint64_t epoch = 1;   // kRunStart
  uint64_t offset = 0;  // kRunStart: c0
  std::string reason;   // kRunEnd
  std::string detail;
  SegmentPair pair;                 // kSegment
  absl::Duration source_closed_at;  // kSegment: monotonic; of merged ones the first
};

class Pairer {
 public:
  virtual ~Pairer() = default;

  // Appends what can be said now.
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

  // Bytes of target transactions taken from the cutter and still waiting here.
  virtual uint64_t held_target_bytes() const { return 0; }
  virtual uint64_t dropped_changes() const = 0;

 protected:
  // Adds a segment that was closed later than those added before.
  static void AddWaiting(absl::Duration since, uint64_t from, uint64_t to,
                         std::optional<Waiting>* waiting);
  // Adds what stands in the source's queue; nullopt: from each barrier to itself.
  static void AddWaiting(const StreamCutter& source, std::optional<uint64_t> from,
                         std::optional<Waiting>* waiting);
};

// The pairer that `options.align` asks for; kAuto decides at the first common offset.
// Both cutters must outlive it.
std::unique_ptr<Pairer> MakePairer(const PairOptions& options, StreamCutter* source,
                                   StreamCutter* target);

}  // namespace dcp::checker
