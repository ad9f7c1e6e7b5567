#include "tests/servers/mysql_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/status.h"

namespace dcp::test {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kStartLimit = absl::Seconds(120);
constexpr absl::Duration kStopLimit = absl::Seconds(60);
constexpr int kPortAttempts = 5;

// DCP_TEST_SERVERS_DIR: this folder of the source tree.
std::string SourceFile(const std::string& name) {
  return absl::StrCat(DCP_TEST_SERVERS_DIR, "/", name);
}

struct Programs {
  std::string dir;
  std::string data;  // to copy
};

// Runs tests/servers/fetch; its progress and its reasons go to our standard error.
absl::StatusOr<Programs> Fetch(const FlavourWords& words) {
  const std::string command = absl::StrCat("'", SourceFile("fetch"), "' ", words.fetch);
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return absl::ErrnoToStatus(errno, command);
  std::string output;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output.push_back(static_cast<char>(c));
  const int status = pclose(pipe);
  const std::vector<std::string> lines = absl::StrSplit(output, '\n');
  if (status != 0 || lines.size() != 3) {
    return absl::UnavailableError(absl::StrCat("no ", words.name, " server to test with: ", command,
                                               " failed; its reason is above"));
  }
  return Programs{lines[0], lines[1]};
}

absl::StatusOr<std::string> MakeDirectory(const std::string& name) {
  const char* tmp = getenv("TMPDIR");
  std::string dir =
      absl::StrCat(tmp != nullptr && *tmp != '\0' ? tmp : "/tmp", "/dcp-test-", name, "-XXXXXX");
  if (dir.size() + 13 > sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the path of a socket in ", dir, " would be too long; set TMPDIR to a shorter one"));
  }
  if (mkdtemp(dir.data()) == nullptr) return absl::ErrnoToStatus(errno, "mkdtemp " + dir);
  return dir;
}

// A port that nobody listens on now.
absl::StatusOr<uint16_t> FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool ok = fd >= 0 && bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!ok) return absl::ErrnoToStatus(error, "no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string Tail(const std::string& text, size_t bytes) {
  return text.size() > bytes ? text.substr(text.size() - bytes) : text;
}

std::string DescribeEnd(int wait_status) {
  if (WIFEXITED(wait_status)) return absl::StrCat("exit status ", WEXITSTATUS(wait_status));
  return absl::StrCat("signal ", WTERMSIG(wait_status));
}

// The running test, or any when the server outlives them.
bool TestFailed() {
  const auto* const all = ::testing::UnitTest::GetInstance();
  const auto* const running = all->current_test_info();
  return running != nullptr ? running->result()->Failed() : all->Failed();
}

}  // namespace

absl::StatusOr<std::unique_ptr<MysqlServer>> MysqlServer::Start(MysqlOptions options) {
  const FlavourWords& words = WordsOf(options.flavour);
  if (options.gtid_domain_id != 0 && words.gtid_domain == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(words.name, " has no GTID domains"));
  }
  DCP_ASSIGN_OR_RETURN(const Programs programs, Fetch(words));
  DCP_ASSIGN_OR_RETURN(const std::string dir, MakeDirectory(options.name));
  std::unique_ptr<MysqlServer> server(new MysqlServer(std::move(options), programs.dir, dir));
  std::error_code error;
  fs::copy(programs.data, server->data_dir(), fs::copy_options::recursive, error);
  if (!error) fs::create_directory(server->binlog_dir(), error);
  if (!error) fs::create_directory(server->temporary_dir(), error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("copy ", programs.data, " to ", dir, ": ", error.message()));
  }
  DCP_RETURN_IF_ERROR(server->StartOnFreePort());
  return server;
}

MysqlServer::~MysqlServer() {
  Kill();
  ForgetSession();
  std::error_code ignored;
  if (TestFailed()) {
    fs::remove_all(data_dir(), ignored);
    std::cerr << "log and binlogs of " << options_.name << " are kept in " << dir_ << std::endl;
  } else {
    fs::remove_all(dir_, ignored);
  }
}

// Another program may take the port between our look and the server's; then another port.
absl::Status MysqlServer::StartOnFreePort() {
  absl::Status status;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    DCP_ASSIGN_OR_RETURN(port_, FreePort());
    status = Launch({});
    if (status.ok() || !absl::StrContains(ReadFile(log_path()), "Bind on TCP/IP port")) break;
  }
  return status;
}

