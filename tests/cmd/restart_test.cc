// A daemon that is killed again and again says what one beside it says that is left alone: each
// verdict, each difference, each end of one, under the same ids; and each of them at least once to
// its sinks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/cmd/alarm_words.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/order_writers.h"
#include "tests/cmd/said.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

// The short form's, for each case; DCP_TEST_KILLS tells another number.
constexpr uint64_t kKills = 3;
constexpr size_t kEnoughSaid = 20;

uint64_t Kills() { return test::NumberFromEnvironment("DCP_TEST_KILLS").value_or(kKills); }

struct RestartCase {
  const char* name;
  Flavour flavour;
  const char* check;  // more lines for [[check]]
};

class RestartTest : public ::testing::TestWithParam<RestartCase> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(GetParam().flavour)));
    ASSERT_OK(MakeOrders(*pair_));
    ASSERT_OK(LetReplicaDiffer(*pair_, GetParam().flavour));
  }

  // The same check, without reading rows: when that is done changes what is found.
  std::string Config(int server_id) {
    return absl::StrCat(CollectorToml("source", server_id, pair_->source(), {{.tag = "src"}}),
                        CollectorToml("replica", server_id + 1, pair_->replica(), {{.tag = "dst"}}),
                        CheckToml("orders", "src", "dst", "confirm = false\n"), GetParam().check);
  }

  ReplicaPair* pair_ = nullptr;
};

TEST_P(RestartTest, AKilledDaemonSaysWhatAnotherOneSays) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  ASSERT_OK_AND_ASSIGN(const auto calm,
                       DcpProcess::Start(absl::StrCat(BarrierToml(pair_->source()), Config(4301))));
  ASSERT_OK_AND_ASSIGN(const auto killed, DcpProcess::Start(Config(4311)));
  // Both see all that differs from its beginning.
  ASSERT_OK(calm->Await(OfType("same")));
  ASSERT_OK(killed->Await(OfType("same")));
  OrderWriters writers(*pair_, seed);
  for (uint64_t i = 0; i < Kills(); ++i) {
    Pause(absl::Milliseconds(static_cast<int64_t>(random() % 1500)));
    ASSERT_OK(killed->KillAndRestart());
  }
  const auto enough = [&] {
    return writers.written() > 100 && AmountSaid(*killed, "orders") > kEnoughSaid;
  };
  EXPECT_TRUE(Eventually(enough, absl::Seconds(120))) << "there is little to compare";
  writers.Stop();
  ASSERT_OK(calm->AwaitJudged(pair_->source(), "orders"));
  const uint64_t last = LastBarrier(calm->alarms(), "orders");
  const auto reached = [&](const Alarm& alarm) {
    return IsVerdict(alarm) && BarrierOf(alarm, "to") > last;
  };
  ASSERT_OK(killed->Await(reached));
  EXPECT_GT(ExpectTheSameSaid(*calm, *killed, "orders"), kEnoughSaid) << killed->log();
}

// Not on MySQL 5.6 by position, which tells no server apart.
class NewServersTest : public RestartTest {};

// GTIDs and barriers have numbers again that they had before, and are not those.
TEST_P(NewServersTest, ServersThatWereMadeAnewMeanwhileAreANewEpoch) {
  ASSERT_OK_AND_ASSIGN(
      const auto dcp,
      DcpProcess::Start(absl::StrCat(BarrierToml(pair_->source()), Config(4321), "history = 1\n")));
  ASSERT_OK(dcp->Await(OfType("same")));
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.orders VALUES (1, 1)"));
  ASSERT_OK(dcp->Await(DiffOf("extra", "shop.orders", "[1]")));
  // What is gone on from stands behind more than what the servers have at once when they are new.
  ASSERT_OK(dcp->Await([](const Alarm& alarm) { return BarrierOf(alarm, "to") > 40; }));
  ASSERT_OK(dcp->Stop());
  const size_t before = dcp->alarms().size();
  ASSERT_OK(pair_->Reset());
  ASSERT_OK(MakeOrders(*pair_));
  ASSERT_OK(dcp->StartAgain());
  ASSERT_OK_AND_ASSIGN(const Alarm lost, dcp->Await(OfType("unverified"), before));
  ASSERT_OK(dcp->Await(OfType("same"), before));
  ASSERT_OK(pair_->replica().Execute("INSERT INTO shop.orders VALUES (2, 1)"));
  ASSERT_OK_AND_ASSIGN(const Alarm diff, dcp->Await(DiffOf("extra", "shop.orders", "[2]"), before));
  EXPECT_EQ(diff["epoch"], 2) << lost << diff;
  std::set<std::string> ids;
  for (const Alarm& alarm : dcp->alarms()) {
    EXPECT_TRUE(ids.insert(alarm["id"]).second) << alarm;
  }
}

constexpr RestartCase kMysql97{"Mysql97", Flavour::kMysql97, ""};
constexpr RestartCase kMysql97ByBarriers{"Mysql97ByBarriers", Flavour::kMysql97,
                                         "align = \"barrier\"\n"};
constexpr RestartCase kMariaDb{"MariaDb", Flavour::kMariaDb, ""};
constexpr RestartCase kMysql56{"Mysql56", Flavour::kMysql56, ""};

std::string NameOf(const ::testing::TestParamInfo<RestartCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(, RestartTest,
                         ::testing::Values(kMysql97, kMysql97ByBarriers, kMariaDb, kMysql56),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(, NewServersTest,
                         ::testing::Values(kMysql97, kMysql97ByBarriers, kMariaDb), NameOf);

}  // namespace
}  // namespace dcp::test
