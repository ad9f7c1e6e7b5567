// The command line, parsed: one struct per subcommand. CLI11 stays behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cmd/dcp/channel.h"
#include "cmd/dcp/command_tree.h"

namespace dcp::cmd {

struct RunCommand {
  std::string config;
  bool until_end = false;  // of the files
};

struct CheckConfigCommand {
  std::string config;
  bool send_test_alarm = false;
  bool json = false;
};

struct PushCommand {
  ChannelOptions channel;
  std::string tag, session;
};

// As given; cmd/dcp/binlog.h has them checked.
struct BinlogCommand {
  std::string host, socket, user = "root", tls, tls_ca, tls_cert, tls_key, password_file;
  uint16_t port = 3306;
  bool has_server = false;  // any of the above was given
  std::string from_gtid, from_file;
  uint64_t from_pos = 4;
  bool until_now = false;
  std::vector<std::string> tables;
  std::string format = "jsonl";
  std::vector<std::string> files;
};

struct VerifyCommand {
  std::string config;
  std::string job;                 // or:
  std::string check, target, key;  // one row of a check
  std::string where;
  bool json = false;
  bool explain = false;
  bool schema_only = false;
  std::string checkpoint;  // empty: none
};

inline constexpr char kControlPlace[] = "127.0.0.1:9091";

struct StatusCommand {
  ChannelOptions server = {kControlPlace};
  bool json = false;
};

struct WatchCommand {
  ChannelOptions server = {kControlPlace};
  bool json = false;
  bool oldest = false;
  std::string cursor, cursor_file;
  std::vector<std::string> types, checks;
  uint64_t count = 0;  // ends after so many; 0: does not end
};

struct WaitCommand {
  ChannelOptions server = {kControlPlace};
  bool json = false;
  std::vector<std::string> checks;
  std::string gtid;
  std::optional<uint64_t> barrier;
  std::string timeout;  // empty: none
};

struct DiffsCommand {
  enum class Verb { kList, kShow, kAck, kIgnore, kExport };
  Verb verb = Verb::kList;
  std::string config;              // its [state] dir counts
  std::string dir = "dcp-state";   // without a config
  ChannelOptions server;           // of it is asked in their place, where it is not empty
  std::vector<std::string> names;  // of findings: number, key or alarm id
  std::string check, target, table, column;
  std::vector<std::string> states;  // words
  bool all = false;                 // states
  bool json = false;
  bool undo = false;        // ack
  bool list_rules = false;  // ignore
  int64_t remove_rule = 0;  // ignore; 0: none
  std::string note, for_time, until;
};

struct RepairCommand {
  std::string config;
  std::string job;
  std::string report;  // of `dcp verify --json`; "-": standard input; empty: verify first
  bool dry_run = false;
  bool execute = false;
  std::string undo;  // empty: a name made of the job's and the time
  double rate = 100;
  bool no_binlog = false;
  bool json = false;
};

struct GenerateCommand {
  std::string what;  // "bash", "zsh", "man"
};

using Command = std::variant<RunCommand, CheckConfigCommand, PushCommand, BinlogCommand,
                             VerifyCommand, RepairCommand, DiffsCommand, StatusCommand,
                             WatchCommand, WaitCommand, GenerateCommand>;

struct ParsedCommandLine {
  std::optional<Command> command;
  int exit_code = 0;  // where there is no command: after --help, or wrong usage
};

// Prints help to standard output, and what is wrong to standard error.
ParsedCommandLine ParseCommandLine(int argc, char** argv);

// All that it takes.
CommandNode DescribeCommandLine();

}  // namespace dcp::cmd
