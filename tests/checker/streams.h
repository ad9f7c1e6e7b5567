// A small language for tests of the checker: two streams in, outcomes as short
// texts out.
//
//   src.Put("k", "", "a");        // "k" goes from absent to "a"
//   src.Barrier(1);
//   EXPECT_THAT(Said(), ElementsAre("same 1..2"));
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "checker/pair_checker.h"
#include "model/pair_state.h"
#include "model/table.h"

namespace dcp::test {

// The version called `name`: "" is absent, "?" unknown, anything else a content.
model::Version V(const std::string& name);

class Streams;

// One side. Each call is one transaction of its own, unless between Begin() and End().
class StreamWriter {
 public:
  StreamWriter(Streams* streams, checker::Side side) : streams_(*streams), side_(side) {}

  void Open(const std::string& reason = "", model::GtidSet executed = {});
  // A change of `key` ("t.k" belongs to table "t", "k" to none) from `before` to `after`.
  void Put(const std::string& key, const std::string& before, const std::string& after);
  void Count(const std::string& key, int delta);
  // Its place is its offset.
  void Barrier(uint64_t offset);
  void Unverified(const std::string& table, const std::string& reason);
  void Ddl(const std::string& table, const std::string& text,
           model::Mark::DdlEffect effect = model::Mark::DdlEffect::kNone);
  // All until End() is one transaction.
  StreamWriter& Begin();
  void End();
  // The GTID of the next transaction: number `n` of server `server` (1: the
  // source's, 2: the target's own); 0: none. Without it transactions have none.
  StreamWriter& Gtid(uint64_t n, uint8_t server = 1);
  // Likewise, of MariaDB: "0-1-7".
  StreamWriter& Gtid(const std::string& text);
  // What the server says that it has executed: "0-1-7,3-1-2".
  void Executed(const std::string& state);
  // When the next transaction was committed; without it, now.
  StreamWriter& Committed(absl::Time at);
  // The server id in the next transaction's events.
  StreamWriter& WrittenOn(uint32_t server_id);

 private:
  void AddMark(model::Mark mark);
  void MaybeFlush();

  Streams& streams_;
  const checker::Side side_;
  bool grouped_ = false;
  model::Gtid next_gtid_;
  uint32_t next_server_id_ = 0;
  std::optional<absl::Time> next_time_;
  model::ChangeBatch batch_;
};

class Streams {
 public:
  explicit Streams(checker::PairOptions options = {});
  // Goes on from what another one Stored(); both streams are opened by the caller.
  Streams(checker::PairOptions options, const model::StoredPair& stored);

  StreamWriter src{this, checker::Side::kSource};
  StreamWriter dst{this, checker::Side::kTarget};

  void Advance(absl::Duration by);
  // What was said since the last call: "same 1..2", "diff 1..2 k:missing known=1",
  // "unverified 1..2 gap", "timeout 1..2", "resolved k" ...
  std::vector<std::string> Said();
  std::vector<model::Outcome> Outcomes();
  // What is stored by what was taken with Said() and Outcomes().
  const model::StoredPair& Stored() const { return stored_; }
  std::vector<checker::ConfirmRequest> Requests() { return checker_.TakeRequests(); }
  void Answer(const checker::ConfirmRequest& request, model::RowAnswer::Kind kind,
              std::optional<uint64_t> target_barrier = std::nullopt);

  checker::PairChecker& checker() { return checker_; }
  const checker::Instant& now() const { return now_; }
  const model::Table* Table(const std::string& name, bool keyless = false) {
    return tables_.Intern({name, {"id", "v"}, keyless});
  }

 private:
  void Store(model::PairUpdate update);

  checker::PairChecker checker_;
  model::StoredPair stored_;
  checker::Instant now_{absl::FromUnixSeconds(1'700'000'000), absl::ZeroDuration()};
  model::TableRegistry tables_;
};

std::string Text(const model::Outcome& outcome);

}  // namespace dcp::test
