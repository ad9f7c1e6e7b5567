// ConvergeJudge: compare = converge (docs/semantics.md, section 2). Rules W and H
// per key, with the lateness of the alignment.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/container/node_hash_map.h"
#include "absl/functional/function_ref.h"
#include "checker/findings.h"
#include "checker/judge.h"
#include "checker/key_history.h"
#include "checker/segment_log.h"
#include "checker/trace.h"

namespace dcp::checker {

class ConvergeJudge final : public Judge {
 public:
  explicit ConvergeJudge(const PairOptions& options);

  void Restore(uint64_t said_to, bool is_first,
               const std::vector<model::OpenFinding>& findings) override;
  void StartRun(uint64_t epoch, uint64_t offset, bool exact) override;
  void Feed(const SegmentPair& pair, absl::Time now) override;
  void EndRun(const std::string& reason, const std::string& detail, absl::Time now) override;
  void Answer(const std::vector<ConfirmAnswer>& answers, absl::Time now) override;
  std::vector<ConfirmRequest> TakeRequests() override;
  std::vector<model::Outcome> TakeOutcomes() override { return log_.TakeOutcomes(); }
  uint64_t bytes() const override;
  void SetMaxBytes(uint64_t bytes) override { max_bytes_ = bytes; }
  Index forgotten_to() const override { return forgotten_to_; }
  uint64_t pending_keys() const override { return pending_.size() + confirming_.size(); }
  uint64_t open_findings() const override { return findings_.count(); }
  FindingChanges TakeFindingChanges() override { return log_.TakeFindingChanges(); }
  void NoteVerified(model::VerifiedTable verified) override {
    verified_.push_back(std::move(verified));
  }

 private:
  // Grammar of states:
  //   Settled -> Pending -> (Settled | Differing | Confirming)
  //   Confirming -> (Differing | Late),  Late -> (Pending | Differing),  Differing -> Settled
  enum class State : uint8_t {
    kSettled,     // both sides agree; remembered for a while
    kPending,     // some rule is not decided
    kConfirming,  // its rows are being read
    kLate,        // its rows were equal when read; the stream has yet to show it
    kDiffering,   // its finding is open
  };

  // A version that the target went through and that the source must have had.
  struct Passage {
    Index barrier = 0;
    model::Version version;
    bool is_before = false;
  };

  // The last change of the key on one side. `held` keeps the batch of an item
  // from an earlier segment alive.
  struct LastChange {
    Item item;
    model::ChangeBatchPtr held;
    bool set() const { return item.batch != nullptr; }
    void Set(const Item& i) {
      item = i;
      held.reset();
    }
    void Hold() {
      if (!set() || held != nullptr) return;
      held = *item.batch;
      item.batch = &held;  // keys do not move: node_hash_map
    }
  };

  struct Key {
    State state = State::kSettled;
    bool is_ddl = false;
    bool queued = false;  // in pending_
    // What it went through up to this segment is not known, though rule H may look back to it.
    Index forgotten = 0;
    model::Digest digest;
    KeyHistory history;
    absl::InlinedVector<Index, 2> waiting;      // segments that wait for this key
    absl::InlinedVector<Index, 2> open_states;  // barriers whose W is open
    std::vector<Passage> open_passages;         // open H
    model::Version first_target_before = model::Version::Unknown();
    Index touched = kNone;  // last segment counted for waiting/known
    LastChange source, target;
    Trace source_trace, target_trace;  // of the last settled state

    const model::Table* table = nullptr;
    std::string text;                                  // of differing and DDL keys
    model::DiffKind kind = model::DiffKind::kMissing;  // kDiffering
    std::string alarm_id;                              // kDiffering
    uint64_t not_before = 0;  // kDiffering: the barrier offset at which it was found
    uint64_t touched_to = 0;  // kDiffering: of the last segment that said it or touched it
    uint64_t request = 0;     // kConfirming
    std::unique_ptr<model::RowDiff> row;  // kConfirming, kLate: what is to be said
    Index broken_at = 0;
    Index asked_at = 0;
    uint64_t late_barrier = 0;  // kLate: the target's at the read
    uint32_t late_passed = 0;
  };
  using Keys = absl::node_hash_map<model::Digest, Key>;
  using Packed = std::unique_ptr<char[]>;

  struct Broken {
    Index barrier = 0;
    bool state = false;    // W
    bool passage = false;  // H
  };

  // Applying.
  void TakeUnverifiedMarks(const SegmentSide& side);
  bool Dropped(const Item& item) const;
  // Decides each key of the segment when all of both sides is applied to it.
  void Judge(const SegmentPair& pair);
  // The same, some keys after the others, so that those of a very large segment are not all
  // at work at once. REQUIRES: no item is a mark
  void JudgeInTurns(const SegmentPair& pair);
  void ApplySide(const SegmentSide& side, bool is_source, bool judge_passages);
  void Apply(const Item& item, bool is_source, bool judge_passages);
  // `rest`: settled keys sleep too.
  void EvaluatePending(bool rest);
  void ApplySource(const Item& item);
  void ApplyTarget(const Item& item, bool judge_passages);
  void ApplyDdl(const Item& item, bool is_source);
  void RowsGone(const std::string& table, bool is_source);
  void RowsUnknown(const std::string& table);
  Key& Touch(const model::Digest& digest, const Item& item);
  static void Note(Key& key, const Item& item, LastChange* last);
  void Queue(Key& key);
  void AddPassage(Key& key, const model::Version& version, bool is_before);

