// CheckedPair: a source and its replica, dcp that checks them, and a test that writes
// every barrier itself: it knows in which segment each change stands, and can say the
// whole list of alarms that must come, in words:
//
//   same 200..201
//   diff 201..202 missing shop.orders[42]
//   late diff 202..203 known 1
//   resolved 202..203 shop.orders[42]
//   unverified 203..1 epoch            (of epoch 2: "e2 unverified 203..1 epoch")
//   timeout 203..204
//
// Other rows of the same tables are written all the time on the source. MySQL 9.7 unless the test
// names another flavour; 5.6 with one applier thread.
//
// Thread-compatible.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"

namespace dcp::test {

// A transaction, as its server tells of it.
struct Committed {
  std::string gtid, file;
  uint64_t pos = 0;  // behind it
};

class CheckedPair : public ::testing::Test {
 protected:
  explicit CheckedPair(Flavour flavour = Flavour::kMysql97) : flavour_(flavour) {}

  // The barrier's offset when Start() returns: the first segment of a test begins there.
  static constexpr uint64_t kFirst = 200;

  struct Settings {
    std::string check = {};           // more lines for [[check]]
    uint32_t lateness = 0;            // what the check has
    std::string collectors = {};      // in place of the two collectors of the pair
    bool background = true;           // writes of other rows
    bool await_first_verdict = true;  // else Start() returns once both streams are open
  };

  // Both servers empty but for shop.orders, shop.busy and drc.barrier.
  void SetUp() override;
  void TearDown() override;

  // Runs dcp, and writes barriers until it judges; the last one has the offset kFirst.
  // REQUIRES: the replica can apply
  void Start(const Settings& settings);
  void Start() { Start(Settings{}); }
  // Ends dcp and starts it again, and writes barriers until it judges; the offset of the last one.
  uint64_t Restart();

  Flavour flavour() const { return flavour_; }
  ReplicaPair& pair() { return *pair_; }
  MysqlServer& source() { return pair_->source(); }
  MysqlServer& replica() { return pair_->replica(); }
  DcpProcess& dcp() { return *dcp_; }

  // One transaction (one statement, or BEGIN; …; COMMIT).
  Committed OnSource(const std::string& sql);
  // One that the replica never applies: an empty one stands in its place; on MariaDB, which has no
  // such thing, the replica leaves it out.
  Committed Skipped(const std::string& sql);
  // One of the replica's own, after all that the source has committed so far.
  Committed OnReplica(const std::string& sql);
  // The same, not in the replica's binlog.
  void Unlogged(const std::string& sql);
  // Where the transaction stands in a server's binlog.
  Committed Find(MysqlServer& server, const std::string& gtid);

  // The next barrier, behind some background traffic; its offset.
  uint64_t Barrier();
  // Any change of the barrier row on the source.
  Committed ChangeBarrier(const std::string& assignments);
  // A barrier, and waits until the segment that it ends is judged.
  uint64_t Judge();
  void AwaitVerdict(uint64_t to);

  // All that dcp has said since kFirst, in words. Writes the barriers that decide what
  // is open; what is said of their segments is left out as long as it is `same`.
  std::vector<std::string> Said();
  // The same, writing nothing and leaving out nothing.
  std::vector<std::string> AllSaid();
  // The first difference with this key in all alarms, an empty object if there is none.
  Alarm Difference(const std::string& key_json);
  // The alarm that says it.
  Alarm AlarmOf(const std::string& key_json);

  void Traffic();

  // dcp's configuration.
  std::string Config(const Settings& settings);

 private:
  Committed SkippedByEmptyTransaction(const std::string& sql);
  Committed SkippedByMark(const std::string& sql);
  std::string OwnGtid(MysqlServer& server, const std::string& before);
  void AwaitJudging();
  void WarmUp();
  std::vector<Alarm> AlarmsSinceFirst();
  void CheckIds(const std::vector<Alarm>& alarms);
  uint64_t offset();

  const Flavour flavour_;
  ReplicaPair* pair_ = nullptr;
  Settings settings_;
  std::unique_ptr<DcpProcess> dcp_;
  uint64_t traffic_ = 0;
};

// One of a difference's sides: an operation in a transaction, with the row it left.
::testing::AssertionResult IsChange(const Alarm& side, const std::string& op,
                                    const Committed& transaction, const std::string& row_json);

}  // namespace dcp::test
