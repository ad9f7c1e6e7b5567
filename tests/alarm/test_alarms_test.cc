// `dcp check-config --send-test-alarm`, and sinks as the configuration makes them.
#include <csignal>
#include <sstream>

#include "cmd/dcp/sinks.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/json_schema.h"
#include "tests/alarm/receiver.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_dir.h"

namespace dcp::cmd {
namespace {

using ::dcp::test::StatusIs;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class TestAlarmsTest : public ::testing::Test {
 protected:
  void SetUp() override { signal(SIGPIPE, SIG_IGN); }
  config::AlarmOptions& Add(config::AlarmOptions::Type type) {
    config_.alarms.emplace_back();
    config_.alarms.back().type = type;
    return config_.alarms.back();
  }
  bool Send() { return SendTestAlarms(config_, Clock::Real(), said_); }

  const test::TestDir dir_{"dcp-test-alarm"};
  config::Config config_;
  std::stringstream said_;
};

using Type = config::AlarmOptions::Type;

TEST_F(TestAlarmsTest, EverySinkGetsOneAndItsEnd) {
  alarm::Receiver receiver(dir_.path(), {"--secret", "s"});
  auto& webhook = Add(Type::kWebhook);
  webhook.url = receiver.Url();
  webhook.secret = "s";
  webhook.checks = {"another"};  // routing is not asked
  Add(Type::kExec).command = {"cat"};
  Add(Type::kFile).path = dir_.path() + "/alarms.jsonl";
  Add(Type::kLog);
  EXPECT_TRUE(Send()) << said_.str();
  const auto taken = receiver.Taken();
  ASSERT_THAT(taken, SizeIs(2));
  EXPECT_EQ(taken[0]["signed"], true);
  const json diff = json::parse(taken[0]["body"].get<std::string>());
  const json end = json::parse(taken[1]["body"].get<std::string>());
  EXPECT_EQ(alarm::WrongByManual(diff.dump()), "");
  EXPECT_EQ(alarm::WrongByManual(end.dump()), "");
  EXPECT_EQ(end["resolves"][0], diff["id"]);
  EXPECT_THAT(alarm::ReadWhole(dir_.path() + "/alarms.jsonl"), HasSubstr("test-alarm"));
  EXPECT_THAT(said_.str(), HasSubstr("exec cat: delivered, with its end"));
  EXPECT_THAT(said_.str(), HasSubstr("nothing differs"));
}

TEST_F(TestAlarmsTest, AFailureIsSaidAndTheOthersAreTried) {
  Add(Type::kExec).command = {"false"};
  Add(Type::kExec).command = {"true"};
  EXPECT_FALSE(Send());
  EXPECT_THAT(said_.str(), HasSubstr("exec false: 'false' ended with exit status 1"));
  EXPECT_THAT(said_.str(), HasSubstr("exec true: delivered"));
}

TEST_F(TestAlarmsTest, WhatCannotBeSetUpIsSaidWithItsNumber) {
  Add(Type::kLog);
  auto& webhook = Add(Type::kWebhook);
  webhook.url = "https://hooks.example.com/secret";
  webhook.body_template = "{{#diffs}}";
  const auto routes = MakeRoutes(config_, Clock::Real(), [](alarm::Level, absl::string_view) {});
  EXPECT_THAT(routes.status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                        HasSubstr("[[alarm]] number 2: the template")));
  EXPECT_THAT(std::string(routes.status().message()), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace dcp::cmd
