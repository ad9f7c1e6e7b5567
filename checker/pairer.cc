#include "checker/pairer.h"

#include <utility>

#include "checker/barrier_pairer.h"
#include "checker/gtid_pairer.h"

namespace dcp::checker {
namespace {

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
  uint64_t held_target_bytes() const override { return chosen_ ? chosen_->held_target_bytes() : 0; }
  uint64_t dropped_changes() const override { return chosen_ ? chosen_->dropped_changes() : 0; }

  bool needs_source() const override {
    return chosen_ ? chosen_->needs_source() : source_cursor_.at == nullptr;
  }
  bool needs_target() const override {
    return chosen_ ? chosen_->needs_target() : target_cursor_.at == nullptr;
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
    model::Uuid server_uuid{};
    uint32_t server_id = 0;

    bool Find(const StreamCutter& cutter) {
      while (at == nullptr && next + 1 < cutter.chunks().size()) {
        const Chunk& chunk = cutter.chunks()[next++];
        if (chunk.end == Chunk::End::kOrigin) {
          server_uuid = chunk.origin.server_uuid;
          server_id = chunk.origin.server_id;
        }
        if (chunk.end == Chunk::End::kBarrier) at = &chunk;
      }
      return at != nullptr;
    }
  };

  void Choose() {
    while (source_cursor_.Find(source_) && target_cursor_.Find(target_)) {
      const uint64_t s = source_cursor_.at->offset;
      const uint64_t t = target_cursor_.at->offset;
      if (s == t) return Choose(*source_cursor_.at, *target_cursor_.at);
      (s < t ? source_cursor_ : target_cursor_).at = nullptr;
    }
  }

  void Choose(const Chunk& s, const Chunk& t) {
    if (s.gtid.empty() || t.gtid.empty()) {
      reason_ = "the barrier's transactions carry no GTIDs";
    } else if (source_cursor_.server_uuid == target_cursor_.server_uuid &&
               source_cursor_.server_id == target_cursor_.server_id) {
      reason_ = "both tags come from one server";
    } else if (s.gtid != t.gtid) {
      reason_ = "the target's barrier does not carry the source's GTID";
    } else {
      reason_ = "the target's transactions carry the source's GTIDs";
      chosen_ = std::make_unique<GtidPairer>(options_.origin, &source_, &target_);
      return;
    }
    chosen_ = std::make_unique<BarrierPairer>(options_, &source_, &target_);
  }

  const PairOptions options_;
  StreamCutter& source_;
  StreamCutter& target_;
  Cursor source_cursor_, target_cursor_;
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
