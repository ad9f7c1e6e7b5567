#include "barrier/barrier_writer.h"

#include <gmock/gmock.h>

#include "tests/barrier/fake_sql.h"
#include "tests/support/eventually.h"
#include "tests/support/simulated_clock.h"

namespace dcp::barrier {
namespace {

using test::Eventually;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BarrierWriterTest : public ::testing::Test {
 protected:
  BarrierWriterTest() {
    options_.interval = absl::Milliseconds(1);
    options_.reconnect = {absl::Milliseconds(1), absl::Milliseconds(2)};
  }

  void Start(const Clock* clock = &Clock::Real()) {
    writer_ = std::make_unique<BarrierWriter>(options_, database_.opener(), clock,
                                              [this](absl::string_view text) {
                                                MutexLock lock(mu_);
                                                logged_.emplace_back(text);
                                              });
    writer_->Start();
  }

  std::vector<std::string> logged() {
    MutexLock lock(mu_);
    return logged_;
  }

  PulseOptions options_;
  FakeDatabase database_;
  Mutex mu_;
  std::vector<std::string> logged_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<BarrierWriter> writer_;
};

TEST_F(BarrierWriterTest, WritesBarriersOneAfterTheOther) {
  Start();
  EXPECT_TRUE(Eventually([&] { return database_.offset() >= 5; }));
  writer_->Stop();
  const BarrierStatus status = writer_->status();
  EXPECT_EQ(status.last_offset, database_.offset());
  EXPECT_EQ(status.written, database_.offset());
  EXPECT_GT(status.last_success, absl::UnixEpoch());
  EXPECT_EQ(status.last_error, "");
  EXPECT_EQ(database_.sessions(), 1);
}

TEST_F(BarrierWriterTest, ReconnectsAndGoesOn) {
  database_.FailToConnect(absl::UnavailableError("connection refused"), 3);
  database_.Fail("UPDATE", absl::UnavailableError("gone away"), 1);
  Start();
  EXPECT_TRUE(Eventually([&] { return database_.offset() >= 2; }));
  writer_->Stop();
  EXPECT_EQ(database_.sessions(), 2);
  // Said once each, not at every try.
  EXPECT_THAT(logged(), ElementsAre("connection refused", "gone away"));
}

TEST_F(BarrierWriterTest, AMissingPrivilegeStandsInTheStatus) {
  database_.Fail("CREATE", absl::PermissionDeniedError("Access denied"));
  Start();
  EXPECT_TRUE(Eventually([&] { return database_.sessions() >= 2; }));
  writer_->Stop();
  EXPECT_THAT(writer_->status().last_error, HasSubstr("GRANT CREATE, SELECT, INSERT, UPDATE"));
  EXPECT_FALSE(writer_->status().connected);
  EXPECT_EQ(writer_->status().written, 0u);
}

TEST_F(BarrierWriterTest, AgeGrowsUntilTheNextBarrier) {
  test::SimulatedClock clock;
  options_.interval = absl::Hours(1);
  Start(&clock);
  EXPECT_TRUE(Eventually([&] { return writer_->status().written == 1; }));
  EXPECT_EQ(writer_->status().age, absl::ZeroDuration());
  clock.Advance(absl::Minutes(59));
  EXPECT_EQ(writer_->status().age, absl::Minutes(59));
  EXPECT_EQ(writer_->status().last_success, clock.Now() - absl::Minutes(59));
}

TEST_F(BarrierWriterTest, StopEndsAStatementThatHangs) {
  database_.HangUpdates();
  Start();
  EXPECT_TRUE(Eventually([&] { return database_.hanging(); }));
  writer_->Stop();
  writer_->Stop();
  EXPECT_EQ(writer_->status().written, 0u);
}

TEST_F(BarrierWriterTest, StopEndsTheWaitForTheNextBarrier) {
  options_.interval = absl::Hours(1);
  Start();
  EXPECT_TRUE(Eventually([&] { return writer_->status().written == 1; }));
  EXPECT_TRUE(writer_->status().connected);
  writer_->Stop();
  EXPECT_FALSE(writer_->status().connected);
}

TEST_F(BarrierWriterTest, StopEndsTheWaitForTheNextTry) {
  options_.reconnect = {absl::Hours(1), absl::Hours(1)};
  database_.FailToConnect(absl::UnavailableError("connection refused"), 1'000'000);
  Start();
  EXPECT_TRUE(Eventually([&] { return !writer_->status().last_error.empty(); }));
  writer_->Stop();
}

}  // namespace
}  // namespace dcp::barrier
