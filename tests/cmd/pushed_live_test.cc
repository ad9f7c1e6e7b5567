// Clients of a running daemon: refused messages, late targets, its end; and `dcp push`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/cmd/program.h"
#include "tests/cmd/pushed_play.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kUsage = 64, kConfig = 78;

Message Barrier(const std::string& tag, uint64_t offset) {
  return Script(tag).Barrier(offset).calls()[0][0];
}

class LiveTest : public ::testing::Test {
 protected:
  void StartDcp(const std::string& check_options = "") {
    ASSERT_OK_AND_ASSIGN(dcp_, DcpProcess::Start(PushedConfig(address_, check_options)));
  }
  // Ends dcp and returns what it said in all.
  std::vector<std::string> Said() {
    const absl::StatusOr<int> status = dcp_->Stop();
    EXPECT_OK(status);
    EXPECT_EQ(status.value_or(-1), 0) << dcp_->log();
    return Texts(dcp_->alarms());
  }
  void Await(const std::string& text) {
    ASSERT_OK(
        dcp_->Await([&](const Alarm& alarm) { return Text(alarm) == text; }, 0, absl::Seconds(20)));
  }

  const std::string address_ = FreeAddress();
  std::unique_ptr<DcpProcess> dcp_;
};

// --- refused messages ---

TEST_F(LiveTest, ARefusedMessageDoesNotEndTheStream) {
  StartDcp();
  Feed src(address_), dst(address_);
  src.SendAll(Script("src").Barrier(1).Insert("k", "[1]").calls()[0]);
  const Response unknown = src.Send(Barrier("nope", 1));
  EXPECT_EQ(unknown.code(), 1);
  EXPECT_EQ(unknown.id(), "nope:1");
  EXPECT_THAT(unknown.msg(), AllOf(HasSubstr("\"nope\""), HasSubstr("src, dst")));
  Message empty;
  empty.set_tag("src");
  EXPECT_EQ(src.Send(empty).code(), 2);
  EXPECT_EQ(src.Send(Script("src").Insert("", "[1]").calls()[0][0]).code(), 5);
  EXPECT_EQ(src.Send(Script("src").Insert("k", std::string(5 << 20, 'x')).calls()[0][0]).code(), 3);
  EXPECT_EQ(dst.Send(Barrier("src", 2)).code(), 6);  // another call feeds it
  src.SendAll(Script("src").Barrier(2).calls()[0]);
  dst.SendAll(Script("dst").Barrier(1).Insert("k", "[1]").Barrier(2).calls()[0]);
  EXPECT_TRUE(src.End().ok());
  EXPECT_TRUE(dst.End().ok());
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(LiveTest, OneCallMayFeedBothTags) {
  StartDcp();
  Feed feed(address_);
  for (uint64_t offset = 1; offset <= 3; ++offset) {
    for (const char* tag : {"src", "dst"}) {
      feed.SendAll({Script(tag).Insert("k", absl::StrCat("[", offset, "]")).calls()[0]});
      feed.SendAll({Barrier(tag, offset)});
    }
  }
  EXPECT_TRUE(feed.End().ok());
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

// --- a target that is silent, late, then complete ---

// Where time must not count, the target is ahead of the source.
TEST_F(LiveTest, ASilentTargetIsLateOnceAndComparedWhenItComes) {
  StartDcp("timeout = \"300ms\"");
  Feed src(address_), dst(address_);
  dst.SendAll({Barrier("dst", 1)});
  src.SendAll({Barrier("src", 1)});
  src.SendAll(Script("src").Insert("k", "[1]").Insert("l", "[1]").Barriers(2, 5).calls()[0]);
  Await("timeout 1..2 last=1");
  Pause(absl::Milliseconds(300));  // so that the last segment is as old as the first
  dst.SendAll(Script("dst").Insert("k", "[1]").Barriers(2, 5).calls()[0]);
  Await("resolved timeout");
  dst.SendAll({Barrier("dst", 6)});
  src.SendAll({Barrier("src", 6)});
  Await("same 5..6");
  EXPECT_THAT(Said(),
              ElementsAre("timeout 1..2 last=1", "diff 1..2 l:missing late", "same 2..3 late",
                          "same 3..4 late", "same 4..5 late", "resolved timeout", "same 5..6"));
}

TEST_F(LiveTest, ATargetThatNeverCameIsLateAndSoSaid) {
  StartDcp("timeout = \"300ms\"");
  Feed src(address_);
  src.SendAll(Script("src").Barrier(1).Insert("k", "[1]").Barrier(2).calls()[0]);
  ASSERT_OK_AND_ASSIGN(const Alarm late, dcp_->Await(OfType("timeout")));
  EXPECT_EQ(late["last_barrier"], 0);
  EXPECT_EQ(late["detail"], "the target has sent no barrier");
  EXPECT_TRUE(src.End().ok());
}

TEST_F(LiveTest, ATargetThatSendsNoBarrierIsLateAndSoSaid) {
  StartDcp("timeout = \"300ms\"");
  Feed src(address_), dst(address_);
  dst.SendAll(Script("dst").Insert("k", "[1]").calls()[0]);
  src.SendAll(Script("src").Barrier(1).Insert("k", "[1]").Barrier(2).calls()[0]);
  ASSERT_OK_AND_ASSIGN(const Alarm late, dcp_->Await(OfType("timeout")));
  EXPECT_THAT(late["detail"].get<std::string>(), HasSubstr("no barrier"));
}

// A client that dies without a word, and its next incarnation.
TEST_F(LiveTest, ALostConnectionIsUnverifiedUpToTheNextCommonBarrier) {
  StartDcp();
  Feed src(address_);
  src.SendAll(Script("src").Barriers(1, 2).calls()[0]);
  {
    Feed dst(address_);
    dst.SendAll(Script("dst").Barriers(1, 2).Insert("k", "[1]").calls()[0]);
  }
  // The tag is free as soon as the end of the lost call is known.
  auto again = std::make_unique<Feed>(address_);
  Response response = again->Send(Barrier("dst", 3));
  for (int tries = 0; response.code() == 6 && tries < 1000; ++tries) {
    Pause(absl::Milliseconds(10));
    response = again->Send(Barrier("dst", 3));
  }
  ASSERT_EQ(response.code(), 0);
  again->SendAll(Script("dst").Insert("l", "[1]").Barrier(4).calls()[0]);
  src.SendAll(Script("src").Insert("k", "[1]").Barrier(3).Insert("l", "[1]").Barrier(4).calls()[0]);
  EXPECT_TRUE(src.End().ok());
  EXPECT_TRUE(again->End().ok());
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "unverified 2..3 restart", "same 3..4"));
}

