#include "barrier/barrier_pulse.h"

#include <gmock/gmock.h>

#include "tests/barrier/fake_sql.h"
#include "tests/support/status_matchers.h"

namespace dcp::barrier {
namespace {

using test::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr absl::Duration kStart = absl::Seconds(1000);

class BarrierPulseTest : public ::testing::Test {
 protected:
  BarrierPulseTest() {
    options_.interval = absl::Seconds(2);
    options_.reconnect = {absl::Seconds(1), absl::Seconds(8)};
    options_.user = "'dcp'@'10.%'";
    sql_ = *database_.Connect();
  }

  PulseOptions options_;
  FakeDatabase database_;
  std::unique_ptr<SqlExecutor> sql_;
};

TEST_F(BarrierPulseTest, CreatesDatabaseTableAndRow) {
  EXPECT_OK(BarrierPulse(options_).Prepare(sql_.get()));
  EXPECT_THAT(database_.statements(),
              ElementsAre("CREATE DATABASE IF NOT EXISTS `drc`",
                          StartsWith("CREATE TABLE IF NOT EXISTS `drc`.`barrier`"),
                          "INSERT IGNORE INTO `drc`.`barrier` (`id`, `offset`) VALUES (1, 0)"));
}

TEST_F(BarrierPulseTest, ATableThatIsThereNeedsNoPrivilegeToCreate) {
  database_.CreateAll(5);
  database_.Fail("CREATE", absl::PermissionDeniedError("no"));
  EXPECT_OK(BarrierPulse(options_).Prepare(sql_.get()));
  EXPECT_THAT(database_.statements(), IsEmpty());
}

TEST_F(BarrierPulseTest, AMissingRowOfAnotherIdIsInserted) {
  options_.id = 7;
  database_.Fail("SELECT `offset`", absl::NotFoundError("no row"), 1);
  EXPECT_OK(BarrierPulse(options_).Prepare(sql_.get()));
  EXPECT_THAT(database_.statements(),
              ElementsAre("INSERT IGNORE INTO `drc`.`barrier` (`id`, `offset`) VALUES (7, 0)"));
}

TEST_F(BarrierPulseTest, SetsTheRowFormatWhereItIsNot) {
  database_.CreateAll(5);
  database_.SetFormatIsRow(false);
  EXPECT_OK(BarrierPulse(options_).Prepare(sql_.get()));
  EXPECT_THAT(database_.statements(), ElementsAre("SET SESSION binlog_format = 'ROW'"));
}

TEST_F(BarrierPulseTest, AServerWithoutTheFormatVariableWritesRows) {
  database_.CreateAll(5);
  database_.Fail("SELECT @@",
                 absl::InvalidArgumentError("Unknown system variable 'binlog_format'"));
  EXPECT_OK(BarrierPulse(options_).Prepare(sql_.get()));
}

TEST_F(BarrierPulseTest, AMissingPrivilegeNamesStatementAndGrant) {
  database_.Fail("CREATE DATABASE", absl::PermissionDeniedError("Access denied for user"));
  EXPECT_THAT(BarrierPulse(options_).Prepare(sql_.get()),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("CREATE DATABASE IF NOT EXISTS `drc`"),
                             HasSubstr("Access denied for user"),
                             HasSubstr("GRANT CREATE, SELECT, INSERT, UPDATE ON `drc`.* TO "
                                       "'dcp'@'10.%'"))));
}

TEST_F(BarrierPulseTest, AFormatThatMayNotBeSetHasACureOfItsOwn) {
  database_.SetFormatIsRow(false);
  database_.Fail("SET SESSION", absl::PermissionDeniedError("Access denied"));
  EXPECT_THAT(BarrierPulse(options_).Prepare(sql_.get()),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("SESSION_VARIABLES_ADMIN"), HasSubstr("BINLOG ADMIN"))));
}

