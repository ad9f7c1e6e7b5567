// HistoryMaker: what all random histories have in common: options, barriers, the source's
// transactions, and the truth about both sides at the end. How the source writes them and how the
// target applies them is for the classes derived from it: barrier_applier.cc and gtid_applier.cc.
//
// Thread-compatible. Deterministic: the order of the draws is part of what a seed means.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/checker/model/history_generator.h"

namespace dcp::checker::test {

inline constexpr uint8_t kSourceServer = 1;
inline constexpr uint8_t kTargetServer = 2;
inline constexpr uint8_t kThirdServer = 3;
inline constexpr uint8_t kUpstreamServer = 4;  // that the source replicates from

const std::string& KeyedTable();
model::Gtid GtidOf(uint8_t server, uint64_t number);
model::Version Letter(uint64_t n);

// One write of the source, and what the target makes of it.
struct Write {
  std::string key;
  model::Version after;
  bool relative = false;
  int64_t delta = 0;
  int64_t segment = 0;  // index of the source's barrier that ends its segment
  bool foreign = false;
};

struct SourceTxn {
  std::vector<Write> writes;  // empty: a barrier
  int64_t barrier = -1;
  int64_t segment = 0;  // -1: not the source's
  uint64_t number = 0;
  model::Gtid gtid = {};
};

class HistoryMaker {
 public:
  HistoryMaker(Theme theme, uint64_t seed);
  virtual ~HistoryMaker() = default;

  History Make();

 protected:
  using Version = model::Version;
  static constexpr int64_t kNever = 1'000'000;

  // Both streams, and target_state_.
  virtual void Emit() = 0;

  bool Is(Theme theme) const { return theme_ == theme; }
  void Note(const std::string& note) { absl::StrAppend(&history_.notes, note, "; "); }
  int64_t N() const { return history_.options.lateness; }

  // The streams do not run through from the start to the end.
  bool HasBreaks() const;
  uint64_t OffsetOf(int64_t barrier) const;
  static bool InRestart(int64_t i, int64_t at, int64_t length);
  bool SourceShows(int64_t i) const;
  bool TargetShows(int64_t i) const;
  // The first common barrier at or behind `i`.
  int64_t CommonFrom(int64_t i) const;
  // The last of the starts before `segment`.
  int64_t KnownSince(int64_t segment) const;
  uint64_t letters() const { return static_cast<uint64_t>(letters_); }
  static PlainChange ChangeOf(const Write& write, const Version& before, bool pushed);
  static model::Mark BarrierMark(uint64_t offset);
  model::StreamOrigin Origin(bool source, const std::string& reason) const;

  const Theme theme_;
  Random random_;
  History history_;

  // What kind of history; barriers by index, kNever: it does not happen.
  bool mariadb_ = false;
  bool gtid_ = false, pushed_source_ = false, pushed_target_ = false, keyless_ = false;
  int64_t keys_ = 1, letters_ = 2, barriers_ = 4, quiet_ = 0;
  uint64_t base_offset_ = 1;
  int64_t source_start_ = 0, target_start_ = 0;
  std::set<int64_t> source_misses_, target_misses_;
  std::vector<int64_t> common_;
  int64_t epoch_at_ = kNever, epoch_back_ = 0;
  int64_t restart_source_at_ = kNever, restart_target_at_ = kNever, restart_length_ = 0;
  int64_t mark_at_ = kNever;
  bool mark_on_source_ = false, mark_all_ = false;

  // The source, and what came of it.
  std::vector<std::string> key_names_;
  std::map<std::string, Version> initial_, source_state_, target_state_;
  std::vector<SourceTxn> source_;

 private:
  void ChooseOptions();
  void ChooseBreaks();
  // Which barriers each side shows, and where it starts.
  void ChooseBarriers();
  // Barriers from which on both streams (or a table in them) are known.
  std::vector<int64_t> Starts() const;
  void MakeSource();
  SourceTxn MakeSourceTxn(int64_t segment);
  Write MakeSourceWrite(const std::string& key, int64_t segment);
  void FindTruth();
};

}  // namespace dcp::checker::test
