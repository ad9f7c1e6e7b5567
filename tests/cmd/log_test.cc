#include "cmd/dcp/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "cmd/dcp/log_limiter.h"

namespace dcp::cmd {
namespace {

using Json = nlohmann::json;
using Level = config::LogOptions::Level;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr absl::Duration kNow = absl::Hours(5);

class LogLimiterTest : public ::testing::Test {
 protected:
  // How many of `lines` such lines may be said at `now`.
  int Passed(int lines, const std::string& text, absl::Duration now) {
    int passed = 0;
    for (int i = 0; i < lines; ++i) {
      if (limiter_.Pass(absl::StrCat(text, " ", i, ".5 s"), now)) ++passed;
    }
    return passed;
  }
  LogLimiter limiter_{{.most = 3, .window = absl::Minutes(1), .max_kinds = 2}};
};

TEST_F(LogLimiterTest, AlikeLinesAreCountedBeyondTheLimit) {
  EXPECT_EQ(Passed(5, "tried again after", kNow), 3);
  EXPECT_THAT(limiter_.TakeHeldBack(kNow + absl::Seconds(59)), IsEmpty());
  EXPECT_EQ(Passed(1, "tried again after", kNow + absl::Seconds(59)), 0);
  EXPECT_THAT(limiter_.TakeHeldBack(kNow + absl::Minutes(1)),
              ElementsAre("tried again after 0.5 s (the last of 3 such lines left out)"));
  EXPECT_THAT(limiter_.TakeHeldBack(kNow + absl::Minutes(1)), IsEmpty());
  EXPECT_EQ(Passed(5, "tried again after", kNow + absl::Minutes(1)), 3);
}

TEST_F(LogLimiterTest, OneLineThatWasLeftOutIsOne) {
  EXPECT_EQ(Passed(4, "x", kNow), 3);
  EXPECT_THAT(limiter_.TakeHeldBack(kNow + absl::Minutes(2)),
              ElementsAre("x 3.5 s (the last of 1 such line left out)"));
}

TEST_F(LogLimiterTest, OtherLinesAreOfTheirOwn) {
  EXPECT_EQ(Passed(5, "collector c1: lost", kNow), 3);
  EXPECT_EQ(Passed(5, "collector c2: lost", kNow), 3);
  EXPECT_EQ(Passed(5, "collector c1: lost", kNow), 0);
}

TEST_F(LogLimiterTest, MoreKindsThanAreRememberedAreSaid) {
  EXPECT_EQ(Passed(5, "a", kNow), 3);
  EXPECT_EQ(Passed(5, "b", kNow), 3);
  EXPECT_EQ(Passed(5, "c", kNow), 5);
  limiter_.TakeHeldBack(kNow + absl::Minutes(1));
  EXPECT_EQ(Passed(5, "c", kNow + absl::Minutes(1)), 3);
}

Json LineOf(Level level, const std::string& text, const std::string& alarm = "") {
  return Json::parse(LogLineJson(absl::FromUnixSeconds(0), level, text, alarm));
}

TEST(LogLineTest, IsAnObject) {
  EXPECT_EQ(
      LineOf(Level::kInfo, "ready \"now\"\n"),
      Json::parse(R"({"at":"1970-01-01T00:00:00.000Z","level":"info","text":"ready \"now\"\n"})"));
  EXPECT_EQ(LineOf(Level::kWarning, "x")["level"], "warning");
  EXPECT_EQ(LineOf(Level::kError, "x")["level"], "error");
}

TEST(LogLineTest, NamesThePartThatItIsOf) {
  EXPECT_EQ(LineOf(Level::kInfo, "collector the source: lost: x")["about"], "collector the source");
  EXPECT_EQ(LineOf(Level::kInfo, "check shop: x")["about"], "check shop");
  EXPECT_FALSE(LineOf(Level::kInfo, "checks: x").contains("about"));
  EXPECT_FALSE(LineOf(Level::kInfo, "check shop").contains("about"));
}

TEST(LogLineTest, HasTheWholeAlarm) {
  EXPECT_EQ(LineOf(Level::kError, "DIFF", R"({"check":"shop","from":8})")["alarm"]["from"], 8);
}

// What is written to standard error meanwhile.
template <typename Function>
std::string Written(Function function) {
  ::testing::internal::CaptureStderr();
  function();
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, SaysWhatItsLevelAndFormatAre) {
  InitLog();
  EXPECT_THAT(Written([] { LogInfo("first"); }), HasSubstr("Z info first\n"));
  SetLogLevel(Level::kError);
  EXPECT_EQ(Written([] { LogWarning("second"); }), "");
  EXPECT_EQ(Written([] { LogAlarmLine(Level::kWarning, "late", "{}"); }), "");
  SetLogFormat(config::LogOptions::Format::kJson);
  const Json json = Json::parse(Written([] { LogError("third"); }));
  EXPECT_EQ(json["text"], "third");
  const Json alarm =
      Json::parse(Written([] { LogAlarmLine(Level::kError, "DIFF", "{\"to\":9}"); }));
  EXPECT_EQ(alarm["alarm"]["to"], 9);
  SetLogFormat(config::LogOptions::Format::kText);
  SetLogLevel(Level::kInfo);
}

TEST(LogTest, ManyAlikeAreHeldBackAndAlarmsAreNot) {
  InitLog();
  const std::string said = Written([] {
    for (int i = 0; i < 30; ++i) LogInfo(absl::StrCat("round number ", i));
  });
  EXPECT_THAT(said, AllOf(HasSubstr("number 19\n"), Not(HasSubstr("number 20\n"))));
  const std::string alarms = Written([] {
    for (int i = 0; i < 30; ++i) LogAlarmLine(Level::kInfo, absl::StrCat("RESOLVED ", i), "{}");
  });
  EXPECT_THAT(alarms, HasSubstr("RESOLVED 29\n"));
}

TEST(LogTest, HasNoColoursWithoutATerminal) {
  InitLog();
  EXPECT_THAT(Written([] { LogError("plain"); }), Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace dcp::cmd