TEST_F(BarrierPulseTest, ALostSessionCreatesNothing) {
  database_.Fail("SELECT `offset`", absl::UnavailableError("gone away"));
  EXPECT_THAT(BarrierPulse(options_).Prepare(sql_.get()),
              StatusIs(absl::StatusCode::kUnavailable, "gone away"));
  EXPECT_THAT(database_.statements(), IsEmpty());
}

TEST_F(BarrierPulseTest, TheFirstBarrierIsDueAtOnce) {
  database_.CreateAll(41);
  BarrierPulse pulse(options_);
  const BarrierPulse::Step step = pulse.Run(sql_.get(), kStart);
  EXPECT_TRUE(step.wrote);
  EXPECT_EQ(pulse.last_offset(), 42u);
  EXPECT_EQ(step.wake_at, kStart + absl::Seconds(2));
  EXPECT_THAT(database_.statements(),
              ElementsAre("UPDATE `drc`.`barrier` SET `offset` = `offset` + 1 WHERE `id` = 1"));
}

TEST_F(BarrierPulseTest, NothingIsWrittenBeforeItIsDue) {
  database_.CreateAll(0);
  BarrierPulse pulse(options_);
  pulse.Run(sql_.get(), kStart);
  const BarrierPulse::Step step = pulse.Run(sql_.get(), kStart + absl::Milliseconds(1999));
  EXPECT_FALSE(step.wrote);
  EXPECT_OK(step.status);
  EXPECT_EQ(database_.offset(), 1u);
  EXPECT_TRUE(pulse.Run(sql_.get(), step.wake_at).wrote);
}

TEST_F(BarrierPulseTest, TheBeatIsKeptWhenCallsComeLate) {
  database_.CreateAll(0);
  BarrierPulse pulse(options_);
  pulse.Run(sql_.get(), kStart);
  const BarrierPulse::Step second = pulse.Run(sql_.get(), kStart + absl::Milliseconds(2300));
  EXPECT_EQ(second.wake_at, kStart + absl::Seconds(4));
}

TEST_F(BarrierPulseTest, MissedBarriersAreNotMadeUpFor) {
  database_.CreateAll(0);
  BarrierPulse pulse(options_);
  pulse.Run(sql_.get(), kStart);
  const BarrierPulse::Step late = pulse.Run(sql_.get(), kStart + absl::Minutes(5));
  EXPECT_TRUE(late.wrote);
  EXPECT_EQ(late.wake_at, kStart + absl::Minutes(5) + absl::Seconds(2));
  EXPECT_EQ(database_.offset(), 2u);
}

TEST_F(BarrierPulseTest, AFailureIsTriedAgainWithGrowingPatience) {
  database_.CreateAll(0);
  database_.Fail("UPDATE", absl::UnavailableError("read-only"), 6);
  BarrierPulse pulse(options_);
  absl::Duration shortest = absl::ZeroDuration();
  for (int i = 0; i < 6; ++i) {
    const BarrierPulse::Step step = pulse.Run(sql_.get(), kStart);
    EXPECT_FALSE(step.wrote);
    EXPECT_FALSE(step.status.ok());
    EXPECT_GE(step.wake_at - kStart, shortest);
    EXPECT_LE(step.wake_at - kStart, absl::Seconds(8));
    shortest = std::min(absl::Seconds(4), absl::Milliseconds(500) * (2 << i));
  }
  EXPECT_TRUE(pulse.Run(sql_.get(), kStart).wrote);
}

TEST_F(BarrierPulseTest, ARowThatIsGoneIsSaid) {
  EXPECT_OK(BarrierPulse(options_).Prepare(sql_.get()));
  database_.Fail("SELECT `offset`", absl::NotFoundError("no row"));
  const BarrierPulse::Step step = BarrierPulse(options_).Run(sql_.get(), kStart);
  EXPECT_FALSE(step.wrote);
  EXPECT_EQ(step.status.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace dcp::barrier
