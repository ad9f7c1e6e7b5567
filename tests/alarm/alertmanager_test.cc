// Against Debian's Alertmanager.
#include <csignal>
#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "alarm/alertmanager_sink.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/receiver.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::alarm {
namespace {

using ::dcp::test::HasCode;
using ::dcp::test::IsOk;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class AlertmanagerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    signal(SIGPIPE, SIG_IGN);
    server_.Start();
  }
  void StartSink(absl::Duration keep_alive = absl::Minutes(5)) {
    sink_.reset();
    sink_ = MakeSink(keep_alive, dir_.path() + "/firing.json");
  }
  std::unique_ptr<AlertmanagerSink> MakeSink(absl::Duration keep_alive,
                                             const std::string& state_file,
                                             absl::Duration unverified_for = absl::Hours(1)) const {
    auto sink = AlertmanagerSink::Create({.http = {.url = server_.Url()},
                                          .keep_alive = keep_alive,
                                          .unverified_for = unverified_for,
                                          .state_file = state_file},
                                         Clock::Real());
    EXPECT_OK(sink);
    return sink.ok() ? *std::move(sink) : nullptr;
  }
  std::set<std::string> Firing() const { return server_.Firing({"alertname", "table"}); }
  // Outcomes of now: Alertmanager ends what ended long ago at once.
  static Alarm Of(model::Outcome outcome) {
    static const FakeRenderer renderer;
    std::visit([](auto& o) { o.head.at = Clock::Real().Now(); }, outcome);
    return MakeAlarms(outcome, renderer).front();
  }
  static Alarm DiffAlarm(model::DiffKind kind = model::DiffKind::kMissing) {
    model::RowDiff diff = Missing();
    diff.kind = kind;
    model::Verdict verdict = Diff({diff}, 10 + static_cast<uint64_t>(kind), 20);
    verdict.diff_tables = {{"shop.orders", 1}};
    return Of(verdict);
  }
  static Alarm EndOf(const std::vector<std::string>& ids) {
    model::Resolved resolved = Ended();
    resolved.resolves = ids;
    return Of(resolved);
  }

  const test::TestDir dir_{"dcp-test-alarm"};
  Alertmanager server_{dir_.path()};
  std::unique_ptr<AlertmanagerSink> sink_;
};

TEST_F(AlertmanagerTest, EachKindFiresAndIsResolved) {
  using enum model::DiffKind;
  StartSink();
  for (auto kind : {kMissing, kStale, kMismatch, kExtra, kHealed, kReordered, kDdl}) {
    const Alarm alarm = DiffAlarm(kind);
    ASSERT_OK(sink_->Deliver(alarm));
    EXPECT_THAT(Firing(), ElementsAre("DcpDiff shop.orders")) << model::ToString(kind);
    ASSERT_OK(sink_->Deliver(EndOf({alarm.id})));
    EXPECT_TRUE(test::Eventually([&] { return Firing().empty(); })) << model::ToString(kind);
  }
  const Alarm late = Of(Late());
  ASSERT_OK(sink_->Deliver(late));
  ASSERT_OK(sink_->Deliver(Of(Unverified("image", "d", "shop.items"))));
  EXPECT_THAT(Firing(), ElementsAre("DcpTimeout -", "DcpUnverified shop.items"));
  ASSERT_OK(sink_->Deliver(EndOf({late.id})));
  EXPECT_TRUE(test::Eventually(
      [&] { return Firing() == std::set<std::string>{"DcpUnverified shop.items"}; }));
}

TEST_F(AlertmanagerTest, AnAlertmanagerThatWasRestartedLearnsWhatFires) {
  StartSink();
  const Alarm alarm = DiffAlarm();
  ASSERT_OK(sink_->Deliver(alarm));
  server_.Stop();
  EXPECT_THAT(sink_->DoUpkeep().status, HasCode(absl::StatusCode::kUnavailable));
  server_.Start();
  EXPECT_THAT(Firing(), IsEmpty());
  EXPECT_OK(sink_->DoUpkeep().status);
  EXPECT_THAT(Firing(), ElementsAre("DcpDiff shop.orders"));
}

TEST_F(AlertmanagerTest, AfterARestartOfDcpItGoesOn) {
  StartSink();
  const Alarm alarm = DiffAlarm();
  ASSERT_OK(sink_->Deliver(alarm));
  server_.Start();
  StartSink();
  EXPECT_OK(sink_->DoUpkeep().status);
  EXPECT_THAT(Firing(), ElementsAre("DcpDiff shop.orders"));
  ASSERT_OK(sink_->Deliver(EndOf({alarm.id})));
  EXPECT_TRUE(test::Eventually([&] { return Firing().empty(); }));
}

TEST_F(AlertmanagerTest, AnEndThatCouldNotBeToldIsToldLater) {
  StartSink();
  const Alarm alarm = DiffAlarm(), end = EndOf({DiffAlarm().id});
  ASSERT_OK(sink_->Deliver(alarm));
  server_.Stop();
  EXPECT_THAT(sink_->Deliver(end), HasCode(absl::StatusCode::kUnavailable));
  StartSink();  // dcp too is restarted in between
  server_.Start();
  ASSERT_OK(MakeSink(absl::Minutes(5), "")->Deliver(alarm));  // one that does not know of the end
  EXPECT_THAT(Firing(), ElementsAre("DcpDiff shop.orders"));
  EXPECT_OK(sink_->DoUpkeep().status);
  EXPECT_OK(sink_->Deliver(end));
  EXPECT_TRUE(test::Eventually([&] { return Firing().empty(); }));
}

TEST_F(AlertmanagerTest, WhatIsNotKeptAliveEnds) {
  StartSink(absl::Seconds(2));
  ASSERT_OK(sink_->Deliver(DiffAlarm()));
  EXPECT_THAT(Firing(), ElementsAre("DcpDiff shop.orders"));
  EXPECT_TRUE(test::Eventually([&] { return Firing().empty(); }));
}

TEST_F(AlertmanagerTest, AnUnverifiedEndsByItself) {
  sink_ = MakeSink(absl::Minutes(5), "", absl::Seconds(2));
  ASSERT_OK(sink_->Deliver(Of(Unverified("image", "d", "shop.items"))));
  EXPECT_TRUE(test::Eventually([&] {
    EXPECT_OK(sink_->DoUpkeep().status);
    return Firing().empty();
  }));
}

}  // namespace
}  // namespace dcp::alarm
