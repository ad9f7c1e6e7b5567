// OrderedJudge: compare = ordered (docs/semantics.md, section 3). Per key and
// segment both sides must show the same sequence of words and versions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checker/findings.h"
#include "checker/judge.h"
#include "checker/segment_log.h"

namespace dcp::checker {

class OrderedJudge final : public Judge {
 public:
  explicit OrderedJudge(const PairOptions& options) : options_(options), log_(options, findings_) {}

  void Restore(uint64_t said_to, bool is_first,
               const std::vector<model::OpenFinding>& findings) override;
  void StartRun(uint64_t epoch, uint64_t offset, bool exact) override;
  void Feed(const SegmentPair& pair, absl::Time now) override;
  void EndRun(const std::string& reason, const std::string& detail, absl::Time now) override;
  std::vector<model::Outcome> TakeOutcomes() override { return log_.TakeOutcomes(); }
  uint64_t bytes() const override { return open_.size() * kOpenBytes; }
  uint64_t pending_keys() const override { return 0; }
  uint64_t open_findings() const override { return findings_.count(); }
  FindingChanges TakeFindingChanges() override { return log_.TakeFindingChanges(); }
  void NoteVerified(model::VerifiedTable verified) override {
    verified_.push_back(std::move(verified));
  }

 private:
  struct Sequences {
    std::vector<const Item*> source, target;
  };
  using Keys = absl::flat_hash_map<model::Digest, Sequences>;
  struct Open {
    std::string alarm_id;
    std::string key_text;
    std::string table;        // empty: of a statement on a table, or pushed
    uint64_t touched_to = 0;  // of the last segment that said it or touched it
  };
  // With its place in the table and its texts.
  static constexpr uint64_t kOpenBytes = 2 * sizeof(Open) + 100;

  void Collect(const SegmentSide& side, bool is_source, Keys* keys,
               std::vector<model::Digest>* order);
  void TakeMarks(const SegmentSide& side);
  bool Dropped(const Item& item) const;
  void TouchLost();
  void ResolveVerified();
  void ResolveVerified(const model::VerifiedTable& verified);
  void Resolve(const model::Digest& digest, const Open& open, const std::string& job);
  void Compare(const model::Digest& digest, const Sequences& sequences);
  void Say(const model::Digest& digest, const Sequences& sequences, model::DiffKind kind);

  const PairOptions options_;
  Findings findings_;
  SegmentLog log_;
  absl::flat_hash_map<model::Digest, Open> open_;
  Index now_ = 0;
  uint64_t now_offset_ = 0;
  uint64_t restored_at_ = 0;  // the barrier up to which verdicts were said before a restart
  std::vector<std::string> lost_tables_;
  std::vector<model::VerifiedTable> verified_;  // whose end has not come
};

}  // namespace dcp::checker
