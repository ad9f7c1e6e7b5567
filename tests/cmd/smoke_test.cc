// The whole path once: two live servers, one difference, one alarm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

// Source and replica of the pair, all tables of `shop`, a barrier every 200 ms.
std::string PairConfig(ReplicaPair& pair) {
  return absl::StrCat(
      "[barrier]\ninterval = \"200ms\"\n", ConnectionToml(pair.source()),
      "[[collector]]\ntype = \"mysql\"\nname = \"source\"\nserver_id = 4201\n",
      ConnectionToml(pair.source()), "tags = [{ tag = \"src\", tables = [\"shop.*\"] }]\n",
      "[[collector]]\ntype = \"mysql\"\nname = \"replica\"\nserver_id = 4202\n",
      ConnectionToml(pair.replica()), "tags = [{ tag = \"dst\", tables = [\"shop.*\"] }]\n",
      "[[check]]\nname = \"orders\"\nsource = \"src\"\ntargets = [\"dst\"]\n");
}

TEST(SmokeTest, WriteBehindReplicationsBackIsFoundAndResolved) {
  ASSERT_OK(SharedServers::Reset());
  ReplicaPair& pair = SharedServers::Pair();
  ASSERT_OK(pair.source().Execute("CREATE DATABASE shop"));
  ASSERT_OK(pair.source().Execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, v TEXT)"));
  ASSERT_OK(pair.WaitForReplica());
  ASSERT_OK_AND_ASSIGN(const auto dcp, DcpProcess::Start(PairConfig(pair)));
  ASSERT_OK(dcp->Await(OfType("same")));

  ASSERT_OK(pair.source().Execute("INSERT INTO shop.orders VALUES (1, 'a')"));
  ASSERT_OK(dcp->AwaitJudged(pair.source(), "orders"));
  ASSERT_OK(pair.replica().Execute("UPDATE shop.orders SET v = 'x'"));
  ASSERT_OK_AND_ASSIGN(const Alarm diff, dcp->Await(DiffOf("mismatch", "shop.orders", "[1]")));
  EXPECT_EQ(diff["diff_count"], 1);

  ASSERT_OK(pair.replica().Execute("UPDATE shop.orders SET v = 'a'"));
  ASSERT_OK_AND_ASSIGN(const Alarm resolved, dcp->Await(OfType("resolved")));
  EXPECT_EQ(resolved["resolves"], Alarm::array({diff["id"]}));
  ASSERT_OK_AND_ASSIGN(const int status, dcp->Stop());
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace dcp::test
