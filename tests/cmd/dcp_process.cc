#include "tests/cmd/dcp_process.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status.h"
#include "tests/alarm/json_schema.h"

namespace dcp::test {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);

// Calls `done` until it holds.
absl::Status WaitUntil(const std::function<bool()>& done, absl::Duration timeout,
                       const std::string& what) {
  const absl::Duration end = Clock::Real().Monotonic() + timeout;
  while (!done()) {
    if (Clock::Real().Monotonic() > end) {
      return absl::DeadlineExceededError(absl::StrCat("waited in vain for ", what));
    }
    Pause(kPoll);
  }
  return absl::OkStatus();
}

absl::StatusOr<Process> StartDcp(const std::vector<std::string>& args, const std::string& output,
                                 const std::vector<std::string>& environment = {}) {
  std::vector<std::string> argv = {"/usr/bin/env", "DCP_TEST_PASSWORD=dcp"};
  argv.insert(argv.end(), environment.begin(), environment.end());
  argv.emplace_back(DCP_PROGRAM);
  argv.insert(argv.end(), args.begin(), args.end());
  return Process::Start(argv, output);
}

}  // namespace

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Alarm ParseAlarm(const std::string& line) {
  EXPECT_EQ(alarm::WrongByManual(line), "") << line;
  return Alarm::parse(line);
}

namespace {

absl::StatusOr<ProgramResult> RunToItsEnd(Process process, const std::string& output,
                                          absl::Duration timeout) {
  DCP_RETURN_IF_ERROR(WaitUntil([&] { return !process.running(); }, timeout, "the end of dcp"));
  const int status = process.wait_status().value_or(-1);
  return ProgramResult{WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadFile(output)};
}

}  // namespace

absl::StatusOr<ProgramResult> RunDcp(const std::vector<std::string>& args, absl::Duration timeout) {
  TestDir dir("dcp-program");
  DCP_ASSIGN_OR_RETURN(Process process, StartDcp(args, dir / "output"));
  return RunToItsEnd(std::move(process), dir / "output", timeout);
}

absl::StatusOr<ProgramResult> RunInShell(const std::string& line, absl::Duration timeout) {
  TestDir dir("dcp-shell");
  const std::string folder = std::filesystem::path(DCP_PROGRAM).parent_path();
  DCP_ASSIGN_OR_RETURN(
      Process process,
      Process::Start({"/bin/sh", "-c",
                      absl::StrCat("PATH=", folder,
                                   ":$PATH; export MYSQL_PWD=dcp DCP_TEST_PASSWORD=dcp; ", line)},
                     dir / "output"));
  return RunToItsEnd(std::move(process), dir / "output", timeout);
}

std::string FreeAddress() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
  ::close(fd);
  EXPECT_TRUE(bound);
  return absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
}

absl::StatusOr<std::unique_ptr<DcpProcess>> DcpProcess::Start(
    const std::string& config, const std::vector<std::string>& environment) {
  std::unique_ptr<DcpProcess> dcp = Prepare(config);
  dcp->environment_ = environment;
  DCP_RETURN_IF_ERROR(dcp->Launch());
  return dcp;
}

std::unique_ptr<DcpProcess> DcpProcess::Prepare(const std::string& config,
                                                const std::string& state) {
  std::unique_ptr<DcpProcess> dcp(new DcpProcess);
  const TestDir& dir = dcp->dir_;
  WriteFile(dir / "dcp.toml",
            absl::StrCat(config, "\n[[alarm]]\ntype = \"file\"\npath = \"", dir / "alarms.jsonl",
                         "\"\ntypes = [\"same\", \"diff\", \"unverified\", \"timeout\", "
                         "\"resolved\"]\n[[alarm]]\ntype = \"log\"\n[state]\ndir = \"",
                         dir / "state", "\"\n", state));
  return dcp;
}

absl::Status DcpProcess::Spawn(const std::vector<std::string>& environment) {
  DCP_ASSIGN_OR_RETURN(Process process, StartDcp({"run", "--config", dir_ / "dcp.toml"},
                                                 dir_ / "dcp.log", environment));
  process_ = std::move(process);
  return absl::OkStatus();
}

absl::Status DcpProcess::Launch() {
  const size_t log_before = log().size();
  DCP_RETURN_IF_ERROR(Spawn(environment_));
  return AwaitReady(log_before);
}

