// What happens to the tables and the servers in the middle of a run: nothing that is found of it is
// a difference, it is said, and no statement of a repair comes from it.
#include "tests/verifier/live_writer.h"
#include "tests/verifier/repair_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

enum class Where { kSource, kTarget };

class FaultsTest : public RepairTest,
                   public ::testing::WithParamInterface<std::tuple<test::Flavour, Where>> {
 protected:
  FaultsTest() : RepairTest(test::PairOf(std::get<0>(GetParam()))) {}

  void SetUp() override {
    RepairTest::SetUp();
    FillLiveTable(pair(), 1500);
    OnTarget("UPDATE shop.t SET t = 'wrong' WHERE id = 5");  // before what happens
    options_.scan.chunk = {.first = 100, .max = 100};
    options_.scan.retry_pause = absl::Milliseconds(10);
    options_.sync.timeout = absl::Seconds(2);
  }

  test::MysqlServer& server() {
    return std::get<1>(GetParam()) == Where::kSource ? pair().source() : pair().replica();
  }
  void OnServer(const std::string& sql) {
    EXPECT_OK(server().Execute("SET sql_log_bin = 0; " + sql + "; SET sql_log_bin = 1"));
  }

  // Runs, and has `fault` happen when some chunks have been read.
  void RunInto(const std::function<void()>& fault) {
    int chunks = 0;
    events_.on_rows = [&] {
      if (++chunks == 5) fault();
    };
    const Pause pause = [](absl::Duration time) { return Wait(time); };
    const auto report = VerifyForRepair(options_, Clock::Real(), pause, events_);
    ASSERT_OK(report);
    EXPECT_GE(chunks, 5);
    EXPECT_THAT(events_.Found(), IsEmpty());
    EXPECT_GE(Table("shop.t").undecided, 1u);
    EXPECT_NE(Table("shop.t").incomplete, "");
    EXPECT_THAT(Table("shop.t").reasons, Not(IsEmpty()));
    TryRepair(*report).IgnoreError();  // the server may be gone
    EXPECT_THAT(repaired_.statements, IsEmpty());
  }
};

TEST_P(FaultsTest, ATableThatIsDropped) {
  RunInto([&] { OnServer("DROP TABLE shop.t"); });
  EXPECT_THAT(Table("shop.t").reasons, Contains(HasSubstr("doesn't exist")));
}

TEST_P(FaultsTest, ATableThatIsAltered) {
  RunInto(
      [&] { OnServer("ALTER TABLE shop.t MODIFY v BIGINT UNSIGNED; UPDATE shop.t SET v = 1"); });
  EXPECT_THAT(Table("shop.t").reasons, Contains(HasSubstr("the definition of shop.t changed")));
}

TEST_P(FaultsTest, AServerThatDies) {
  RunInto([&] { server().Kill(); });
  EXPECT_THAT(Table("shop.t").reasons,
              Contains(HasSubstr(absl::StrCat("127.0.0.1:", server().port()))));
}

INSTANTIATE_TEST_SUITE_P(, FaultsTest,
                         ::testing::Combine(::testing::ValuesIn(test::kAllFlavours),
                                            ::testing::Values(Where::kSource, Where::kTarget)),
                         [](const auto& tested) {
                           return absl::StrCat(
                               test::NameOf(std::get<0>(tested.param)),
                               std::get<1>(tested.param) == Where::kSource ? "Source" : "Target");
                         });

}  // namespace
}  // namespace dcp::verifier
