#include "cmd/dcp/read_binlog.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cmd/dcp/binlog.h"
#include "cmd/dcp/exit_code.h"
#include "model/tls_words.h"

namespace dcp::cmd {
namespace {

std::atomic<bool> stop_requested{false};

// Without SA_RESTART, so that a blocked read or write ends.
void HandleStopSignals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_requested = true; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

absl::StatusOr<model::TlsMode> ToTlsMode(const std::string& word) {
  if (word.empty()) return model::TlsMode::kDefault;
  if (const auto mode = model::TlsModeFromText(word)) return *mode;
  return absl::InvalidArgumentError(absl::StrCat("--tls: '", word, "' is no mode"));
}

absl::StatusOr<std::string> Password(const BinlogCommand& command) {
  if (command.password_file.empty()) {
    const char* password = std::getenv("MYSQL_PWD");
    return std::string(password == nullptr ? "" : password);
  }
  std::ifstream file(command.password_file);
  std::string line;
  if (!std::getline(file, line) && !file.eof()) {
    return absl::NotFoundError(
        absl::StrCat("--password-file: cannot read '", command.password_file, "'"));
  }
  return line;
}

absl::StatusOr<model::ConnectionOptions> Server(const BinlogCommand& command) {
  model::ConnectionOptions server;
  server.host = command.host.empty() ? "127.0.0.1" : command.host;
  server.port = command.port;
  server.socket = command.socket;
  server.user = command.user;
  DCP_ASSIGN_OR_RETURN(server.tls.mode, ToTlsMode(command.tls));
  server.tls.ca = command.tls_ca;
  server.tls.cert = command.tls_cert;
  server.tls.key = command.tls_key;
  DCP_ASSIGN_OR_RETURN(server.password, Password(command));
  return server;
}

absl::StatusOr<BinlogArgs> ToArgs(const BinlogCommand& command) {
  if (command.has_server && !command.files.empty()) {
    return absl::InvalidArgumentError("give a server or files, not both");
  }
  BinlogArgs args;
  args.files = command.files;
  if (command.files.empty()) {
    DCP_ASSIGN_OR_RETURN(args.server, Server(command));
  }
  if (!command.from_gtid.empty()) {
    DCP_ASSIGN_OR_RETURN(args.from_gtid, model::GtidSet::Parse(command.from_gtid));
  }
  if (!command.from_file.empty()) {
    args.from_position = model::BinlogPosition{command.from_file, command.from_pos};
  }
  args.until_now = command.until_now;
  args.tables = command.tables;
  if (command.format == "summary") args.format = BinlogArgs::Format::kSummary;
  if (command.format == "digest") args.format = BinlogArgs::Format::kDigest;
  return args;
}

}  // namespace

int ReadBinlog(const BinlogCommand& command) {
  const absl::StatusOr<BinlogArgs> args = ToArgs(command);
  if (!args.ok()) {
    std::cerr << "dcp: error: " << args.status().message() << "\n";
    return kExitUsage;
  }
  HandleStopSignals();
  const BinlogResult result = RunBinlog(*args, STDOUT_FILENO, std::cerr, stop_requested);
  if (result.status.ok()) return kExitOk;
  std::cerr << "dcp: error: " << result.status.message() << "\n";
  if (absl::IsInvalidArgument(result.status)) return kExitUsage;
  return args->server.has_value() && !result.started ? kExitConfig : kExitError;
}

}  // namespace dcp::cmd
