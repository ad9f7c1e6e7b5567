// Replication is held under a busy source: dcp stays within its memory, and when replication
// goes on it says of every change what it would have said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/process_memory.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr uint64_t kRowsPerTxn = 1000;
constexpr uint64_t kMostKilobytes = 200 * 1024;
// In a segment's bytes on disk each change takes more than its content.
constexpr uint64_t kContentBytes = 200;

// The short form's; DCP_TEST_CHANGES tells another number.
uint64_t Changes() { return test::NumberFromEnvironment("DCP_TEST_CHANGES").value_or(300'000); }

absl::Duration Patience(uint64_t changes) {
  return absl::Seconds(120) + absl::Microseconds(1000) * static_cast<double>(changes);
}

uint64_t BytesIn(const std::string& dir) {
  uint64_t bytes = 0;
  std::error_code ignored;  // files come and go
  for (const auto& entry : std::filesystem::directory_iterator(dir, ignored)) {
    const uint64_t size = entry.file_size(ignored);
    if (!ignored) bytes += size;
  }
  return bytes;
}

// Inserts of rows of their own, and updates of rows that were inserted before; `changes` in all.
absl::Status WriteALot(MysqlServer& server, uint64_t changes) {
  auto session = server.Connect();
  if (!session.ok()) return session.status();
  uint64_t rows = 0;
  for (uint64_t done = 0; done < changes; done += kRowsPerTxn) {
    const bool insert = done / kRowsPerTxn % 2 == 0;
    if (insert) rows += kRowsPerTxn;
    const uint64_t first = 1'000'000 + rows - kRowsPerTxn;
    const std::string sql =
        insert ? absl::StrCat("INSERT INTO shop.orders SELECT ", first, " + n, n, REPEAT('x', ",
                              kContentBytes, ") FROM shop_numbers.numbers")
               : absl::StrCat("UPDATE shop.orders SET v = v + 1 WHERE id >= ", first, " AND id < ",
                              first + kRowsPerTxn);
    const absl::Status status = (*session)->Execute(sql);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

struct HeldCase {
  const char* name;
  const char* check;  // more lines for [[check]]
};

class HeldTest : public ::testing::TestWithParam<HeldCase> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(Flavour::kMysql97)));
    // What was made to differ is no reason to stop replicating.
    ASSERT_OK(pair_->replica().Execute("SET GLOBAL replica_exec_mode = IDEMPOTENT"));
    ASSERT_OK(pair_->StopReplication());
    ASSERT_OK(pair_->StartReplication());
    ASSERT_OK(pair_->source().Execute(
        "CREATE DATABASE shop; CREATE DATABASE shop_numbers;"
        "CREATE TABLE shop_numbers.numbers (n INT PRIMARY KEY);"
        "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, v INT, note VARCHAR(300));"
        "SET SESSION cte_max_recursion_depth = 10000;"
        "INSERT INTO shop_numbers.numbers WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL "
        "SELECT n + 1 FROM s WHERE n < 999) SELECT n FROM s;"
        "INSERT INTO shop.orders SELECT n, n, 'before' FROM shop_numbers.numbers"));
    ASSERT_OK(pair_->WaitForReplica());
  }

  // Silently, and once as a write of the replica's own.
  void MakeTheReplicaDiffer() {
    ASSERT_OK(
        pair_->replica().Execute("SET sql_log_bin = 0; DELETE FROM shop.orders WHERE id = 3;"
                                 "UPDATE shop.orders SET v = -4 WHERE id = 4; SET sql_log_bin = 1;"
                                 "INSERT INTO shop.orders VALUES (-1, 1, 'own')"));
  }

  ReplicaPair* pair_ = nullptr;
};

TEST_P(HeldTest, MemoryStaysBoundedAndEveryVerdictIsRight) {
  const uint64_t changes = Changes();
  const auto dcp = DcpProcess::Prepare(
      absl::StrCat(LivePairToml(pair_->source(), pair_->replica(), GetParam().check)),
      "memory = \"64MiB\"\n");
  ASSERT_OK(dcp->StartAgain());
  ASSERT_OK(dcp->Await(OfType("same")));
  ASSERT_OK(pair_->replica().Execute("STOP REPLICA SQL_THREAD"));
  MakeTheReplicaDiffer();
  ASSERT_OK(pair_->source().Execute("UPDATE shop.orders SET note = 'after' WHERE id IN (3, 4, 5)"));
  ASSERT_OK(WriteALot(pair_->source(), changes));
  // All of it has been read: what is not in memory is on disk.
  const std::string spill = dcp->dir() / "state/spill";
  const uint64_t content = changes * kContentBytes;
  const uint64_t on_disk = content - std::min(content, uint64_t{64} << 20);
  EXPECT_TRUE(Eventually([&] { return BytesIn(spill) > on_disk; }, Patience(changes)))
      << BytesIn(spill) << " of " << on_disk << "\n"
      << dcp->log();
  const uint64_t held = KilobytesOf(dcp->pid(), "VmRSS:");
  EXPECT_THAT(dcp->log(), HasSubstr("wait on disk"));

  ASSERT_OK(pair_->replica().Execute("START REPLICA SQL_THREAD"));
  ASSERT_OK(dcp->AwaitJudged(pair_->source(), "orders", Patience(changes)));
  const uint64_t most = KilobytesOf(dcp->pid(), "VmHWM:");
  std::cout << changes << " changes held: " << held / 1024 << " MiB resident, at most "
            << most / 1024 << " MiB\n";
  EXPECT_LT(most, kMostKilobytes);

  std::set<std::string> differences;
  uint64_t last = 0, source_rows = 0;
  for (const Alarm& alarm : dcp->alarms()) {
    if (alarm["type"] == "diff") {
      for (const Alarm& diff : alarm["diffs"]) differences.insert(DifferenceInWords(diff));
    }
    if (!IsVerdict(alarm)) continue;
    EXPECT_NE(alarm["type"], "unverified") << alarm;
    if (last != 0) {
      EXPECT_EQ(alarm["from"], last);
    }
    last = alarm["to"];
    source_rows += alarm["rows"]["source"].get<uint64_t>();
  }
  EXPECT_THAT(differences, UnorderedElementsAre("extra shop.orders[-1]", "missing shop.orders[3]",
                                                "healed shop.orders[4]"));
  EXPECT_EQ(source_rows, changes + 3);
  EXPECT_TRUE(Eventually([&] { return BytesIn(spill) == 0; })) << dcp->log();
  ASSERT_OK_AND_ASSIGN(const int status, dcp->Stop());
  EXPECT_EQ(status, 0) << dcp->log();
}

INSTANTIATE_TEST_SUITE_P(, HeldTest,
                         ::testing::Values(HeldCase{"ByGtid", ""},
                                           HeldCase{"ByBarriers", "align = \"barrier\"\n"}),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace dcp::test
