#include "verifier/recheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"
#include "tests/verifier/fake_tables.h"

namespace dcp::verifier {
namespace {

using ::dcp::test::HasCode;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using Kind = RowVerdict::Kind;

class RecheckTest : public ::testing::Test {
 protected:
  absl::Status Judge(const std::vector<std::string>& keys) {
    const Pause pause = [this](absl::Duration time) {
      pauses_.push_back(time);
      if (on_pause_) on_pause_();
      return pause_status_;
    };
    return Recheck(keys, options_, sides_, sync_, pause, [this](RowVerdict verdict) {
      EXPECT_FALSE(verdicts_.contains(verdict.key)) << verdict.key << " is named twice";
      verdicts_[verdict.key] = verdict;
    });
  }
  Kind KindOf(const std::string& key) { return verdicts_.at(key).kind; }

  RecheckOptions options_;
  FakeSides sides_;
  FakeSync sync_;
  absl::Status pause_status_;
  std::function<void()> on_pause_;
  std::vector<absl::Duration> pauses_;
  std::map<std::string, RowVerdict> verdicts_;
};

TEST_F(RecheckTest, EqualRowsEndInOneRound) {
  sides_.source = sides_.target = {{"a", "1"}};
  ASSERT_OK(Judge({"a", "absent"}));
  EXPECT_EQ(KindOf("a"), Kind::kEqual);
  EXPECT_EQ(KindOf("absent"), Kind::kEqual);
  EXPECT_EQ(sync_.marks, 1);
  EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(RecheckTest, ASteadyDifferenceTakesAllRoundsAndShowsBothRows) {
  sides_.source = {{"changed", "1"}, {"missing", "2"}};
  sides_.target = {{"changed", "9"}, {"extra", "3"}};
  ASSERT_OK(Judge({"changed", "missing", "extra"}));
  EXPECT_EQ(KindOf("changed"), Kind::kDifferent);
  EXPECT_EQ(verdicts_["changed"].source, "1");
  EXPECT_EQ(verdicts_["changed"].target, "9");
  EXPECT_EQ(verdicts_["missing"].target, std::nullopt);
  EXPECT_EQ(verdicts_["extra"].source, std::nullopt);
  EXPECT_EQ(sync_.marks, options_.rounds);
}

TEST_F(RecheckTest, ALateTargetIsEqualOnceItHasPassedThePoint) {
  sides_.source = {{"a", "new"}};
  sides_.target = {{"a", "old"}};
  sync_.await = [this] {
    sides_.target["a"] = "new";
    return absl::OkStatus();
  };
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kEqual);
}

TEST_F(RecheckTest, ATargetThatIsAheadOfTheFirstReadIsEqualByTheSecond) {
  sides_.source = {{"a", "1"}};
  sides_.before_target = [this] { sides_.source["a"] = sides_.target["a"] = "2"; };
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kEqual);
}

// The row goes to and fro; each read of the source happens to see "0", the target is read in
// between.
TEST_F(RecheckTest, OneUnluckyRoundIsNoDifference) {
  sides_.source = {{"a", "0"}};
  sides_.target = {{"a", "1"}};
  on_pause_ = [this] { sides_.target["a"] = "0"; };
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kEqual);
}

TEST_F(RecheckTest, RoundsCountOnlyWhileBothSidesHoldTheSame) {
  sides_.source = {{"a", "0"}};
  sides_.target = {{"a", "x"}};
  int round = 0;
  on_pause_ = [&] {
    if (++round == options_.rounds - 1) sides_.target["a"] = "y";
    if (round == 2 * options_.rounds - 2) sides_.source["a"] = "1";
  };
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kDifferent);
  EXPECT_EQ(verdicts_["a"].source, "1");
  EXPECT_EQ(verdicts_["a"].target, "y");
  EXPECT_EQ(sync_.marks, 3 * options_.rounds - 2);
}

