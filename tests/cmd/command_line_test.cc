#include "cmd/dcp/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cmd/dcp/exit_code.h"

namespace dcp::cmd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What a wrong command line is answered with.
std::string ErrorOf(std::vector<std::string> args) {
  args.insert(args.begin(), "dcp");
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  ::testing::internal::CaptureStderr();
  const ParsedCommandLine parsed = ParseCommandLine(static_cast<int>(argv.size()), argv.data());
  const std::string error = ::testing::internal::GetCapturedStderr();
  EXPECT_FALSE(parsed.command.has_value());
  EXPECT_EQ(parsed.exit_code, kExitUsage);
  return error;
}

TEST(CommandLineTest, AMisspeltOptionIsToldTheNearestOne) {
  EXPECT_THAT(ErrorOf({"run", "--confg", "dcp.toml"}),
              HasSubstr("unknown option '--confg'; did you mean '--config'? (dcp run --help)"));
  EXPECT_THAT(ErrorOf({"check-config", "--config", "f", "--send-test-alrm"}),
              HasSubstr("did you mean '--send-test-alarm'?"));
  EXPECT_THAT(ErrorOf({"binlog", "--form-gtid=a:1"}),
              AllOf(HasSubstr("unknown option '--form-gtid'; did you mean '--from-gtid'?"),
                    Not(HasSubstr("a:1"))));
}

TEST(CommandLineTest, WhatIsNearNothingIsOnlyNamed) {
  EXPECT_THAT(ErrorOf({"run", "--config", "f", "--quickly"}),
              AllOf(HasSubstr("unknown option '--quickly' (dcp run --help)"),
                    Not(HasSubstr("did you mean"))));
}

TEST(CommandLineTest, OptionsThatAreKnownKeepTheirOwnErrors) {
  EXPECT_THAT(ErrorOf({"run"}), HasSubstr("--config is required"));
  EXPECT_THAT(ErrorOf({"run", "--config"}), HasSubstr("--config"));
  EXPECT_THAT(ErrorOf({"run", "--config", "f", "--", "--confg"}), Not(HasSubstr("did you mean")));
}

TEST(CommandLineTest, AMisspeltCommandIsToldTheNearestOne) {
  EXPECT_THAT(ErrorOf({"verfy"}), HasSubstr("unknown command 'verfy'; did you mean 'verify'?"));
  EXPECT_THAT(ErrorOf({}), HasSubstr("no command; there are run"));
}

TEST(CommandLineTest, VerifyTakesAJobOrARowOfACheck) {
  EXPECT_THAT(ErrorOf({"verify", "--config", "f"}), HasSubstr("--job, or --check with --key"));
  EXPECT_THAT(ErrorOf({"verify", "--config", "f", "--check", "c"}), HasSubstr("--key"));
  EXPECT_THAT(ErrorOf({"verify", "--config", "f", "--job", "j", "--check", "c", "--key", "k"}),
              HasSubstr("--job"));
  EXPECT_THAT(ErrorOf({"verify", "--config", "f", "--job", "j", "--key", "k"}),
              HasSubstr("--check"));
  EXPECT_THAT(
      ErrorOf({"verify", "--config", "f", "--check", "c", "--key", "k", "--where", "id = 1"}),
      HasSubstr("--job"));
}

TEST(CommandLineTest, APasswordIsNotRepeated) {
  EXPECT_THAT(ErrorOf({"binlog", "--password=secret"}),
              AllOf(HasSubstr("--password-file"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace dcp::cmd