  // Deciding.
  void Evaluate(Key& key);
  void EvaluateLate(Key& key);
  void Satisfy(Key& key);
  void MarkSeen(Key& key);
  bool FindBroken(const Key& key, Broken* broken) const;
  bool IsEarly(const Key& key) const;
  bool IsUndecidable(const Key& key, const Broken& broken) const {
    return broken.passage && !broken.state && IsNearForgotten(key, broken.barrier);
  }
  bool IsNearForgotten(const Key& key, Index barrier) const {
    return key.forgotten > 0 && barrier - key.forgotten < static_cast<Index>(options_.history);
  }
  void SayForgotten(const Key& key, Index segment);
  void LeaveUndecided(Key& key, Index barrier);
  void AssumeSource(Key& key, Index barrier);
  void Break(Key& key, const Broken& broken);
  model::DiffKind KindOf(const Key& key, const Broken& broken) const;
  static Index SaidIn(const Key& key, Index broken_at);
  bool WasSaid(const Key& key, const Broken& broken) const;
  void Overlook(Key& key, Index barrier);
  void OpenFinding(Key& key, model::RowDiff row, Index broken_at);
  void NoteFinding(const Key& key, Index i);
  void EndRestoring();
  static bool IsOverlooked(const Key& key) {
    return key.state == State::kDiffering && key.alarm_id.empty();
  }
  void EndOverlooked(Key& key);
  void Resolve(Key& key);
  void SayResolved(const Key& key, const std::string& job);
  void ResolveVerified();
  bool IsProved(const Key& key, const model::VerifiedTable& verified) const;
  void ResolveVerified(const model::VerifiedTable& verified);
  void Settle(Key& key);
  void AnswerOne(Key& key, const ConfirmAnswer& answer);
  void Heal(Key& key);

  // Sleeping.
  static Packed Pack(const Key& key);
  static void Unpack(const model::Digest& digest, const Packed& packed, Key* key);
  static bool MaySleep(const Key& key);
  // `key` is gone then. REQUIRES: MaySleep(key)
  void Sleep(const Key& key);
  static State StateOf(const Packed& packed) { return static_cast<State>(packed[0]); }
  void EraseSettledSleeping(absl::FunctionRef<bool(const Key&)> wanted);
  // Null: it does not sleep.
  Key* Wake(const model::Digest& digest);
  void WakeTable(const std::string& table);
  void WakeIf(absl::FunctionRef<bool(const Key&)> wanted);
  // `change` tells whether it changed the key.
  void ChangeSleeping(absl::FunctionRef<bool(Key&)> change);

  // Forgetting.
  void Lose(Key& key);
  // Its versions are sums of what was added on each side.
  static bool Counts(const Key& key) {
    return key.is_ddl || (key.table != nullptr && key.table->keyless);
  }
  bool Concerns(const Key& key, const std::string& table) const;
  void ForgetTable(const std::string& table, const std::string& reason, const std::string& detail);
  void ForgetOld();
  void ForgetOldest();
  Index KnownFrom(const Key& key) const;

  void KeepTraces(Key& key);
  model::RowDiff MakeRow(const Key& key, model::DiffKind kind) const;

  const PairOptions options_;
  Findings findings_;
  SegmentLog log_;
  Traces traces_;
  Keys keys_;
  // Packed, none of them is in keys_: those that differ and that nothing touches now, and of very
  // large segments those that are settled.
  absl::flat_hash_map<model::Digest, Packed> sleeping_;
  uint64_t settled_sleeping_ = 0;
  bool exact_ = false;
  Index lateness_ = 0;
  Index now_ = 0;  // index of the newest segment
  uint64_t now_offset_ = 0;

  std::vector<Key*> pending_;  // kPending and kLate, from earlier segments and this one
  std::deque<std::vector<model::Digest>> touched_;  // of the last `history` segments, or fewer
  uint64_t touched_count_ = 0;                      // in touched_
  uint64_t max_bytes_ = UINT64_MAX;
  Index forgotten_to_ = 0;                                   // as forgotten_to() says
  absl::flat_hash_map<uint64_t, model::Digest> confirming_;  // by request id
  std::vector<ConfirmRequest> requests_;
  uint64_t next_request_ = 1;

  // After a restart, until the run has come to where verdicts were said last.
  bool restoring_ = false;
  bool starts_early_ = true;  // nothing of the run was seen before its index 0
  uint64_t restored_at_ = 0;  // that barrier's offset
  std::vector<model::OpenFinding> restored_;
  std::vector<model::Digest> overlooked_;
  std::vector<std::string> unsettled_;  // tables
  model::TableRegistry restored_tables_;

  std::vector<model::VerifiedTable> verified_;  // whose end has not come

  // Of the segment being fed.
  struct Lost {
    std::string table;  // empty: all
    std::string reason, detail;
  };
  std::vector<Lost> lost_;
  absl::flat_hash_set<Index> replayed_;  // recent segments replayed from beyond history
  absl::flat_hash_map<std::string, Index> known_from_;  // by table; "" is all tables
};

}  // namespace dcp::checker
