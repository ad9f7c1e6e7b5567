// A running daemon that is asked: status, diffs, watch and wait over --server, between real
// servers.
#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ControlTest : public CheckedPair {
 protected:
  void StartServed() {
    Settings settings;
    settings.check = absl::StrCat("[control]\nlisten = \"", address_, "\"\n");
    Start(settings);
  }

  ProgramResult Ask(std::vector<std::string> args) {
    args.insert(args.end(), {"--server", address_});
    const auto result = RunDcp(args, absl::Seconds(120));
    EXPECT_OK(result);
    return result.value_or(ProgramResult());
  }
  std::vector<Alarm> Lines(const ProgramResult& result) {
    std::vector<Alarm> lines;
    for (absl::string_view line : absl::StrSplit(result.output, '\n', absl::SkipEmpty())) {
      lines.push_back(Alarm::parse(line.begin(), line.end()));
    }
    return lines;
  }
  // Waits while barriers are written, as they are all the time in life.
  ProgramResult Wait(std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"wait", "--check", "pair", "--timeout", "90s"};
    args.insert(args.end(), more.begin(), more.end());
    ProgramResult result;
    std::atomic<bool> ended{false};
    std::thread waiter([&] {
      result = Ask(args);
      ended = true;
    });
    while (!ended) Judge();
    waiter.join();
    return result;
  }

  const std::string address_ = FreeAddress();
  const TestDir own_dir_{"dcp-control"};
};

TEST_F(ControlTest, WaitingEndsWhenEqualityIsProvenAndNotWhileItIsNot) {
  StartServed();
  const Committed written = OnSource("UPDATE shop.orders SET n = 70 WHERE id = 1");
  const ProgramResult equal = Wait({"--json"});
  EXPECT_EQ(equal.exit_code, 0) << equal.output;
  const std::vector<Alarm> lines = Lines(equal);
  ASSERT_THAT(lines, SizeIs(1)) << equal.output;
  EXPECT_EQ(lines[0]["standing"], "equal");
  EXPECT_GE(lines[0]["goal"], kFirst + 2);
  EXPECT_GE(lines[0]["verified_barrier"], lines[0]["goal"]);
  EXPECT_EQ(Wait({"--gtid", written.gtid}).exit_code, 0);

  // No barrier comes: nothing is proven of what stands behind the last one.
  const ProgramResult late = Ask({"wait", "--check", "pair", "--timeout", "1s"});
  EXPECT_EQ(late.exit_code, 4) << late.output;
  EXPECT_THAT(late.output, HasSubstr("late: verdicts go up to barrier"));
  // A transaction that the source has not.
  const std::string future = absl::StrCat(written.gtid, "999999");
  const ProgramResult never = Ask({"wait", "--check", "pair", "--timeout", "1s", "--gtid", future});
  EXPECT_EQ(never.exit_code, 4) << never.output;
  EXPECT_THAT(never.output, HasSubstr("has not committed"));

  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  const ProgramResult different = Wait();
  EXPECT_EQ(different.exit_code, 2) << different.output;
  EXPECT_THAT(different.output, HasSubstr("different: 1 open finding"));
  // What is known or ignored is not equal.
  EXPECT_EQ(Ask({"diffs", "ack", "shop.orders[42]"}).exit_code, 0);
  EXPECT_EQ(Wait().exit_code, 2);
  OnReplica("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  EXPECT_EQ(Wait().exit_code, 0);
}

TEST_F(ControlTest, FindingsOfARunningDaemonAreThoseOfItsDirectory) {
  StartServed();
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Skipped("INSERT INTO shop.orders VALUES (43, 'y', 8)");
  Judge();
  const auto local = [&](std::vector<std::string> args) {
    args.insert(args.end(), {"--dir", dcp().dir() / "state"});
    const auto result = RunDcp(args);
    EXPECT_OK(result);
    return result.value_or(ProgramResult()).output;
  };
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"diffs", "list"},
                                             {"diffs", "list", "--json", "--all"},
                                             {"diffs", "show", "shop.orders[42]"},
                                             {"diffs", "show", "1", "--json"},
                                             {"diffs", "export", "--table", "shop.*"},
                                             {"diffs", "list", "--status", "ignored"},
                                             {"diffs", "ignore", "--list"}}) {
    const ProgramResult asked = Ask(args);
    EXPECT_EQ(asked.exit_code, 0) << asked.output;
    EXPECT_EQ(asked.output, local(args)) << args[1];
    EXPECT_THAT(asked.output, Not(IsEmpty()));
  }
  EXPECT_THAT(Ask({"diffs", "ack", "1", "--note", "six"}).output, HasSubstr("#1 is acknowledged"));
  EXPECT_THAT(Ask({"diffs", "list", "--status", "acknowledged"}).output, HasSubstr("six"));
  EXPECT_EQ(Ask({"diffs", "ack", "1", "--undo"}).exit_code, 0);
  EXPECT_THAT(Ask({"diffs", "ignore", "2", "--for", "12h"}).output,
              HasSubstr("#2 is ignored until"));
  EXPECT_THAT(Ask({"diffs", "ignore", "--table", "shop.x"}).output, HasSubstr("rule 2:"));
  EXPECT_THAT(local({"diffs", "list"}), HasSubstr("#2 ignored"));
  EXPECT_EQ(Ask({"diffs", "ignore", "--remove", "2"}).exit_code, 0);
  EXPECT_EQ(Ask({"diffs", "ignore", "--remove", "2"}).exit_code, 1);
  EXPECT_EQ(Ask({"diffs", "show", "17"}).exit_code, 1);
}