// --- the end of the daemon ---

TEST_F(LiveTest, SigtermEndsOpenStreamsWithUnavailableAndLosesNothing) {
  StartDcp();
  Feed src(address_), dst(address_), idle(address_);
  EXPECT_EQ(idle.Send(Barrier("nope", 1)).code(), 1);
  src.SendAll(Script("src").Barrier(1).Insert("k", "[1]").Barrier(2).calls()[0]);
  dst.SendAll(Script("dst").Barrier(1).Insert("k", "[1]").Barrier(2).calls()[0]);
  const absl::Duration begin = Clock::Real().Monotonic();
  ASSERT_EQ(::kill(dcp_->pid(), SIGTERM), 0);
  EXPECT_EQ(src.AwaitEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(dst.AwaitEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(idle.AwaitEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
  EXPECT_LT(Clock::Real().Monotonic() - begin, absl::Seconds(10));
}

// Sends as fast as it can while the daemon goes.
TEST_F(LiveTest, SigtermEndsAStreamInFullFlight) {
  StartDcp();
  Feed src(address_), dst(address_);
  src.SendAll({Barrier("src", 1)});
  dst.SendAll({Barrier("dst", 1)});
  uint64_t accepted = 1;
  for (bool told = false;;) {
    if (dst.Send(Script("dst").Insert("k", "[1]").calls()[0][0]).code() != 0) break;
    if (src.Send(Script("src").Insert("k", "[1]").calls()[0][0]).code() != 0) break;
    if (src.Send(Barrier("src", accepted + 1)).code() != 0) break;
    if (dst.Send(Barrier("dst", accepted + 1)).code() != 0) break;
    if (++accepted > 100 && !std::exchange(told, true)) ::kill(dcp_->pid(), SIGTERM);
  }
  EXPECT_EQ(src.AwaitEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(dst.AwaitEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
  const std::vector<std::string> said = Said();
  ASSERT_GE(said.size(), 99u);  // what both sides were told is accepted is judged
  EXPECT_GE(said.size(), accepted - 1);
  for (size_t i = 0; i < said.size(); ++i) {
    EXPECT_EQ(said[i], absl::StrCat("same ", i + 1, "..", i + 2));
  }
}

TEST_F(LiveTest, APortInUseIsOneClearLineAndExit78) {
  StartDcp();
  const TestDir dir("dcp-second");
  WriteFile(dir / "dcp.toml",
            absl::StrCat(PushedConfig(address_), "\n[state]\ndir = \"", dir / "state", "\"\n"));
  ASSERT_OK_AND_ASSIGN(const ProgramResult second, RunDcp({"run", "--config", dir / "dcp.toml"}));
  EXPECT_EQ(second.exit_code, kConfig);
  EXPECT_THAT(second.output,
              AllOf(HasSubstr("cannot listen on " + address_), HasSubstr("the port is in use")));
  const std::string& said = second.output;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_THAT(Said(), IsEmpty());
}

// --- dcp push ---

class PushTest : public LiveTest {
 protected:
  ProgramResult Push(const std::string& lines, std::vector<std::string> options = {}) {
    std::vector<std::string> argv = {DCP_PROGRAM, "push", "--target", address_};
    argv.insert(argv.end(), options.begin(), options.end());
    const absl::StatusOr<ProgramResult> result = RunProgram(argv, lines);
    EXPECT_OK(result);
    return result.value_or(ProgramResult{});
  }
};

TEST_F(PushTest, BothTagsPushedAreSame) {
  StartDcp();
  const std::string lines = R"({"barrier":1}
{"id":"m1","key":"shop.orders[1]","content":"INSERT [1,\"grüß\"]"}

{"id":"m2","key":"shop.orders[2]","content":"DELETE []"}
{"id":"m3","key":"other","checksum":"v1"}
{"barrier":2}
{"id":"m4","key":"shop.orders[1]","content":"UPDATE [1,\"neu\"]"}
{"barrier":3})";  // the last line lacks its end
  const ProgramResult src = Push(lines, {"--tag", "src"});
  EXPECT_EQ(src.exit_code, 0) << src.output;
  EXPECT_EQ(src.output, "dcp: sent 7, acknowledged 7, refused 0, bad lines 0\n");
  EXPECT_EQ(Push(lines + "\n", {"--tag", "dst"}).exit_code, 0);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(PushTest, OneRunMayPushBothTags) {
  StartDcp();
  std::string lines;
  for (const char* tag : {"src", "dst"}) {
    absl::StrAppend(&lines, "{\"tag\":\"", tag, "\",\"barrier\":1}\n{\"tag\":\"", tag,
                    "\",\"key\":\"k\",\"content\":\"INSERT [1]\"}\n{\"tag\":\"", tag,
                    "\",\"barrier\":2}\n");
  }
  EXPECT_EQ(Push(lines).exit_code, 0);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(PushTest, BadLinesAreNamedAndTheOthersSent) {
  StartDcp();
  const std::vector<std::string> bad = {"nonsense",
                                        "[1]",
                                        R"({"key":"k"})",
                                        R"({"id":"x"})",
                                        R"({"barrier":-1})",
                                        R"({"barrier":"7"})",
                                        R"({"barrier":1.5})",
                                        R"({"barrier":18446744073709551616})",
                                        R"({"barrier":1,"key":"k","content":"INSERT [1]"})",
                                        R"({"key":5,"content":"INSERT [1]"})",
                                        R"({"key":"k","content":["INSERT"]})",
                                        R"({"key":"k","contents":"INSERT [1]"})",
                                        R"({"tag":7,"barrier":1})",
                                        "{\"key\":\"k\",\"content\":\"\xff\"}",
                                        R"({"key":"k","content":"INSERT [1]")"};
  std::string lines = "{\"barrier\":1}\n";
  for (const std::string& line : bad) absl::StrAppend(&lines, line, "\n");
  lines += "{\"barrier\":2}\n";
  const ProgramResult result = Push(lines, {"--tag", "src"});
  EXPECT_EQ(result.exit_code, 1);
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("line ", i + 2, ": "))) << bad[i];
  }
  EXPECT_THAT(result.output,
              HasSubstr(absl::StrCat("sent 2, acknowledged 2, refused 0, bad lines ", bad.size())));
  EXPECT_EQ(Push("{\"barrier\":1}\n{\"barrier\":2}\n", {"--tag", "dst"}).exit_code, 0);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(PushTest, AnUnknownTagIsRefusedAndNamed) {
  StartDcp();
  const ProgramResult result = Push(
      "{\"tag\":\"nope\",\"id\":\"x\",\"barrier\":1}\n"
      "{\"tag\":\"src\",\"barrier\":1}\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(
      result.output,
      AllOf(HasSubstr("line 1: message \"x\" was refused with code 1: unknown tag \"nope\""),
            HasSubstr("sent 2, acknowledged 1, refused 1, bad lines 0")));
}

TEST_F(PushTest, WithoutAnyTagALineIsBad) {
  StartDcp();
  const ProgramResult result = Push("{\"barrier\":1}\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("line 1: no \"tag\", and none was given with --tag"));
}

TEST_F(PushTest, NothingToPushIsNoError) {
  StartDcp();
  EXPECT_EQ(Push("", {"--tag", "src"}).exit_code, 0);
  EXPECT_EQ(Push("\n\n  \n", {"--tag", "src"}).exit_code, 0);
}

TEST_F(PushTest, ADaemonThatIsNotThereIsOneClearLine) {
  const ProgramResult result = Push("{\"barrier\":1}\n", {"--tag", "src"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, AllOf(StartsWith("dcp: error: cannot connect to " + address_),
                                   HasSubstr("is the daemon running")));
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
}

TEST_F(PushTest, WrongUsageIs64) {
  const std::vector<std::vector<std::string>> wrong = {
      {DCP_PROGRAM, "push"},
      {DCP_PROGRAM, "push", "--target"},
      {DCP_PROGRAM, "push", "--target", address_, "--tags", "src"},
      {DCP_PROGRAM, "push", "--target", address_, "stray"},
      {DCP_PROGRAM, "push", "--target", "", "--tag", "src"},
      {DCP_PROGRAM, "push", "--target", "no-port", "--tag", "src"},
      {DCP_PROGRAM, "push", "--target", ":9090", "--tag", "src"},
      {DCP_PROGRAM, "push", "--target", "127.0.0.1:0", "--tag", "src"},
      {DCP_PROGRAM, "push", "--target", "127.0.0.1:9090x", "--tag", "src"},
      {DCP_PROGRAM, "push", "--target", "127.0.0.1:65536", "--tag", "src"}};
  for (const std::vector<std::string>& argv : wrong) {
    ASSERT_OK_AND_ASSIGN(const ProgramResult result, RunProgram(argv, "{\"barrier\":1}\n"));
    EXPECT_EQ(result.exit_code, kUsage) << ::testing::PrintToString(argv) << result.output;
    EXPECT_THAT(result.output, Not(IsEmpty()));
  }
}

TEST_F(PushTest, ADaemonThatStopsIsNamed) {
  StartDcp();
  const TestDir dir("dcp-push");
  ASSERT_OK_AND_ASSIGN(
      Process push,
      Process::Start({"/bin/sh", "-c",
                      absl::StrCat("{ echo '{\"barrier\":1}'; while [ ! -e ", dir / "stopped",
                                   " ]; do sleep 0.05; done; echo '{\"barrier\":2}'; } | ",
                                   DCP_PROGRAM, " push --tag src --target ", address_)},
                     dir / "output"));
  // The message has come when a second call cannot have its tag.
  Feed other(address_);
  int code = 0;
  for (int tries = 0; tries < 1000 && code != 6; ++tries) {
    Pause(absl::Milliseconds(10));
    code = Feed(address_).Send(Barrier("src", 1)).code();
  }
  ASSERT_EQ(code, 6);
  EXPECT_THAT(Said(), IsEmpty());
  WriteFile(dir / "stopped", "");
  for (int tries = 0; tries < 2000 && push.running(); ++tries) Pause(absl::Milliseconds(10));
  ASSERT_TRUE(push.wait_status().has_value());
  EXPECT_EQ(WEXITSTATUS(*push.wait_status()), 1);
  EXPECT_THAT(ReadFile(dir / "output"),
              HasSubstr("the connection to " + address_ + " was lost after 1 acknowledged"));
}

}  // namespace
}  // namespace dcp::test
