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
    std::ofstream(dir_.path() + "/config.yml") << "route: {receiver: none}\n"
                                                  "receivers: [{name: none}]\n";
    port_ = FreePort();
    StartServer();
  }
  // Forgets what it knew.
  void StartServer() {
    server_.reset();
    auto server = test::Process::Start(
        {"/usr/bin/prometheus-alertmanager",
         absl::StrCat("--config.file=", dir_.path(), "/config.yml"),
         absl::StrCat("--storage.path=", dir_.path(), "/data"),
         absl::StrCat("--web.listen-address=127.0.0.1:", port_), "--cluster.listen-address="},
        dir_.path() + "/server.out");
    ASSERT_OK(server);
    server_.emplace(*std::move(server));
    ASSERT_TRUE(test::Eventually([&] { return Alerts().is_array(); }))
        << ReadWhole(dir_.path() + "/server.out");
  }
  void StartSink(absl::Duration keep_alive = absl::Minutes(5)) {
    sink_.reset();
    sink_ = MakeSink(keep_alive, dir_.path() + "/firing.json");
  }
  std::unique_ptr<AlertmanagerSink> MakeSink(absl::Duration keep_alive,
                                             const std::string& state_file) const {
    auto sink =
        AlertmanagerSink::Create({.http = {.url = absl::StrCat("http://127.0.0.1:", port_, "/")},
                                  .keep_alive = keep_alive,
                                  .state_file = state_file},
                                 Clock::Real());
    EXPECT_OK(sink);
    return sink.ok() ? *std::move(sink) : nullptr;
  }
  // What /api/v2/alerts says: what fires. Null when it cannot be asked.
  json Alerts() const {
    const std::string out = dir_.path() + "/alerts.json";
    std::remove(out.c_str());
    auto asked = test::Process::Start(
        {"/usr/bin/python3", "-c",
         "import sys,urllib.request;print(urllib.request.urlopen(sys.argv[1],timeout=5)"
         ".read().decode())",
         absl::StrCat("http://127.0.0.1:", port_, "/api/v2/alerts")},
        out);
    if (!asked.ok() || !test::Eventually([&] { return !asked->running(); })) return nullptr;
    return json::parse(ReadWhole(out), nullptr, false);
  }
  std::set<std::string> Firing() const {
    std::set<std::string> names;
    const json alerts = Alerts();
    if (!alerts.is_array()) return {"?"};
    for (const json& alert : alerts) {
      names.insert(absl::StrCat(alert["labels"]["alertname"].get<std::string>(), " ",
                                alert["labels"].value("table", "-")));
    }
    return names;
  }
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

  const ScratchDir dir_;
  int port_ = 0;
  std::optional<test::Process> server_;
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
  server_.reset();
  EXPECT_THAT(sink_->DoUpkeep().status, HasCode(absl::StatusCode::kUnavailable));
  StartServer();
  EXPECT_THAT(Firing(), IsEmpty());
  EXPECT_OK(sink_->DoUpkeep().status);
  EXPECT_THAT(Firing(), ElementsAre("DcpDiff shop.orders"));
}

TEST_F(AlertmanagerTest, AfterARestartOfDcpItGoesOn) {
  StartSink();
  const Alarm alarm = DiffAlarm();
  ASSERT_OK(sink_->Deliver(alarm));
  StartServer();
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
  server_.reset();
  EXPECT_THAT(sink_->Deliver(end), HasCode(absl::StatusCode::kUnavailable));
  StartSink();  // dcp too is restarted in between
  StartServer();
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

}  // namespace
}  // namespace dcp::alarm