TEST_F(ControlTest, WatchingGoesOnByItsCursorOverARestart) {
  StartServed();
  const std::string cursor = own_dir_ / "cursor";
  const auto watch = [&](const std::string& count) {
    return Ask({"watch", "--json", "--oldest", "--types", "diff,resolved", "--check", "pair",
                "--cursor-file", cursor, "--count", count});
  };
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  const ProgramResult first = watch("1");
  ASSERT_EQ(first.exit_code, 0) << first.output;
  ASSERT_THAT(Lines(first), SizeIs(1));
  EXPECT_EQ(ParseAlarm(first.output)["diffs"][0]["key"].dump(), "[42]");
  EXPECT_THAT(ReadFile(cursor), HasSubstr("-"));

  Skipped("INSERT INTO shop.orders VALUES (43, 'x', 7)");
  Judge();
  Restart();
  OnReplica("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Judge();
  Judge();
  const ProgramResult second = watch("3");
  ASSERT_EQ(second.exit_code, 0) << second.output;
  const std::vector<Alarm> lines = Lines(second);
  ASSERT_THAT(lines, SizeIs(3)) << second.output;
  EXPECT_EQ(lines[0]["diffs"][0]["key"].dump(), "[43]");
  EXPECT_EQ(lines[1]["known"], 1);
  EXPECT_EQ(lines[2]["type"], "resolved");
  // For people: a line each, without colours where nobody looks.
  const ProgramResult text = Ask({"watch", "--oldest", "--count", "3"});
  EXPECT_THAT(text.output, HasSubstr("shop.orders[42]"));
  EXPECT_THAT(text.output, Not(HasSubstr("\033")));
  EXPECT_EQ(Ask({"watch", "--after", "7-of-another"}).exit_code, 64);
}

TEST_F(ControlTest, StatusIsThatOfTheDaemonAndNobodyIsSaid) {
  StartServed();
  const ProgramResult json = Ask({"status", "--json"});
  ASSERT_EQ(json.exit_code, 0) << json.output;
  EXPECT_EQ(Alarm::parse(json.output)["checks"][0]["check"], "pair");
  const ProgramResult text = Ask({"status"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.output, HasSubstr("check pair  src -> dst"));
  EXPECT_THAT(text.output, Not(HasSubstr("\033")));
  EXPECT_EQ(Ask({"wait", "--check", "none", "--timeout", "1s"}).exit_code, 1);
  EXPECT_EQ(Ask({"wait", "--check", "pair", "--timeout", "soon"}).exit_code, 64);

  const std::string nobody = FreeAddress();
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"status"}, {"watch"}, {"diffs", "list"}, {"wait", "--check", "pair"}}) {
    std::vector<std::string> at = args;
    at.insert(at.end(), {"--server", nobody});
    const auto result = RunDcp(at);
    ASSERT_OK(result);
    EXPECT_EQ(result->exit_code, 78) << result->output;
    EXPECT_THAT(result->output, HasSubstr("cannot be reached"));
  }
  const auto token = RunDcp({"status", "--server", nobody, "--token-file", "/nonexistent"});
  ASSERT_OK(token);
  EXPECT_EQ(token->exit_code, 78);
  EXPECT_THAT(token->output, HasSubstr("'/nonexistent' cannot be read"));
}

}  // namespace
}  // namespace dcp::test