std::vector<std::string> MysqlServer::Arguments(const std::vector<std::string>& extra_args) const {
  std::vector<std::string> args = {
      programs_ + "/bin/mysqld",
      "--defaults-file=" + SourceFile(absl::StrCat(words().fetch, ".cnf")),
      "--datadir=" + data_dir(),
      "--socket=" + socket(),
      "--pid-file=" + dir_ + "/mysqld.pid",
      // Its own: a server that starts removes what looks like a temporary table of another.
      "--tmpdir=" + temporary_dir(),
      "--log-bin=" + binlog_dir() + "/binlog",
      "--relay-log=" + data_dir() + "/relay",
      absl::StrCat("--port=", port_),
      absl::StrCat("--report-port=", port_),
      absl::StrCat("--server-id=", options_.server_id),
  };
  const auto append = [&args](const std::vector<std::string>& more) {
    args.insert(args.end(), more.begin(), more.end());
  };
  append(options_.gtid ? words().gtid_on : words().gtid_off);
  if (options_.gtid_domain_id != 0) {
    append({absl::Substitute(words().gtid_domain, options_.gtid_domain_id)});
  }
  append(options_.extra_args);
  append(extra_args);
  return args;
}

absl::Status MysqlServer::Launch(const std::vector<std::string>& extra_args) {
  DCP_ASSIGN_OR_RETURN(process_, Process::Start(Arguments(extra_args), log_path()));
  return AwaitReady();
}

absl::Status MysqlServer::AwaitReady() {
  const absl::Duration start = Clock::Real().Monotonic();
  absl::Status status;
  while (process_->running()) {
    status = CheckReady();
    if (status.ok()) return status;
    if (Clock::Real().Monotonic() - start > kStartLimit) return StartError(status.ToString());
    Pause(absl::Milliseconds(20));
  }
  return StartError(DescribeEnd(process_->wait_status().value_or(0)));
}

absl::Status MysqlServer::CheckReady() const {
  DCP_ASSIGN_OR_RETURN(const auto session, Connect());
  return session->Execute("SELECT 1");
}

absl::Status MysqlServer::StartError(const std::string& what) const {
  return absl::UnavailableError(absl::StrCat(words().name, " server ", options_.name,
                                             " does not start: ", what, "; the end of ", log_path(),
                                             ":\n", Tail(ReadFile(log_path()), 2000)));
}

absl::StatusOr<std::unique_ptr<Session>> MysqlServer::Connect() const {
  return Session::Open(socket(), "root", "");
}

absl::StatusOr<Session*> MysqlServer::SharedSession() {
  if (session_ == nullptr) {
    DCP_ASSIGN_OR_RETURN(session_, Connect());
  }
  return session_.get();
}

void MysqlServer::ForgetSession() {
  MutexLock lock(mu_);
  session_.reset();
}

absl::Status MysqlServer::Execute(const std::string& sql) { return Query(sql).status(); }

absl::StatusOr<Rows> MysqlServer::Query(const std::string& sql) {
  DCP_ASSIGN_OR_RETURN(Table table, QueryTable(sql));
  return std::move(table.rows);
}

absl::StatusOr<Table> MysqlServer::QueryTable(const std::string& sql) {
  MutexLock lock(mu_);
  DCP_ASSIGN_OR_RETURN(Session* const session, SharedSession());
  absl::StatusOr<Table> table = session->QueryTable(sql);
  if (absl::IsUnavailable(table.status())) session_.reset();
  return table;
}

absl::StatusOr<std::string> MysqlServer::QueryValue(const std::string& sql) {
  DCP_ASSIGN_OR_RETURN(const Rows rows, Query(sql));
  absl::StatusOr<std::string> value = FirstValue(rows);
  return value.ok() ? value : Annotate(value.status(), sql);
}

absl::Status MysqlServer::Restart(const std::vector<std::string>& extra_args) {
  DCP_RETURN_IF_ERROR(Stop());
  return Launch(extra_args);
}

absl::Status MysqlServer::Stop() {
  if (!process_.has_value() || !process_->running()) return absl::OkStatus();
  DCP_RETURN_IF_ERROR(EndBinlogDumps());
  ForgetSession();
  return Annotate(process_->Terminate(kStopLimit), options_.name);
}

// A server that ends waits up to ten seconds for those who read its binlog.
absl::Status MysqlServer::EndBinlogDumps() {
  DCP_ASSIGN_OR_RETURN(const Rows dumps, Query(words().binlog_dumps));
  for (const Row& row : dumps) {
    absl::Status status = Execute("KILL " + row[0].value_or(""));
    if (!status.ok() && !absl::StrContains(status.message(), "(1094)")) return status;  // gone
  }
  return absl::OkStatus();
}

void MysqlServer::Kill() {
  ForgetSession();
  if (process_.has_value()) process_->Kill();
}

}  // namespace dcp::test
