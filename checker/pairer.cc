#include "checker/pairer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "checker/barrier_pairer.h"
#include "checker/gtid_pairer.h"

namespace dcp::checker {
namespace {

constexpr uint64_t kHigherToGiveUp = 100;

// Looks at both streams without consuming them until they show a common offset,
// then hands over to the pairer that fits.
class AutoPairer final : public Pairer {
 public:
  AutoPairer(const PairOptions& options, StreamCutter* source, StreamCutter* target)
      : options_(options), source_(*source), target_(*target) {}

  void Advance(std::vector<PairEvent>* events) override {
    if (!chosen_) Choose();
    if (chosen_) chosen_->Advance(events);
  }

  Align align() const override { return chosen_ ? chosen_->align() : Align::kAuto; }
  const std::string& align_reason() const override { return reason_; }
  void NoteForgotten(uint64_t segment) override {
    if (chosen_) chosen_->NoteForgotten(segment);
  }
  uint64_t held_target_bytes() const override { return chosen_ ? chosen_->held_target_bytes() : 0; }
  uint64_t work_bytes() const override { return chosen_ ? chosen_->work_bytes() : 0; }
  std::optional<TargetPlace> held_target_from() const override {
    return chosen_ ? chosen_->held_target_from() : std::nullopt;
  }
  model::GtidSet JudgedAhead(uint64_t said_to, uint64_t ordinal) override {
    return chosen_ ? chosen_->JudgedAhead(said_to, ordinal) : model::GtidSet();
  }
  uint64_t dropped_changes() const override { return chosen_ ? chosen_->dropped_changes() : 0; }

  bool needs_source() const override {
    return chosen_ ? chosen_->needs_source() : source_cursor_.at == nullptr;
  }
  bool needs_target() const override {
    return chosen_ ? chosen_->needs_target() : target_cursor_.at == nullptr || awaits_target_;
  }

  std::optional<Waiting> waiting() const override {
    if (chosen_) return chosen_->waiting();
    std::optional<Waiting> waiting;
    AddWaiting(source_, std::nullopt, &waiting);
    return waiting;
  }

 private:
  struct Cursor {
    size_t next = 0;
    const Chunk* at = nullptr;  // a chunk that ends with a barrier
    model::StreamOrigin origin;

    bool Find(const StreamCutter& cutter) {
      while (at == nullptr && next + 1 < cutter.chunks().size()) {
        const Chunk& chunk = cutter.chunks()[next++];
        if (chunk.end == Chunk::End::kOrigin) origin = chunk.origin;
        if (chunk.end == Chunk::End::kBarrier) at = &chunk;
      }
      return at != nullptr;
    }
    // The barrier behind `at`; nullptr: none has come.
    const Chunk* PeekNext(const StreamCutter& cutter) const {
      for (size_t i = next; i + 1 < cutter.chunks().size(); ++i) {
        if (cutter.chunks()[i].end == Chunk::End::kBarrier) return &cutter.chunks()[i];
      }
      return nullptr;
    }
  };

  void Choose() {
    while (source_cursor_.Find(source_) && target_cursor_.Find(target_)) {
      const uint64_t s = source_cursor_.at->offset;
      const uint64_t t = target_cursor_.at->offset;
      if (s == t) return Choose(*source_cursor_.at, *target_cursor_.at);
      bool target_was_foreign = false;
      if (s < t) {  // where the target shows a lower offset next, this one was foreign
        const Chunk* next = target_cursor_.PeekNext(target_);
        awaits_target_ = next == nullptr;
        if (awaits_target_) return;
        target_was_foreign = next->offset < t;
      }
      (s < t && !target_was_foreign ? source_cursor_ : target_cursor_).at = nullptr;
    }
  }

  void Choose(const Chunk& s, const Chunk& t) {
    if (s.gtid.empty() || t.gtid.empty()) {
      reason_ = "the barrier's transactions carry no GTIDs";
    } else if (SameServer(source_cursor_.origin, target_cursor_.origin)) {
      reason_ = "both tags come from one server";
    } else if (s.gtid != t.gtid) {
      reason_ = "the target's barrier does not carry the source's GTID";
    } else {
      reason_ = "the target's transactions carry the source's GTIDs";
      chosen_ = std::make_unique<GtidPairer>(options_.origin, &source_, &target_);
    }
    if (!chosen_) chosen_ = std::make_unique<BarrierPairer>(options_, &source_, &target_);
    if (start_) chosen_->StartAt(*std::exchange(start_, std::nullopt));
  }

  const PairOptions options_;
  StreamCutter& source_;
  StreamCutter& target_;
  Cursor source_cursor_, target_cursor_;
  bool awaits_target_ = false;  // what the target shows next decides
  std::string reason_ = "not decided before both sides show the same barrier";
  std::unique_ptr<Pairer> chosen_;
};

}  // namespace

void Pairer::AddWaiting(absl::Duration since, uint64_t from, uint64_t to,
                        std::optional<Waiting>* waiting) {
  if (!*waiting) *waiting = Waiting{since, from, to, 0};
  ++(*waiting)->segments;
}

void Pairer::AddWaiting(const StreamCutter& source, std::optional<uint64_t> from,
                        std::optional<Waiting>* waiting) {
  const Chunk* oldest = source.oldest_barrier();
  if (oldest == nullptr) return;
  AddWaiting(oldest->ended_at, from.value_or(oldest->offset), oldest->offset, waiting);
  (*waiting)->segments += source.barriers() - 1;
}

bool Pairer::MayStart(const Chunk& source_chunk, std::vector<PairEvent>* events) {
  const bool found = start_ && source_chunk.offset == start_->offset &&
                     (start_->name.empty() || start_->name == source_chunk.BarrierName());
  return Seek(found, source_chunk.offset, "source", events);
}

bool Pairer::MayStart(uint64_t target_offset, std::vector<PairEvent>* events) {
  return Seek(start_ && target_offset == start_->offset, target_offset, "target", events);
}

// What is higher than the one that is sought may be of an epoch before, or foreign.
bool Pairer::Seek(bool found, uint64_t offset, const char* side, std::vector<PairEvent>* events) {
  if (!start_ || found) return true;
  if (offset > start_->offset && ++start_->higher_seen > kHigherToGiveUp) GiveUpStart(side, events);
  return false;
}

void Pairer::GiveUpStart(const char* side, std::vector<PairEvent>* events) {
  GiveUpStart("restart",
              absl::StrCat("the ", side, "'s stream does not show the barrier again to begin at"),
              events);
}

void Pairer::GiveUpStart(const std::string& reason, const std::string& detail,
                         std::vector<PairEvent>* events) {
  if (!start_) return;
  start_.reset();
  events->push_back(RunEndEvent(reason, detail));
}

PairEvent Pairer::RunEndEvent(const std::string& reason, const std::string& detail) {
  PairEvent event;
  event.kind = PairEvent::Kind::kRunEnd;
  event.reason = reason;
  event.detail = detail;
  return event;
}

std::unique_ptr<Pairer> MakePairer(const PairOptions& options, StreamCutter* source,
                                   StreamCutter* target) {
  switch (options.align) {
    case Align::kGtid:
      return std::make_unique<GtidPairer>(options.origin, source, target);
    case Align::kBarrier:
      return std::make_unique<BarrierPairer>(options, source, target);
    case Align::kAuto:
      break;
  }
  return std::make_unique<AutoPairer>(options, source, target);
}

}  // namespace dcp::checker
