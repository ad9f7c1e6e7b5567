// Where dcp and another session stand in each other's way, it is dcp that gives way: it tries
// again, or says that it does not know. The other session notices nothing.
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "tests/servers/process.h"
#include "tests/support/eventually.h"
#include "tests/verifier/repair_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Which of two limits of the same length comes first is the server's matter.
auto GaveWay() {
  return AnyOf(HasSubstr("Lock wait timeout exceeded"), HasSubstr("max_statement_time exceeded"),
               HasSubstr("maximum statement execution time exceeded"));
}

class VictimTest : public RepairTest, public ::testing::WithParamInterface<test::Flavour> {
 protected:
  VictimTest() : RepairTest(test::PairOf(GetParam())) {}

  void SetUp() override {
    RepairTest::SetUp();
    std::string rows = "(1, 1)";
    for (int i = 2; i <= 300; ++i) absl::StrAppend(&rows, ", (", i, ", ", i, ")");
    OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB");
    OnBoth("INSERT INTO shop.t VALUES " + rows);
    options_.statement_timeout = absl::Seconds(2);
    options_.scan.chunk = {.first = 50, .max = 50};
    options_.scan.retry_pause = absl::Milliseconds(10);
    options_.sync.timeout = absl::Minutes(1);
    auto other = pair().source().Connect();
    ASSERT_OK(other);
    other_ = *std::move(other);
  }

  void Other(const std::string& sql) { EXPECT_OK(other_->Execute(sql)) << sql; }

  // Once, when the first rows have been read.
  void OnFirstRows(std::function<void()> work) {
    events_.on_rows = [done = false, work = std::move(work)]() mutable {
      if (!std::exchange(done, true)) work();
    };
  }

  // Until the source runs a statement of dcp's whose state has these words.
  bool AwaitState(const std::string& state) {
    return test::Eventually(
        [&] {
          const auto rows = pair().source().Query(
              "SELECT STATE FROM information_schema.PROCESSLIST WHERE USER = 'dcp' AND COMMAND = "
              "'Query'");
          EXPECT_OK(rows);
          for (const test::Row& row : rows.value_or(test::Rows())) {
            const std::string words = absl::AsciiStrToLower(row[0].value_or(""));
            if (absl::StrContains(words, state)) return true;
          }
          return false;
        },
        absl::Minutes(1));
  }

  std::unique_ptr<test::Session> other_;  // on the source
};

// It waits for as long as a statement may take, and tries again.
TEST_P(VictimTest, ATableThatIsLockedForAWhileIsReadWhenItIsFree) {
  options_.scan.tries = 1000;
  std::thread owner;
  OnFirstRows([&] {
    Other("LOCK TABLES shop.t WRITE");
    owner = std::thread([&] {
      EXPECT_TRUE(AwaitState("lock"));
      test::Pause(absl::Milliseconds(2500));  // longer than a statement of dcp may
      Other("UPDATE shop.t SET v = v + 1 WHERE id = 1; UNLOCK TABLES");
    });
  });
  ExpectEqual();
  ASSERT_TRUE(owner.joinable());
  owner.join();
  EXPECT_EQ(Table("shop.t").rows, 300u);
}

TEST_P(VictimTest, ATableThatStaysLockedIsUndecided) {
  options_.scan.tries = 1;
  options_.scan.max_failed_chunks = 1;
  OnFirstRows([&] { Other("LOCK TABLES shop.t WRITE"); });
  Run();
  EXPECT_THAT(events_.Found(), IsEmpty());
  EXPECT_GE(Table("shop.t").undecided, 1u);
  EXPECT_THAT(Table("shop.t").reasons, Contains(GaveWay()));
  Other("UPDATE shop.t SET v = v + 1 WHERE id = 1; UNLOCK TABLES");
}

// Row 250 takes ten minutes. Who wants to alter the table waits for dcp's limit, and no longer.
TEST_P(VictimTest, AReadThatTakesTooLongEndsForWhoeverWaitsForIt) {
  options_.tables = {{{"shop.t", "", {}}, "id < 250 OR SLEEP(600) = 0", "id > 0"}};
  options_.scan.tries = 1;
  std::thread owner([&] {
    EXPECT_TRUE(AwaitState("user sleep"));
    const absl::Duration begin = Clock::Real().Monotonic();
    Other("ALTER TABLE shop.t COMMENT = 'altered'");
    EXPECT_LT(Clock::Real().Monotonic() - begin, absl::Minutes(5));
  });
  Run();
  owner.join();
  EXPECT_THAT(events_.Found(), IsEmpty());
  EXPECT_GE(Table("shop.t").undecided, 1u);
  EXPECT_NE(Table("shop.t").incomplete, "");
}

// An open transaction has the row that is wrong on the target.
TEST_P(VictimTest, ARowThatIsLockedIsRepairedWhenItIsFree) {
  OnTarget("UPDATE shop.t SET v = 0 WHERE id IN (7, 8)");
  const RepairReport report = Report();
  ASSERT_OK_AND_ASSIGN(const auto holder, pair().replica().Connect());
  ASSERT_OK(
      holder->Execute("SET sql_log_bin = 0; BEGIN; SELECT v FROM shop.t WHERE id = 7 FOR UPDATE"));
  ASSERT_OK(TryRepair(report));
  EXPECT_EQ(Repaired("shop.t").repaired, 1u);
  EXPECT_THAT(repaired_.open["shop.t[7]"], GaveWay());
  ASSERT_OK(holder->Execute("UPDATE shop.t SET v = 5 WHERE id = 7; COMMIT"));
  ASSERT_OK(TryRepair(report));
  EXPECT_THAT(repaired_.open, IsEmpty());
  ExpectEqual();
}

// The row that dcp writes to have a point in time is another's for a while.
TEST_P(VictimTest, ABarrierThatIsLockedIsWaitedFor) {
  OnTarget("UPDATE shop.t SET v = 0 WHERE id = 7");
  options_.sync.kind = SyncKind::kBarrier;
  Run();  // makes the row
  std::thread owner;
  OnFirstRows([&] {
    Other("BEGIN; UPDATE drc.barrier SET `offset` = `offset` WHERE id = 1");
    owner = std::thread([&] {
      EXPECT_TRUE(AwaitState("updating"));
      test::Pause(absl::Milliseconds(1500));  // longer than dcp waits for a row
      Other("ROLLBACK");
    });
  });
  Run();
  ASSERT_TRUE(owner.joinable());
  owner.join();
  EXPECT_THAT(events_.Found(), Contains("mismatch shop.t[7]"));
  EXPECT_EQ(Table("shop.t").undecided, 0u);
}

INSTANTIATE_TEST_SUITE_P(, VictimTest, ::testing::ValuesIn(test::kAllFlavours),
                         [](const auto& tested) { return test::NameOf(tested.param); });

}  // namespace
}  // namespace dcp::verifier