TEST_F(RecheckTest, ARowThatChangesAllTheTimeIsUndecidedAndHidesNoOther) {
  int version = 0;
  sides_.source = {{"hot", "0"}, {"wrong", "1"}};
  sides_.target = {{"hot", "behind"}, {"wrong", "2"}};
  sides_.before_source = [&] { sides_.source["hot"] = absl::StrCat(++version); };
  ASSERT_OK(Judge({"hot", "wrong"}));
  EXPECT_EQ(KindOf("wrong"), Kind::kDifferent);
  EXPECT_EQ(KindOf("hot"), Kind::kUndecided);
  EXPECT_THAT(verdicts_["hot"].reason, HasSubstr("still changing after 30 reads"));
  EXPECT_EQ(sync_.marks, options_.max_rounds);
}

TEST_F(RecheckTest, AFailedReadIsUndecidedAndNeverADifference) {
  sides_.source = {{"a", "1"}, {"b", "1"}, {"good", "1"}};
  sides_.target = {{"good", "1"}};
  sides_.source_errors["b"] = absl::UnavailableError("source lost");
  sides_.target_errors["a"] = absl::UnavailableError("target lost");
  ASSERT_OK(Judge({"a", "b", "good"}));
  EXPECT_EQ(KindOf("a"), Kind::kUndecided);
  EXPECT_THAT(verdicts_["a"].reason, HasSubstr("target lost"));
  EXPECT_EQ(KindOf("b"), Kind::kUndecided);
  EXPECT_EQ(KindOf("good"), Kind::kEqual);
}

TEST_F(RecheckTest, AReadThatFailsOnceIsTriedAgain) {
  sides_.source = sides_.target = {{"a", "1"}};
  sides_.target_errors["a"] = absl::UnavailableError("lost");
  on_pause_ = [this] { sides_.target_errors.clear(); };
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kEqual);
}

TEST_F(RecheckTest, AFailureInBetweenStartsTheRoundsAgain) {
  sides_.source = {{"a", "1"}};
  int round = 0;
  on_pause_ = [&] {
    ++round;
    sides_.target_errors.clear();
    if (round == options_.rounds - 1) sides_.target_errors["a"] = absl::UnavailableError("lost");
  };
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kDifferent);
  EXPECT_EQ(sync_.marks, 2 * options_.rounds);
}

TEST_F(RecheckTest, ATargetThatDoesNotPassThePointDecidesNothing) {
  sides_.source = {{"a", "1"}};
  sync_.await = [] { return absl::DeadlineExceededError("replication is stopped"); };
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kUndecided);
  EXPECT_THAT(verdicts_["a"].reason, HasSubstr("replication is stopped"));
}

TEST_F(RecheckTest, WithoutReplicationTwoReadsASecondApartDecide) {
  sync_.replicated = false;
  sides_.source = {{"a", "1"}};
  ASSERT_OK(Judge({"a"}));
  EXPECT_EQ(KindOf("a"), Kind::kDifferent);
  EXPECT_THAT(pauses_, ElementsAre(absl::Seconds(1)));
}

TEST_F(RecheckTest, PausesGrowAndHaveALimit) {
  sides_.source = {{"a", "0"}};
  options_.rounds = 12;
  ASSERT_OK(Judge({"a"}));
  EXPECT_THAT(pauses_, SizeIs(11));
  EXPECT_THAT(pauses_, Each(AllOf(Ge(options_.first_pause / 2), Le(options_.last_pause))));
  EXPECT_GE(pauses_.back(), options_.last_pause / 2);
}

TEST_F(RecheckTest, AStopEndsItWithoutVerdicts) {
  sides_.source = {{"a", "1"}};
  pause_status_ = absl::CancelledError("stopped");
  EXPECT_THAT(Judge({"a"}), HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(verdicts_, IsEmpty());
}

}  // namespace
}  // namespace dcp::verifier
