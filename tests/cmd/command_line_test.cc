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

template <typename T>
T Parsed(std::vector<std::string> args) {
  args.insert(args.begin(), "dcp");
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  const ParsedCommandLine parsed = ParseCommandLine(static_cast<int>(argv.size()), argv.data());
  const T* const command = parsed.command ? std::get_if<T>(&*parsed.command) : nullptr;
  EXPECT_NE(command, nullptr);
  return command == nullptr ? T() : *command;
}

TEST(CommandLineTest, WhatAsksADaemonKnowsWhere) {
  EXPECT_EQ(Parsed<StatusCommand>({"status"}).server.target, "127.0.0.1:9091");
  const auto wait = Parsed<WaitCommand>({"wait", "--check", "a", "--check", "b", "--barrier", "7",
                                         "--server", "h:1", "--tls-ca", "f"});
  EXPECT_EQ(wait.server.target, "h:1");
  EXPECT_EQ(wait.server.ca, "f");
  EXPECT_EQ(wait.checks, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(wait.barrier, 7u);
  EXPECT_EQ(Parsed<WatchCommand>({"watch", "--types", "diff,same"}).types,
            (std::vector<std::string>{"diff", "same"}));
  // Of these the state directory is asked otherwise.
  EXPECT_EQ(Parsed<DiffsCommand>({"diffs", "list"}).server.target, "");
  EXPECT_EQ(Parsed<DiffsCommand>({"diffs", "list", "--server", "h:1"}).server.target, "h:1");
  EXPECT_THAT(ErrorOf({"status", "--server", "nowhere"}), HasSubstr("is not HOST:PORT"));
  EXPECT_THAT(ErrorOf({"wait"}), HasSubstr("--check is required"));
  EXPECT_THAT(ErrorOf({"wait", "--check", "a", "--gtid", "g", "--barrier", "1"}),
              HasSubstr("excludes"));
  EXPECT_THAT(ErrorOf({"diffs", "list", "--server", "h:1", "--dir", "d"}), HasSubstr("excludes"));
  EXPECT_THAT(ErrorOf({"watch", "--types", "diffs"}), HasSubstr("diffs"));
}

TEST(CommandLineTest, OptionsReachTheirCommands) {
  const auto binlog = Parsed<BinlogCommand>({"binlog", "--socket", "s", "--tls", "verify-ca",
                                             "--tls-ca", "ca", "--tls-cert", "cert", "--tls-key",
                                             "key", "--table", "a.b", "--table", "c.*"});
  EXPECT_TRUE(binlog.has_server);
  EXPECT_EQ(binlog.socket, "s");
  EXPECT_EQ(binlog.tls, "verify-ca");
  EXPECT_EQ(binlog.tls_ca, "ca");
  EXPECT_EQ(binlog.tls_cert, "cert");
  EXPECT_EQ(binlog.tls_key, "key");
  EXPECT_EQ(binlog.tables, (std::vector<std::string>{"a.b", "c.*"}));
  const auto ignore = Parsed<DiffsCommand>(
      {"diffs", "ignore", "--table", "shop.*", "--column", "updated_at", "--for", "1h"});
  EXPECT_EQ(ignore.verb, DiffsCommand::Verb::kIgnore);
  EXPECT_EQ(ignore.table, "shop.*");
  EXPECT_EQ(ignore.column, "updated_at");
  EXPECT_EQ(ignore.for_time, "1h");
  EXPECT_TRUE(ignore.names.empty());
  const auto repair = Parsed<RepairCommand>({"repair", "--config", "f", "--job", "j", "--execute",
                                             "--rate", "2.5", "--no-binlog", "--undo", "u"});
  EXPECT_EQ(repair.rate, 2.5);
  EXPECT_TRUE(repair.execute && repair.no_binlog && !repair.dry_run);
  EXPECT_EQ(repair.undo, "u");
  EXPECT_THAT(ErrorOf({"repair", "--config", "f", "--job", "j", "--rate", "0"}),
              HasSubstr("--rate"));
  EXPECT_EQ(Parsed<GenerateCommand>({"generate", "zsh"}).what, "zsh");
  EXPECT_THAT(ErrorOf({"generate", "fish"}), HasSubstr("fish"));
}

TEST(CommandLineTest, APasswordIsNotRepeated) {
  EXPECT_THAT(ErrorOf({"binlog", "--password=secret"}),
              AllOf(HasSubstr("--password-file"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace dcp::cmd