absl::Status DcpProcess::RunToFaultPoint(const std::string& point, absl::Duration timeout) {
  const size_t log_before = log().size();
  std::vector<std::string> environment = environment_;
  environment.push_back(absl::StrCat("DCP_FAULT_POINT=", point));
  DCP_RETURN_IF_ERROR(Spawn(environment));
  const absl::Status ended = WaitUntil([&] { return !process_->running(); }, timeout, point);
  if (!ended.ok()) {
    process_->Kill();
    return absl::DeadlineExceededError(
        absl::StrCat(ended.message(), "; it said: ", log().substr(log_before)));
  }
  const int status = process_->wait_status().value_or(0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(point, ": dcp ended with status ", status,
                                                    "; it said: ", log().substr(log_before)));
}

absl::Status DcpProcess::AwaitReady(size_t log_before) {
  const auto ready = [&] { return absl::StrContains(log().substr(log_before), "ready"); };
  DCP_RETURN_IF_ERROR(WaitUntil([&] { return ready() || !process_->running(); }, absl::Seconds(60),
                                absl::StrCat("dcp to be ready; it said: ", log())));
  if (process_->running()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("dcp ended; it said: ", log()));
}

// A line that a full disk or a kill has torn is no alarm.
DcpProcess::~DcpProcess() {
  std::istringstream lines(ReadFile(dir_ / "alarms.jsonl"));
  size_t number = 0;
  for (std::string line; std::getline(lines, line) && !lines.eof(); ++number) {
    if (number >= validated_ && Alarm::accept(line)) ParseAlarm(line);
  }
}

std::vector<Alarm> DcpProcess::alarms() const {
  std::vector<Alarm> alarms;
  std::istringstream lines(ReadFile(dir_ / "alarms.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    if (lines.eof()) break;  // not ended yet
    const bool is_new = alarms.size() >= validated_;
    alarms.push_back(is_new ? ParseAlarm(line) : Alarm::parse(line));
  }
  validated_ = std::max(validated_, alarms.size());
  return alarms;
}

absl::StatusOr<Alarm> DcpProcess::Await(const Predicate& wanted, size_t from,
                                        absl::Duration timeout) {
  std::optional<Alarm> found;
  const auto look = [&] {
    const std::vector<Alarm> all = alarms();
    for (size_t i = from; i < all.size() && !found; ++i) {
      if (wanted(all[i])) found = all[i];
    }
    return found.has_value() || !process_->running();
  };
  const absl::Status status = WaitUntil(look, timeout, "an alarm");
  if (found) return *found;
  std::string came;
  for (const Alarm& alarm : alarms()) {
    if (alarm["type"] != "same") absl::StrAppend(&came, alarm.dump(), "\n");
  }
  return absl::DeadlineExceededError(
      absl::StrCat(status.message(), "; these came:\n", came, "log:\n", log()));
}

absl::Status DcpProcess::AwaitJudged(MysqlServer& source, const std::string& check,
                                     absl::Duration timeout, uint32_t barrier_id) {
  DCP_ASSIGN_OR_RETURN(
      const std::string text,
      source.QueryValue(absl::StrCat("SELECT `offset` FROM drc.barrier WHERE id = ", barrier_id)));
  const uint64_t offset = std::stoull(text) + 1;  // the next one follows all that is committed
  const auto judged = [&](const Alarm& alarm) {
    const std::string type = alarm["type"];
    return alarm["check"] == check && (type == "same" || type == "diff" || type == "unverified") &&
           alarm["to"].get<uint64_t>() >= offset;
  };
  return Await(judged, 0, timeout).status();
}

absl::StatusOr<int> DcpProcess::Stop() {
  DCP_RETURN_IF_ERROR(process_->Terminate(absl::Seconds(20)));
  const int status = process_->wait_status().value_or(-1);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

absl::Status DcpProcess::Restart() {
  DCP_ASSIGN_OR_RETURN(const int status, Stop());
  if (status == 0) return Launch();
  return absl::FailedPreconditionError(
      absl::StrCat("dcp ended with status ", status, "; it said: ", log()));
}

absl::Status DcpProcess::KillAndRestart() {
  process_->Kill();
  return Launch();
}

DcpProcess::Predicate OfType(const std::string& type) {
  return [type](const Alarm& alarm) { return alarm["type"] == type; };
}

DcpProcess::Predicate DiffOf(const std::string& kind, const std::string& table,
                             const std::string& key_json) {
  return [=](const Alarm& alarm) {
    if (alarm["type"] != "diff") return false;
    for (const auto& diff : alarm["diffs"]) {
      if (diff["kind"] == kind && diff["table"] == table && diff["key"].dump() == key_json) {
        return true;
      }
    }
    return false;
  };
}

}  // namespace dcp::test
