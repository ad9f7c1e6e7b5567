// What outlives a process of dcp in a run: time, the disk, clients, the place that alarms go
// to, and what is known of all that was said.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "model/alarm.h"
#include "model/pair_state.h"
#include "tests/checker/model/slow_model.h"
#include "tests/simulation/fake_disk.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/world.h"

namespace dcp::simulation {

// Whoever waits by it makes time pass. The wall clock may jump.
class SteppedClock final : public Clock {
 public:
  absl::Time Now() const override { return start_ + monotonic_ + jump_; }
  absl::Duration Monotonic() const override { return monotonic_; }
  void WaitFor(CondVar&, Mutex&, absl::Duration limit) const override { Advance(limit); }

  void Advance(absl::Duration by) const { monotonic_ += by; }
  void Jump(absl::Duration by) { jump_ += by; }

 private:
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  mutable absl::Duration monotonic_ = absl::Seconds(1);
  absl::Duration jump_;
};

// Everything that checks said and the sink got, and what is wrong with it.
class Ledger {
 public:
  // Before the alarms of `report` are stored, maybe. What has the same id is the same.
  void Propose(const model::Report& report);
  void Receive(const model::Alarm& alarm);
  void Fail(std::string what);

  // What the sink was told of `check`, each thing once, in the order of first arrival.
  std::vector<checker::test::Said> Told(const std::string& check) const;
  const std::string& failure() const { return failure_; }  // the first; empty: none

 private:
  void Propose(const std::string& id, const checker::test::Said& said);

  std::map<std::string, checker::test::Said> proposed_;  // by id
  std::set<std::string> received_;                       // ids
  uint64_t receipts_ = 0;
  std::map<std::string, std::vector<std::string>> order_;  // ids, by check
  std::string failure_;
};

struct Surroundings {
  Surroundings(uint64_t seed, const World& of, bool readable)
      : world(of), trace(readable), random(seed), disk(seed ^ 0xD15C, clock, trace) {}

  const World& world;
  SteppedClock clock;
  Trace trace;
  Random random;
  FakeDisk disk;
  Ledger ledger;
  bool has_faults = false;
  std::map<model::Tag, size_t> furthest;  // item of each server's stream that was read
  // Checks that began without a place to read on from, as their last run had ended when dcp
  // did: what lies between is unverified.
  std::set<std::string> lost_runs;
};

}  // namespace dcp::simulation
